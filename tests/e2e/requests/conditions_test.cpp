// "Never confirm what was not done": conditional requests, cursors and filters, what PUT takes of what GET gave, and
// sessions that are over without an event.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <thread>

#include "tests/e2e/clients/applications.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kRoles = "/api/v1/admin/roles";
constexpr const char* kGroups = "/api/v1/admin/groups";

std::string etag(const Answer& answer) { return answer.header("ETag").value_or("none"); }
HttpHeaders if_match(const std::string& tag) { return {{"If-Match", tag}}; }

bool comes_true(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition())
        if (std::chrono::steady_clock::now() > deadline) return false;
    return true;
}

// One thing of each kind that has an ETag, with a body that changes it, and what GET says of it.
struct Thing {
    std::string target;
    std::function<std::string()> change;  // another one each time
};

Thing a_user() {
    const Person person = register_somebody(api());
    return {std::string(kUsers) + "/" + person.id, [] { return json_object({{"name", unique("Name")}}); }};
}
Thing a_role(ApiClient& admin) {
    const Answer made = admin.post(kRoles, R"({"name":")" + unique("role") + R"(","permissions":["a:b"]})");
    return {std::string(kRoles) + "/" + made.text("/id"),
            [] { return R"({"name":")" + unique("role") + R"(","permissions":["a:b"]})"; }};
}
Thing a_group(ApiClient& admin) {
    const Answer made = admin.post(kGroups, json_object({{"name", unique("group")}}));
    return {std::string(kGroups) + "/" + made.text("/id"), [] { return json_object({{"name", unique("group")}}); }};
}
Thing an_account(ApiClient& admin) {
    const Answer made = admin.post(kAccounts, R"({"name":")" + unique("account") + R"(","audiences":[]})");
    return {std::string(kAccounts) + "/" + made.text("/id"),
            [] { return R"({"name":")" + unique("account") + R"(","audiences":[],"status":"enabled"})"; }};
}
Thing an_application(ApiClient& admin) {
    return {application_target(register_application(admin)),
            [] { return application_body(unique("Application"), R"(,"status":"enabled")"); }};
}
std::vector<Thing> one_of_each(ApiClient& admin) {
    return {a_user(), a_role(admin), a_group(admin), an_account(admin), an_application(admin)};
}

// The latest state of a thing, whatever read model it comes from.
Answer latest(ApiClient& admin, const std::string& target) {
    const Answer mark = admin.post(kRoles, R"({"name":")" + unique("mark") + R"(","permissions":[]})");
    return admin.get(target, since(mark));
}

TEST(IfMatch, LetsThroughWhoSawTheLatestStateAndNobodyElse) {
    ApiClient admin = administrator(api());
    for (const Thing& thing : one_of_each(admin)) {
        SCOPED_TRACE(thing.target);
        const Answer first = latest(admin, thing.target);
        ASSERT_EQ(first.status, 200) << first.body;
        ASSERT_NE(etag(first), "none");
        const Answer changed = admin.put(thing.target, thing.change(), if_match(etag(first)));
        EXPECT_LT(changed.status, 300) << changed.body;
        const Answer stale = admin.put(thing.target, thing.change(), if_match(etag(first)));
        EXPECT_EQ(stale.status, 412) << stale.body;
        EXPECT_EQ(stale.problem(), "precondition-failed");
        EXPECT_EQ(admin.del(thing.target, if_match(etag(first))).status, 412);
        const Answer second = latest(admin, thing.target);
        EXPECT_NE(etag(second), etag(first));
        for (const std::string& none : {std::string("\"x\""), "W/" + etag(second), std::string("x"), std::string("\"")})
            EXPECT_EQ(admin.put(thing.target, thing.change(), if_match(none)).status, 412) << none;
        EXPECT_LT(admin.put(thing.target, thing.change(), if_match("\"x\", " + etag(second))).status, 300);
        EXPECT_LT(admin.put(thing.target, thing.change(), if_match("*")).status, 300);
        const Answer third = latest(admin, thing.target);
        EXPECT_LT(admin.del(thing.target, if_match(etag(third))).status, 300);
    }
}

TEST(IfMatch, IsAskedOfOneselfToo) {
    const Visitor one = visitor(api());
    ApiClient client = api().as(one.tokens.access);
    const Answer first = client.get(kMe);
    const Answer changed = client.put(kMe, json_object({{"name", unique("Name")}}), if_match(etag(first)));
    ASSERT_EQ(changed.status, 200) << changed.body;
    EXPECT_EQ(etag(changed), etag(client.get(kMe))) << "the answer to a change has the tag of what it made";
    EXPECT_EQ(client.put(kMe, "{}", if_match(etag(first))).problem(), "precondition-failed");
    const std::string password = json_object({{"current_password", one.person.password}});
    EXPECT_EQ(client.send("DELETE", kMe, {{"If-Match", etag(first)}, {"Content-Type", "application/json"}}, password)
                  .problem(),
              "precondition-failed");
    EXPECT_EQ(client.put(kMe, "{}", if_match(etag(changed))).status, 200);
}

