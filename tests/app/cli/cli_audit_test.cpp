#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <fstream>

#include "app/core/system_ports.hpp"
#include "app/serve/tree_heads.hpp"
#include "eventstore/audit/tree_head_file.hpp"
#include "security/primitives/hex.hpp"
#include "security/primitives/note.hpp"
#include "tests/app/cli/command_line.hpp"

using namespace keyledger;
using namespace keyledger::app;
using keyledger::app::test::CommandLine;
using keyledger::app::test::CommandOutput;

namespace {

std::string word_in(const std::string& out, const std::string& name) {
    rapidjson::Document json;
    json.Parse(out.c_str());
    if (json.HasParseError() || !json.HasMember(name.c_str())) return "(no " + name + ") " + out;
    const auto& value = json[name.c_str()];
    return value.IsString()  ? value.GetString()
           : value.IsInt64() ? std::to_string(value.GetInt64())
           : value.IsTrue()  ? "true"
                             : "false";
}

struct AuditCommand : testing::Test {
    CommandLine line;
    const std::string file = line.path("log.ndjson");
    const std::string heads = line.path("heads");

    void SetUp() override { ASSERT_EQ(line.create_administrator().exit, Exit::kGood); }
    CommandOutput verify(VerifyAudit options) {
        options.format = Format::kJson;
        return line.run([&](const Environment& e) { return verify_audit(e, options); });
    }
    CommandOutput take_away(std::int64_t to = 0) {
        return line.run([&](const Environment& e) { return export_audit(e, {file, to, true, Format::kJson}); });
    }
    CommandOutput replay(ReplayAudit options) {
        return line.run([&](const Environment& e) { return replay_audit(e, options); });
    }
    void rotate_tree_heads() {
        RotateKeys rotation;
        rotation.purpose = "tree-heads";
        ASSERT_EQ(line.run([&](const Environment& e) { return rotate_keys(e, rotation); }).exit, Exit::kGood);
    }
    // Signs what the export's manifest says, as the service would have.
    void sign_head(std::int64_t size, const std::string& root_hex) {
        const auto keyring = security::Keyring::load(line.path("keyring.json")).value();
        eventstore::audit::TreeHead head;
        head.log_id = Uuid::parse(line.database.execute("select log_id from keyledger.log")).value();
        head.size = size;
        head.made_at = Instant::at_ms(1);
        const auto bytes = security::hex_decode(root_hex).value();
        std::copy(bytes.begin(), bytes.end(), head.root.begin());
        const auto& key = keyring->require_current(security::KeyPurpose::kTreeHeads, SystemClock().now());
        const auto note = security::sign_note(eventstore::audit::checkpoint_text(head),
                                              eventstore::audit::origin_of(head.log_id), *key.signing);
        ASSERT_TRUE(eventstore::audit::append_note(heads, note));
    }
};

}  // namespace

TEST_F(AuditCommand, ExportsAndVerifiesDatabaseAndFile) {
    const std::string head = line.database.execute("select max(position) from keyledger.events");
    const auto exported = take_away();
    ASSERT_EQ(exported.exit, Exit::kGood) << exported.err;
    EXPECT_EQ(word_in(exported.out, "events"), head);
    for (const std::string& from : {std::string(), file}) {
        const auto verified = verify({from, {}, {}, {}});
        EXPECT_EQ(verified.exit, Exit::kGood) << verified.err;
        EXPECT_EQ(word_in(verified.out, "checked"), head);
        EXPECT_EQ(word_in(verified.out, "root_hash"), word_in(exported.out, "root_hash"));
    }
    EXPECT_EQ(take_away(1'000'000).exit, Exit::kUsage);
}

