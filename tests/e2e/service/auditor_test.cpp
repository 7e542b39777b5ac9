// What auditors get over HTTP: tree heads and the exported audit trail.
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

TEST(TreeHead, IsForWhoeverMayReadTheLogAndCoversWhatWasAppended) {
    EXPECT_EQ(api().get(kTreeHead).problem(), "invalid-token");
    EXPECT_EQ(api().as(visitor(api()).tokens.access).get(kTreeHead).problem(), "forbidden");
    ApiClient client = administrator(api());
    const Answer done = client.put(kMe, json_object({{"name", unique("Name")}}));
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    Answer head = client.get(kTreeHead);
    while (head.status != 200 || head.number("/size") < done.position()) {
        ASSERT_LT(std::chrono::steady_clock::now(), until) << head.body;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));  // between two looks at what is awaited
        head = client.get(kTreeHead);
    }
    const std::string note = head.text("/note");
    const std::string size = std::to_string(head.number("/size"));
    EXPECT_TRUE(note.starts_with("keyledger/" + head.text("/log_id") + "\n" + size + "\n")) << note;
    EXPECT_NE(note.find("\n\n\u2014 keyledger/" + head.text("/log_id") + " "), std::string::npos) << note;
    EXPECT_EQ(head.header("Cache-Control"), "no-store");
}

TEST(AuditExport, StreamsWhatTheListShows) {
    ApiClient admin = administrator(api());
    const Visitor one = visitor(api());
    const Answer mark = admin.put(kMe, json_object({{"name", unique("Mark")}}));
    const std::string of_him = "?user=" + one.person.id;
    const Answer listed = admin.get(kAudit + of_him, since(mark));
    const Answer exported = admin.get(kAuditExport + of_him, since(mark));
    EXPECT_EQ(exported.header("Content-Type"), "application/x-ndjson");
    const auto lines = lines_of(exported.body);
    ASSERT_EQ(lines.size(), listed.count());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string place = "/items/" + std::to_string(i) + "/position";
        const std::string position = std::to_string(listed.number(place.c_str()));
        EXPECT_TRUE(lines[i].starts_with("{\"position\":" + position + ",")) << lines[i];
    }
    const Answer csv = admin.get(kAuditExport + of_him + "&format=csv&type=user.registered");
    const auto rows = lines_of(csv.body);
    ASSERT_EQ(rows.size(), 2u) << csv.body;
    EXPECT_TRUE(rows[0].starts_with("position,occurred_at,type,"));
    EXPECT_NE(rows[1].find(",\"user.registered\","), std::string::npos);
    EXPECT_TRUE(admin.get(kAuditExport + of_him + "&from=2000-01-01T00:00:00Z&to=2000-01-02T00:00:00Z").body.empty());
}

// More entries than one page of the export holds, and none missing between two pages.
TEST(AuditExport, HasEveryPosition) {
    ApiClient admin = administrator(api());
    Answer last;
    for (int i = 0; i < 520; ++i) last = admin.put(kMe, json_object({{"name", "Name " + std::to_string(i)}}));
    ASSERT_EQ(last.status, 200);
    const Answer exported = admin.get(kAuditExport, since(last));
    const auto lines = lines_of(exported.body);
    ASSERT_GE(std::ssize(lines), 520);
    for (std::int64_t position = std::ssize(lines); const std::string& line : lines)
        ASSERT_TRUE(line.starts_with("{\"position\":" + std::to_string(position--) + ",")) << line;
}

// User agents are written by anybody, and spreadsheets run what looks like a formula.
TEST(AuditExport, MakesNoFormulaInCsv) {
    ApiClient admin = administrator(api());
    const Person person = register_somebody(api());
    ApiClient evil = api().with("User-Agent", watch_personal(unique("=cmd(\"calc\")")));
    const Answer in = try_log_in(evil, person.email, person.password);
    const std::string rows = admin.get(kAuditExport + ("?format=csv&user=" + person.id), since(in)).body;
    EXPECT_NE(rows.find(",\"'=cmd(\"\"calc\"\")"), std::string::npos) << rows;
    EXPECT_EQ(rows.find(",\"=cmd"), std::string::npos) << rows;
}

TEST(AuditExport, RefusesWhatItDoesNotKnow) {
    ApiClient admin = administrator(api());
    for (const char* bad : {"format=xml", "user=x", "from=yesterday", "to=2026-02-30T00:00:00Z"})
        EXPECT_EQ(admin.get(kAuditExport + ("?" + std::string(bad))).problem(), "invalid-fields") << bad;
    EXPECT_EQ(admin.get(kAuditExport + std::string("?limit=5")).problem(), "unknown-field");
    EXPECT_EQ(admin.get(kAuditExport + std::string("?format=%00")).problem(), "bad-request");
}

}  // namespace
}  // namespace keyledger::test