// Of operations that ask nobody who they are.
const std::set<std::string> kAnonymous{
    "registerUser",    "logIn",         "refresh",        "verifyEmail",      "resendCode",    "replacePassword",
    "verifyMfa",       "enrolMfa",      "forgotPassword", "resetPassword",    "askToUnlock",   "askForMagicLink",
    "askForLogInCode", "completeLogIn", "undoChange",     "acceptInvitation", "disownSession", "keepAccount",
    "confirmAddress",  "unlockAccount", "askForPasskey",  "logInByPasskey"};

// RFC 9110 section 13.1.1: of what has no ETag no tag is the right one. Where nobody has to be known nothing is
// selected that could have one, and the header says nothing.
TEST(IfMatch, IsNeverTrueOfWhatHasNoTagWhateverTheOperation) {
    const std::set<std::string> hold_it{"updateMe",
                                        "eraseMe",
                                        "updateUser",
                                        "eraseUser",
                                        "changeRole",
                                        "deleteRole",
                                        "renameGroup",
                                        "deleteGroup",
                                        "changeServiceAccount",
                                        "deleteServiceAccount",
                                        "changeApplication",
                                        "deleteApplication"};
    ApiClient admin = administrator(api());
    int refused = 0;
    for (const auto& [id, method, path] : api_document().operations()) {
        if (method == "GET" || hold_it.contains(id)) continue;
        std::string target = path;
        for (auto at = target.find('{'); at != std::string::npos; at = target.find('{'))
            target.replace(at, target.find('}', at) - at + 1, "01890a5d-ac96-774b-bcce-b302099a8057");
        const auto ask = [&](const std::string& tag) {
            return admin.send(method, target, {{"If-Match", tag}, {"Content-Type", "application/json"}}, "{}");
        };
        const bool takes_a_token = api_document().documented().contains({id, "412", "precondition-failed"});
        EXPECT_EQ(takes_a_token, path.starts_with("/api/v1/") && !kAnonymous.contains(id)) << id;
        if (!takes_a_token) {
            EXPECT_NE(ask("\"x\"").status, 412) << id;
            continue;
        }
        const Answer answer = ask("\"x\"");
        EXPECT_EQ(answer.status, 412) << id << answer.body;
        EXPECT_EQ(answer.problem(), "precondition-failed") << id;
        ++refused;
    }
    EXPECT_GT(refused, 25);
    EXPECT_EQ(admin.get(kMe).status, 200) << "nothing was done";
    EXPECT_EQ(admin.send("POST", kLogout, if_match("*")).status, 204);
}

// Two writers who read the same state, at once: the check is part of the decision, so one wins.
TEST(IfMatch, LetsOneOfTwentyWritersThrough) {
    ApiClient admin = administrator(api());
    for (const Thing& thing : one_of_each(admin)) {
        SCOPED_TRACE(thing.target);
        const std::string tag = etag(latest(admin, thing.target));
        std::vector<int> statuses(20);
        std::vector<std::thread> writers;
        for (int& status : statuses)
            writers.emplace_back([&, writer = admin, body = thing.change()]() mutable {
                do status = writer.put(thing.target, body, if_match(tag)).status;
                while (status == 503);  // conflicts to the end of patience
            });
        for (std::thread& writer : writers) writer.join();
        EXPECT_EQ(std::ranges::count_if(statuses, [](int status) { return status < 300; }), 1);
        EXPECT_EQ(std::ranges::count(statuses, 412), 19);
    }
}

TEST(IfMatch, IsPartOfTheRequestThatAnIdempotencyKeyStandsFor) {
    ApiClient admin = administrator(api());
    const Thing thing = a_group(admin);
    const std::string tag = etag(latest(admin, thing.target));
    const std::string body = thing.change();
    const HttpHeaders keyed{{"Idempotency-Key", unique("key")}, {"If-Match", tag}};
    ASSERT_EQ(admin.put(thing.target, body, keyed).status, 204);
    const Answer again = admin.put(thing.target, body, keyed);
    EXPECT_EQ(again.status, 204) << "the first outcome, although the state is another by now";
    EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
    EXPECT_EQ(admin.put(thing.target, body, {keyed.front(), {"If-Match", "\"x\""}}).problem(), "idempotency-mismatch");
}