TEST_F(AuditCommand, I11HoldsBothAgainstTreeHeads) {
    const auto first = take_away(1);
    sign_head(1, word_in(first.out, "root_hash"));
    const auto all = take_away();
    const auto size = std::stoll(word_in(all.out, "events"));
    sign_head(size, word_in(all.out, "root_hash"));
    for (const std::string& from : {std::string(), file}) {
        const auto verified = verify({from, {heads}, {}, {}});
        EXPECT_EQ(verified.exit, Exit::kGood) << verified.err << verified.out;
        EXPECT_EQ(word_in(verified.out, "tree_heads"), "2");
    }
    const auto key = line.run([](const Environment& e) { return show_audit_key(e, false); });
    ASSERT_EQ(key.exit, Exit::kGood) << key.err;
    // All that sign, signed or will, for whoever has to know before a rotation takes effect.
    RotateKeys rotation;
    rotation.purpose = "tree-heads";
    rotation.lead_seconds = 600;
    ASSERT_EQ(line.run([&](const Environment& e) { return rotate_keys(e, rotation); }).exit, Exit::kGood);
    const auto still = line.run([](const Environment& e) { return show_audit_key(e, false); });
    EXPECT_EQ(still.out, key.out);
    EXPECT_NE(still.err.find("--all"), std::string::npos) << still.err;
    const auto both = line.run([](const Environment& e) { return show_audit_key(e, true); });
    EXPECT_EQ(std::count(both.out.begin(), both.out.end(), '\n'), 2) << both.out;
    EXPECT_NE(both.out.find(key.out), std::string::npos) << both.out;
    // Another stands behind it, on another machine: the file, the heads and the key are all that they have.
    line.set("KEYLEDGER_KEYRING_FILE", "");
    line.set("KEYLEDGER_DATABASE_URL", "");
    EXPECT_EQ(verify({file, {heads}, {}, {}}).exit, Exit::kUsage) << "no key";
    EXPECT_EQ(verify({file, {heads}, {key.out}, {}}).exit, Exit::kGood);
    std::ofstream(line.path("key")) << key.out;
    EXPECT_EQ(verify({file, {heads}, {line.path("key")}, {}}).exit, Exit::kGood);
    const std::string other_key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const auto stranger = verify({file, {heads}, {other_key}, {}});
    EXPECT_EQ(stranger.exit, Exit::kFailed);
    EXPECT_NE(stranger.err.find("no known key signed it"), std::string::npos) << stranger.err;
    EXPECT_EQ(verify({file, {line.path("missing")}, {key.out}, {}}).exit, Exit::kUsage);
}

// Whoever names a key takes it alone: one that leaked is in the keyring for what it signed before.
TEST_F(AuditCommand, TakesTheKeysThatAreNamedAndNoneOfTheKeyring) {
    const auto key = [&](bool all) {
        return line.run([&](const Environment& e) { return show_audit_key(e, all); }).out;
    };
    const auto all = take_away();
    sign_head(std::stoll(word_in(all.out, "events")), word_in(all.out, "root_hash"));
    const std::string old_key = key(false);
    rotate_tree_heads();
    const std::string new_key = key(false);
    ASSERT_NE(new_key, old_key);
    for (const std::string& from : {std::string(), file}) {
        EXPECT_EQ(verify({from, {heads}, {}, {}}).exit, Exit::kGood) << "the keyring has both";
        EXPECT_EQ(verify({from, {heads}, {old_key}, {}}).exit, Exit::kGood);
        const auto refused = verify({from, {heads}, {new_key}, {}});
        EXPECT_EQ(refused.exit, Exit::kFailed);
        EXPECT_NE(refused.err.find("no known key signed it"), std::string::npos) << refused.err;
        EXPECT_EQ(verify({from, {heads}, {new_key, old_key}, {}}).exit, Exit::kGood);
    }
}

