// What administrators see and do, and that nobody else does.
#include <gtest/gtest.h>

#include <set>

#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kNobody = "01890a5d-ac96-774b-bcce-b302099a8057";

std::string user_target(const std::string& id, const std::string& rest = "") {
    return std::string(kUsers) + "/" + id + rest;
}

TEST(Deactivation, GivesNoReasonThatCouldDeceiveWhoReadsIt) {
    ApiClient admin = administrator(api());
    const Visitor one = visitor(api());
    for (const char* reason : {"a\\nb", "\\u001b[2Jgone", "\\u0085", "\\u202etxt.exe", "\\u2028"}) {
        const Answer answer =
            admin.post(user_target(one.person.id, "/deactivate"), std::string(R"({"reason":")") + reason + "\"}");
        EXPECT_EQ(answer.status, 400) << reason << answer.body;
    }
    EXPECT_TRUE(is_active(api(), one.tokens.access));
}

TEST(Administration, IsForbiddenToEverybodyElse) {
    const Visitor one = visitor(api());
    ApiClient client = api().as(one.tokens.access);
    for (const std::string& target :
         {std::string(kUsers), std::string(kAudit), std::string(kAuditExport), user_target(one.person.id),
          user_target(one.person.id, "/lock-out"), user_target(one.person.id, "/sessions")}) {
        const Answer answer = client.get(target);
        EXPECT_EQ(answer.status, 403) << target;
        EXPECT_EQ(answer.problem(), "forbidden") << target;
        EXPECT_EQ(api().get(target).problem(), "invalid-token") << target;
    }
    for (const char* verb : {"/activate", "/deactivate", "/unlock"})
        EXPECT_EQ(client.send("POST", user_target(one.person.id, verb)).problem(), "forbidden");
    EXPECT_EQ(client.get(kMe).status, 200) << "he was not deactivated";
}

TEST(Users, AreFoundByTheBeginningOfTheirNames) {
    ApiClient admin = administrator(api());
    ApiClient client = api();
    Person person = somebody();
    const Answer registered = client.post(kRegister, registration_of(person));
    person.id = registered.text("/id");
    std::string beginning = person.email.substr(0, person.email.find('@'));
    for (char& c : beginning) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    const Answer mark = admin.put(kMe, json_object({{"name", unique("Mark")}}));
    const Answer found = admin.get(std::string(kUsers) + "?search=" + beginning, since(mark));
    ASSERT_EQ(found.status, 200) << found.body;
    ASSERT_EQ(found.count(), 1u);
    EXPECT_EQ(found.text("/items/0/id"), person.id);
    EXPECT_EQ(found.text("/items/0/email"), person.email);
    EXPECT_GE(found.position(), mark.position());
    EXPECT_EQ(admin.get(std::string(kUsers) + "?search=" + unique("nobody")).count(), 0u);
    const Answer one = admin.get(user_target(person.id));
    EXPECT_EQ(one.status, 200);
    EXPECT_EQ(one.text("/username"), person.username);
}

TEST(Users, ComeInPagesWithoutGapsAndTwins) {
    ApiClient admin = administrator(api());
    ApiClient client = api();
    const std::string family = watch_personal(unique("Family"));
    for (int i = 0; i < 5; ++i) {
        const Person person = somebody();
        const Answer made = client.post(
            kRegister, json_object({{"email", person.email}, {"password", person.password}, {"name", family}}));
        ASSERT_EQ(made.status, 201) << made.body;
    }
    const Answer last = admin.put(kMe, json_object({{"name", unique("Mark")}}));
    std::set<std::string> seen;
    std::string target = std::string(kUsers) + "?limit=2&search=" + family;
    int pages = 0;
    for (std::string cursor;; ++pages) {
        const Answer page = admin.get(target + cursor, since(last));
        ASSERT_EQ(page.status, 200) << page.body;
        for (std::size_t i = 0; i < page.count(); ++i)
            EXPECT_TRUE(seen.insert(page.text(("/items/" + std::to_string(i) + "/id").c_str())).second);
        if (page.is_null("/next")) break;
        cursor = "&cursor=" + page.text("/next");
    }
    EXPECT_EQ(seen.size(), 5u);
    EXPECT_EQ(pages, 2);
}

TEST(Users, ThatAreUnknownAreNotFound) {
    ApiClient admin = administrator(api());
    for (const char* id : {kNobody, "no-uuid"}) {
        for (const char* rest : {"", "/sessions", "/lock-out"}) {
            const Answer answer = admin.get(user_target(id, rest));
            EXPECT_EQ(answer.status, 404) << id << rest;
            EXPECT_EQ(answer.problem(), "user-unknown") << id << rest;
        }
        for (const char* verb : {"/activate", "/deactivate", "/unlock"})
            EXPECT_EQ(admin.send("POST", user_target(id, verb)).problem(), "user-unknown") << id << verb;
    }
}