TEST(IfNoneMatch, SparesEveryReadThatSaysNothingNew) {
    ApiClient admin = administrator(api());
    const std::vector<Thing> things = one_of_each(admin);
    const std::string user = things[0].target, group = things[2].target, account = things[3].target;
    std::vector<std::string> targets{kMe,
                                     kSessions,
                                     std::string(kAudit) + "?to=2026-01-01T00:00:00Z",
                                     std::string(kUsers) + "?search=" + unique("nobody"),
                                     user + "/sessions",
                                     user + "/roles",
                                     user + "/groups",
                                     user + "/permissions",
                                     group + "/members",
                                     group + "/roles",
                                     account + "/groups",
                                     account + "/permissions",
                                     std::string(kRoles) + "?limit=1",
                                     std::string(kGroups) + "?limit=1",
                                     std::string(kAccounts) + "?limit=1",
                                     std::string(kApplications) + "?limit=1"};
    for (const Thing& thing : things) targets.push_back(thing.target);
    const Answer mark = admin.put(kMe, json_object({{"name", unique("Mark")}}));
    for (const std::string& target : targets) {
        SCOPED_TRACE(target);
        const Answer first = admin.get(target, since(mark));
        ASSERT_EQ(first.status, 200) << first.body;
        const std::string tag = etag(first);
        for (const std::string& known : {tag, "W/" + tag, "\"x\" , ," + tag, std::string("*")}) {
            const Answer second = admin.get(target, {{"If-None-Match", known}});
            EXPECT_EQ(second.status, 304) << known << second.body;
            EXPECT_EQ(etag(second), etag(first));
            EXPECT_TRUE(second.body.empty());
        }
        const Answer other = admin.get(target, {{"If-None-Match", "\"x\""}});
        EXPECT_EQ(other.status, 200);
        EXPECT_EQ(etag(other), etag(first)) << "the same answer has the same tag, sealed cursors aside";
    }
    ASSERT_EQ(admin.put(user, json_object({{"name", unique("Other")}})).status, 200);
    EXPECT_EQ(latest(admin, user).status, 200);
}

// A page of one list is no place in another: of other filters, another order, another user or group.
TEST(Cursors, AreGoodForTheListAndTheFiltersThatTheyCameFrom) {
    ApiClient admin = administrator(api());
    const std::string family = unique("Family");
    for (int i = 0; i < 2; ++i) {
        const Person person = somebody();
        ASSERT_EQ(api()
                      .post(kRegister, json_object({{"email", person.email},
                                                    {"password", person.password},
                                                    {"name", family + std::to_string(i)}}))
                      .status,
                  201);
    }
    const Answer mark = admin.put(kMe, json_object({{"name", unique("Mark")}}));
    const std::string search = std::string(kUsers) + "?limit=1&search=" + family;
    const Answer first = admin.get(search, since(mark));
    ASSERT_EQ(first.count(), 1U);
    const std::string cursor = "&cursor=" + first.text("/next");
    EXPECT_EQ(admin.get(search + cursor).status, 200);
    EXPECT_EQ(admin.get(std::string(kUsers) + "?search=" + family + cursor).status, 200) << "the limit may change";
    for (const std::string& other : {std::string(kUsers) + "?limit=1", std::string(kUsers) + "?limit=1&search=other",
                                     std::string(kUsers) + "?limit=1&search=" + family + "0"})
        EXPECT_EQ(admin.get(other + cursor).status, 400) << other;

    const std::string audit = std::string(kAudit) + "?limit=1&type=";
    const Answer registered = admin.get(audit + "user.registered");
    ASSERT_FALSE(registered.is_null("/next"));
    const std::string next = "&cursor=" + registered.text("/next");
    EXPECT_EQ(admin.get(audit + "user.registered" + next).status, 200);
    EXPECT_EQ(admin.get(audit + "session.started" + next).status, 400);
    EXPECT_EQ(admin.get(std::string(kAudit) + "?limit=1" + next).status, 400);

    const Visitor one = visitor(api()), two = visitor(api());
    for (int i = 0; i < 2; ++i) log_in(api(), one.person);
    const std::string of_one = std::string(kUsers) + "/" + one.person.id + "/sessions?limit=1";
    const std::string of_two = std::string(kUsers) + "/" + two.person.id + "/sessions?limit=1";
    const Answer mark_of_sessions = admin.put(kMe, json_object({{"name", unique("Mark")}}));
    const Answer sessions = admin.get(of_one, since(mark_of_sessions));
    ASSERT_FALSE(sessions.is_null("/next")) << sessions.body;
    EXPECT_EQ(admin.get(of_one + "&cursor=" + sessions.text("/next")).status, 200);
    EXPECT_EQ(admin.get(of_two + "&cursor=" + sessions.text("/next")).status, 400);
}