// As 'audit key --all' writes it, or 'audit key' behind what was there; empty lines are none.
TEST_F(AuditCommand, TakesEveryLineOfAFileOfKeys) {
    const auto all = take_away();
    sign_head(std::stoll(word_in(all.out, "events")), word_in(all.out, "root_hash"));
    rotate_tree_heads();
    sign_head(std::stoll(word_in(all.out, "events")), word_in(all.out, "root_hash"));
    const std::string both = line.run([](const Environment& e) { return show_audit_key(e, true); }).out;
    const std::string first = both.substr(0, both.find('\n') + 1);
    const std::string second = both.substr(first.size());
    const struct {
        std::string text;
        Exit exit;
        std::string said;
    } files[] = {
        {both, Exit::kGood, ""},
        {second + first, Exit::kGood, ""},
        {first + "\n \r\n" + second.substr(0, second.size() - 1) + "\r\n", Exit::kGood, ""},
        {first, Exit::kFailed, "no known key signed it"},
        {second, Exit::kFailed, "no known key signed it"},
        {first + "\n# the new one\n" + second, Exit::kUsage, "key.txt, line 3: a verifying key looks like"},
        {first + second.substr(0, second.size() - 6) + "AAAA=\n", Exit::kUsage, "key.txt, line 2: "},
        {"\n", Exit::kUsage, "key.txt: there is no key in it"},
    };
    const std::string path = line.path("key.txt");
    for (const auto& one : files) {
        std::ofstream(path) << one.text;
        const auto verified = verify({file, {heads}, {path}, {}});
        EXPECT_EQ(verified.exit, one.exit) << one.text << verified.err << verified.out;
        EXPECT_NE(verified.err.find(one.said), std::string::npos) << verified.err;
    }
}

// Claims are made beside the log: one that nobody holds keeps a name from everybody, and a name without one can be
// given twice. As left by commands that met a rename, or by hands in the database.
TEST_F(AuditCommand, HoldsClaimsAgainstNames) {
    const auto verify_now = [&] {
        return line.run([](const Environment& e) { return verify_claims(e, Format::kJson); });
    };
    CommandOutput ran = verify_now();
    EXPECT_EQ(ran.exit, Exit::kGood) << ran.out << ran.err;
    EXPECT_EQ(word_in(ran.out, "consistent"), "true");
    EXPECT_EQ(word_in(ran.out, "claims"), "4") << "the first administrator, address, user name, and the role's name";
    EXPECT_EQ(word_in(ran.out, "names"), "3");

    line.database.execute("update keyledger.claims set digest = decode(repeat('ab', 32), 'hex')"
                          " where kind = 'role_name'");
    ran = verify_now();
    EXPECT_EQ(ran.exit, Exit::kFoundBad);
    EXPECT_EQ(word_in(ran.out, "differences"), "2") << ran.out;
    EXPECT_NE(ran.out.find("its owner does not have, digest abab"), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("a name without a claim"), std::string::npos) << ran.out;

    line.database.execute("update keyledger.claims set owner = gen_random_uuid() where kind = 'username'");
    ran = verify_now();
    EXPECT_EQ(word_in(ran.out, "differences"), "4") << ran.out;
    EXPECT_NE(ran.out.find("a claim whose owner is not in the log"), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("a name that is claimed for"), std::string::npos) << ran.out;
    ran = line.run([](const Environment& e) { return verify_claims(e, Format::kText); });
    EXPECT_EQ(ran.exit, Exit::kFoundBad);
    EXPECT_EQ(ran.out.find("root@example.com"), std::string::npos) << "ids and digests, no names";
}

TEST_F(AuditCommand, AChangedLineOrManifestIsNamed) {
    ASSERT_EQ(take_away().exit, Exit::kGood);
    const auto text = [&] {
        std::ifstream in(file);
        return std::string(std::istreambuf_iterator<char>(in), {});
    }();
    const auto verify_text = [&](const std::string& changed) {
        std::ofstream(file, std::ios::trunc) << changed;
        return verify({file, {}, {}, {}});
    };
    auto changed = text;
    changed.replace(changed.find("user.password_set"), 17, "user.password_sat");
    auto found = verify_text(changed);
    EXPECT_EQ(found.exit, Exit::kFoundBad);
    EXPECT_EQ(word_in(found.out, "first_bad_position"), "2");
    found = verify_text(text.substr(0, text.find('\n') + 1));
    EXPECT_EQ(found.exit, Exit::kFoundBad);
    EXPECT_EQ(word_in(found.out, "first_bad_position"), "2");
    found = verify_text(text.substr(0, text.size() / 2));
    EXPECT_EQ(found.exit, Exit::kFoundBad) << "torn in the middle of a line";
    EXPECT_EQ(verify_text(text).exit, Exit::kGood);
    std::filesystem::remove(file + ".manifest.json");
    EXPECT_EQ(verify_text(text).exit, Exit::kFailed);
}