TEST(DisableUser, LocksThemOutAtOnceUntilTheyAreActivated) {
    ApiClient admin = administrator(api());
    ApiClient client = api();
    const Visitor one = visitor(api());
    const Answer done = admin.post(user_target(one.person.id, "/deactivate"), R"({"reason":"left the choir"})");
    ASSERT_EQ(done.status, 204) << done.body;
    EXPECT_EQ(client.as(one.tokens.access).get(kMe).problem(), "invalid-token");
    EXPECT_FALSE(is_active(api(), one.tokens.access));
    EXPECT_EQ(refresh(api(), one.tokens.refresh).problem(), "invalid-grant");
    const Answer refused = try_log_in(client, one.person.email, one.person.password);
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.problem(), "user-disabled");
    EXPECT_EQ(try_log_in(client, one.person.email, "a wrong password").problem(), "invalid-credentials")
        << "only who knows the password learns that he is disabled";
    EXPECT_EQ(admin.send("POST", user_target(one.person.id, "/deactivate")).status, 204) << "again is no error";
    EXPECT_EQ(admin.get(user_target(one.person.id), since(done)).text("/status"), "disabled");
    const Answer sessions = admin.get(user_target(one.person.id, "/sessions"), since(done));
    EXPECT_EQ(sessions.text("/items/0/end_reason"), "user_disabled");
    EXPECT_FALSE(sessions.has("/items/0/current"));
    const Answer back = admin.send("POST", user_target(one.person.id, "/activate"));
    EXPECT_EQ(back.status, 204);
    EXPECT_FALSE(is_active(api(), one.tokens.access)) << "earlier sessions stay ended";
    EXPECT_EQ(try_log_in(client, one.person.email, one.person.password).status, 200);
    EXPECT_EQ(admin.get(user_target(one.person.id), since(back)).text("/status"), "active");
}

TEST(DisableUser, LeavesTheLastAdministrator) {
    ApiClient admin = administrator(api());
    const std::string id = admin.get(kMe).text("/id");
    const Answer answer = admin.send("POST", user_target(id, "/deactivate"));
    EXPECT_EQ(answer.status, 409);
    EXPECT_EQ(answer.problem(), "last-administrator");
    EXPECT_EQ(admin.get(kMe).status, 200);
}

TEST(Audit, SaysWhoDidWhatToWhomFromWhereInWhichRequest) {
    ApiClient admin = administrator(api());
    const std::string admin_id = admin.get(kMe).text("/id");
    ApiClient client = api();
    const Person person = register_somebody(client);
    try_log_in(client, person.email, "a wrong password");
    const std::string request_id = unique("disable");
    const std::string agent = watch_personal(unique("console"));
    const Answer done = admin.with("X-Request-Id", request_id)
                            .with("User-Agent", agent)
                            .post(user_target(person.id, "/deactivate"), R"({"reason":"by request"})");
    ASSERT_EQ(done.status, 204);
    const Answer all = admin.get(std::string(kAudit) + "?user=" + person.id, since(done));
    ASSERT_EQ(all.count(), 4u) << all.body;
    EXPECT_EQ(all.text("/items/0/type"), "user.disabled") << "newest first";
    EXPECT_EQ(all.number("/items/0/position"), done.position());
    EXPECT_EQ(all.text("/items/0/actor/type"), "user");
    EXPECT_EQ(all.text("/items/0/actor/id"), admin_id);
    EXPECT_EQ(all.text("/items/0/user_id"), person.id);
    EXPECT_EQ(all.text("/items/0/request_id"), request_id);
    EXPECT_EQ(all.text("/items/0/client_address"), "127.0.0.1");
    EXPECT_EQ(all.text("/items/0/user_agent"), agent);
    EXPECT_EQ(all.text("/items/0/outcome"), "success");
    EXPECT_EQ(all.text("/items/0/reason"), "by request");
    EXPECT_EQ(all.text("/items/1/type"), "login.failed");
    EXPECT_EQ(all.text("/items/1/outcome"), "failure");
    EXPECT_EQ(all.text("/items/1/reason"), "wrong_password");
    EXPECT_EQ(all.text("/items/1/actor/type"), "anonymous");
    EXPECT_TRUE(all.is_null("/items/1/actor/id"));
    EXPECT_EQ(all.text("/items/2/type"), "user.password_set");
    EXPECT_EQ(all.text("/items/3/type"), "user.registered");
}

TEST(Audit, IsFilteredByUserActorTypeAndTime) {
    ApiClient admin = administrator(api());
    const std::string admin_id = admin.get(kMe).text("/id");
    const Visitor one = visitor(api());
    const std::string of_him = std::string(kAudit) + "?user=" + one.person.id;
    const Answer mark = admin.put(kMe, json_object({{"name", unique("Mark")}}));
    const Answer typed = admin.get(of_him + "&type=session.started", since(mark));
    ASSERT_EQ(typed.count(), 1u);
    EXPECT_EQ(typed.text("/items/0/session_id"), one.tokens.session_id);
    const std::string at = typed.text("/items/0/occurred_at");
    EXPECT_EQ(admin.get(of_him + "&type=session.started&from=" + at).count(), 1u) << "from is inclusive";
    EXPECT_EQ(admin.get(of_him + "&type=session.started&to=" + at).count(), 0u) << "to is exclusive";
    EXPECT_EQ(admin.get(of_him + "&from=2000-01-01T00:00:00Z&to=2000-01-02T00:00:00Z").count(), 0u);
    EXPECT_EQ(admin.get(of_him + "&actor=" + admin_id).count(), 0u);
    EXPECT_EQ(admin.get(of_him + "&actor=" + one.person.id + "&type=session.started").count(), 1u);
    const Answer first = admin.get(of_him + "&limit=1");
    const Answer second = admin.get(of_him + "&limit=1&cursor=" + first.text("/next"));
    EXPECT_GT(first.number("/items/0/position"), second.number("/items/0/position"));
}