// What GET gave is taken back by PUT; a read-only member that differs is refused, for it would not be done.
TEST(Put, TakesWhatGetGave) {
    ApiClient admin = administrator(api());
    std::vector<std::string> targets{kMe};
    for (const Thing& thing : one_of_each(admin)) targets.push_back(thing.target);
    const std::string account = targets.back();
    ASSERT_EQ(admin.post(account + "/secrets", "").status, 201);
    for (const std::string& target : targets) {
        SCOPED_TRACE(target);
        const Answer read = latest(admin, target);
        ASSERT_EQ(read.status, 200) << read.body;
        const Answer same = admin.put(target, read.body, if_match(etag(read)));
        EXPECT_LT(same.status, 300) << same.body;
        EXPECT_EQ(latest(admin, target).body, read.body) << "nothing was changed";
        const std::string id = read.text("/id");
        std::string other = read.body;
        other.replace(other.find(id), id.size(), "01890a5d-ac96-774b-bcce-b302099a8057");
        const Answer refused = admin.put(target, other);
        EXPECT_EQ(refused.status, 400) << refused.body;
        EXPECT_NE(refused.body.find("read-only"), std::string::npos) << refused.body;
        EXPECT_EQ(admin.put(target, read.body.substr(0, read.body.size() - 1) + R"(,"unheard-of":1})").status, 400);
    }
    const Answer me = admin.get(kMe);
    for (const auto& [from, to] : {std::pair("\"administrator\":true", "\"administrator\":false"),
                                   std::pair("\"status\":\"active\"", "\"status\":\"disabled\""),
                                   std::pair("\"email_verified\":false", "\"email_verified\":true")}) {
        std::string other = me.body;
        const auto at = other.find(from);
        ASSERT_NE(at, std::string::npos) << from;
        other.replace(at, std::string_view(from).size(), to);
        EXPECT_EQ(admin.put(kMe, other).problem(), "invalid-fields") << to;
    }
}

// Who may write and not read is told nothing of what they may not read.
TEST(Put, IsNoOracleForWhoMayNotRead) {
    ApiClient admin = administrator(api());
    const Visitor desk = visitor(api());
    const Answer role =
        admin.post(kRoles, R"({"name":")" + unique("desk") + R"(","permissions":["keyledger.users:write"]})");
    ASSERT_EQ(admin.send("PUT", std::string(kUsers) + "/" + desk.person.id + "/roles/" + role.text("/id")).status, 204);
    const Person victim = register_somebody(api());
    ApiClient client = api().as(desk.tokens.access);
    for (const std::string& email : {victim.email, std::string("guess@example.com")})
        EXPECT_EQ(client.put(std::string(kUsers) + "/" + victim.id, json_object({{"email", email}})).status, 403);
    EXPECT_EQ(client.put(std::string(kUsers) + "/" + victim.id, json_object({{"name", unique("Name")}})).status, 200);
}

// Introspection and every list agree, though no event ended the session.
TEST(Sessions, AreShownAsOverOnceTheyIdledOut) {
    const RunningService hasty(deployment(), {{"KEYLEDGER_SESSION_IDLE_SECONDS", "3"}});
    const Visitor one = visitor(api());
    ApiClient admin = administrator(api());
    const Answer mark = admin.put(kMe, json_object({{"name", unique("Mark")}}));
    const std::string target = std::string(kUsers) + "/" + one.person.id + "/sessions";
    const Answer patient = admin.get(target, since(mark));
    EXPECT_TRUE(patient.is_null("/items/0/ended_at")) << patient.body;
    EXPECT_TRUE(patient.is_null("/items/0/end_reason"));

    ApiClient reader(hasty.port());
    const auto over = [&] { return !is_active(reader, one.tokens.access); };
    ASSERT_TRUE(comes_true(over)) << "three seconds after its start";
    // The administrator's session idles out there, too: they log in anew.
    const Answer listed = administrator(reader).get(target);
    ASSERT_EQ(listed.status, 200) << listed.body;
    EXPECT_EQ(listed.text("/items/0/end_reason"), "idle") << listed.body;
    EXPECT_GT(listed.text("/items/0/ended_at"), listed.text("/items/0/started_at"));
    EXPECT_LT(listed.text("/items/0/ended_at"), listed.text("/items/0/expires_at"));
}

}  // namespace
}  // namespace keyledger::test