// The time of each position, as an older version may have recorded them: behind a later one stands an earlier
// one.
std::string with_times(const std::string& path, const std::vector<std::int64_t>& times_ms) {
    std::ifstream in(path);
    std::string text;
    std::size_t at = 0;
    for (std::string event; std::getline(in, event); ++at) {
        const std::size_t from = event.find("\"recorded_at_ms\":") + 17;
        event.replace(from, event.find_first_of(",}", from) - from,
                      std::to_string(times_ms[std::min(at, times_ms.size() - 1)]));
        text += event + '\n';
    }
    std::ofstream(path) << text;
    return path;
}

TEST_F(AuditCommand, ReplaysUpToTheLastEventOfATime) {
    ASSERT_EQ(take_away().exit, Exit::kGood);
    constexpr std::int64_t kNoon = 1'769'860'800'000;  // 2026-01-31T12:00:00Z
    ReplayAudit options;
    options.format = Format::kText;
    options.from = ReplayAudit::From::kFile;
    options.file = with_times(file, {kNoon, kNoon + 60'000, kNoon + 1'000, kNoon + 90'000});
    const std::pair<const char*, const char*> kCases[] = {
        {"2026-01-31T11:59:59.999Z", "0"}, {"2026-01-31T12:00:00Z", "1"}, {"2026-01-31T14:00:00.999+02:00", "1"},
        {"2026-01-31T12:00:01Z", "3"},     {"2026-01-31T12:00:59Z", "3"}, {"2026-01-31t12:01:00z", "3"},
        {"2026-01-31T06:01:29-06:00", "3"}};
    for (const auto& [time, last] : kCases) {
        options.at = time;
        const CommandOutput ran = replay(options);
        EXPECT_NE(ran.err.find("Up to position " + std::string(last) + ":"), std::string::npos)
            << time << ": " << ran.err;
    }
}

TEST_F(AuditCommand, ReplaysTheSameStateFromDatabaseAndFile) {
    ASSERT_EQ(take_away().exit, Exit::kGood);
    ReplayAudit options;
    options.format = Format::kJson;
    const auto from_database = replay(options);
    ASSERT_EQ(from_database.exit, Exit::kGood) << from_database.err;
    options.from = ReplayAudit::From::kFile;
    options.file = file;
    EXPECT_EQ(replay(options).out, from_database.out);
    EXPECT_EQ(from_database.out.find("root@example.com"), std::string::npos) << "personal data stays sealed";

    options.user = line.database.execute("select stream_id from keyledger.events where position = 1");
    auto ran = replay(options);
    ASSERT_EQ(ran.exit, Exit::kGood) << ran.err;
    const std::string whole = ran.out;
    const std::string user_line = ran.out.substr(0, ran.out.find('\n') + 1);
    EXPECT_EQ(word_in(user_line, "status"), "active");
    EXPECT_NE(ran.out.find("\"kind\":\"assignments\"", user_line.size()), std::string::npos) << "and his roles";
    const std::string version = word_in(user_line, "version");
    options.at = "1";
    ran = replay(options);
    EXPECT_EQ(word_in(ran.out, "version"), "1");
    EXPECT_NE(word_in(ran.out, "version"), version);
    options.at = "2001-01-01T00:00:00Z";
    ran = replay(options);
    EXPECT_EQ(ran.exit, Exit::kFailed);
    EXPECT_NE(ran.err.find("does not know it"), std::string::npos) << ran.err;
    options.at = "9999-01-01t00:00:00+02:00";
    std::ranges::transform(options.user, options.user.begin(), [](unsigned char c) { return std::toupper(c); });
    EXPECT_EQ(replay(options).out, whole) << "in capitals, with an offset";
    options.at = "yesterday";
    EXPECT_EQ(replay(options).exit, Exit::kUsage);
    options.at = "";
    options.user = "ann";
    EXPECT_EQ(replay(options).exit, Exit::kUsage);
    ReplayAudit from_kafka;
    from_kafka.from = ReplayAudit::From::kKafka;
    ran = replay(from_kafka);
    EXPECT_EQ(ran.exit, Exit::kUsage);
    EXPECT_NE(ran.err.find("KEYLEDGER_KAFKA_BROKERS"), std::string::npos);
}