bool is_number(const std::string& text) { return text.find_first_not_of("0123456789") == std::string::npos; }

// A caller who could count events could tell by one more or less what others do, and whether a name exists.
TEST(ReadYourWrites, TellsPositionsOnlyToWhoeverMayReadTheLog) {
    ApiClient admin = administrator(api());
    ApiClient client = api().as(visitor(api()).tokens.access);
    const auto told = [](ApiClient& by) {
        const Answer answer = by.put(kMe, json_object({{"name", unique("Name")}}));
        return std::string(answer.header("Keyledger-Position").value());
    };
    EXPECT_TRUE(is_number(told(admin)));
    const std::string one = told(client), two = told(client);
    EXPECT_FALSE(is_number(one)) << one;
    EXPECT_EQ(one.size(), two.size()) << "whatever the number is";
    EXPECT_NE(one, two);
    // It is good for what it is for, to anybody; changed it is for nothing, and numbers are not for guessing.
    EXPECT_EQ(client.get(kSessions, {{"Keyledger-Min-Position", one}}).status, 200);
    EXPECT_GE(admin.get(kUsers, {{"Keyledger-Min-Position", two}}).position(), 1);
    std::string changed = one;
    changed[changed.size() / 2] = changed[changed.size() / 2] == 'A' ? 'B' : 'A';
    for (const std::string& bad : {changed, std::string("1"), std::string("999999999"), one + one})
        EXPECT_EQ(client.get(kSessions, {{"Keyledger-Min-Position", bad}}).problem(), "bad-request") << bad;
}

TEST(ReadYourWrites, RefusesAPositionAheadOfTheLog) {
    ApiClient admin = administrator(api());
    const std::string id = admin.get(kMe).text("/id");
    const Answer now = admin.put(kMe, json_object({{"name", unique("Mark")}}));
    const std::string ahead = std::to_string(now.position() + 1'000'000);
    const Answer made = admin.post("/api/v1/admin/groups", json_object({{"name", unique("group")}}));
    const std::string group = "/api/v1/admin/groups/" + made.text("/id");
    const std::string role = "/api/v1/admin/roles/6b65796c-6564-8065-8072-6f6c65000001";
    const Answer registered = admin.post(kAccounts, R"({"name":")" + unique("account") + R"(","audiences":[]})");
    const std::string account = kAccounts + ("/" + registered.text("/id"));
    for (const std::string& target :
         {std::string(kSessions), std::string(kUsers), std::string(kAudit), std::string(kAuditExport), user_target(id),
          user_target(id, "/sessions"), user_target(id, "/roles"), std::string("/api/v1/admin/roles"), role,
          user_target(id, "/groups"), user_target(id, "/permissions"), std::string("/api/v1/admin/groups"), group,
          group + "/members", group + "/roles", account + "/groups", account + "/permissions"}) {
        EXPECT_EQ(admin.get(target, since(made)).status, 200) << target;
        const Answer answer = admin.get(target, {{"Keyledger-Min-Position", ahead}});
        EXPECT_EQ(answer.status, 400) << target;
        EXPECT_EQ(answer.problem(), "position-ahead") << target;
        for (const std::string& bad : {std::string("-1"), std::string("x"), std::string("1.5"), std::string(),
                                       std::string("99999999999999999999"), std::string("01"), std::string(257, '0')})
            EXPECT_EQ(admin.get(target, {{"Keyledger-Min-Position", bad}}).problem(), "bad-request") << target << bad;
    }
}

// One that nothing is called would find nothing, as if nothing had happened.
TEST(Audit, RefusesATypeOfEventThatDoesNotExist) {
    ApiClient admin = administrator(api());
    const struct {
        const char* given;
        const char* said;  // empty: it exists
    } cases[] = {{"user.registred", "user.registered"},
                 {"login.fail", "login.failed"},
                 {"LOGIN.FAILED", "docs/events.md"},
                 {"role", "docs/events.md"},
                 {"login.failed", ""},
                 {"log.disavowed", ""}};
    for (const auto& one : cases)
        for (const char* list : {kAudit, kAuditExport}) {
            const Answer answer = admin.get(std::string(list) + "?type=" + one.given);
            EXPECT_EQ(answer.status, *one.said ? 400 : 200) << one.given << answer.body;
            EXPECT_NE(answer.body.find(one.said), std::string::npos) << one.given << answer.body;
        }
}

}  // namespace
}  // namespace keyledger::test
