// People are erased, at their own wish and by administrators, at once and after a grace period.
#include <gtest/gtest.h>

#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kMyErasure = "/api/v1/auth/me/erasure";
constexpr const char* kNobody = "01890a5d-ac96-774b-bcce-b302099a8057";

std::string user_target(const std::string& id, const std::string& rest = {}) {
    return std::string(kUsers) + "/" + id + rest;
}
HttpHeaders key(const std::string& value) { return {{"Idempotency-Key", value}}; }
Answer ask_for_erasure(ApiClient client, const std::string& password, HttpHeaders headers = {}) {
    headers.push_back({"Content-Type", "application/json"});
    return client.send("DELETE", kMe, headers, json_object({{"current_password", password}}));
}

// A service that waits a day before it carries out an erasure; that of users themselves seven, as it does by default.
RunningService gracious() {
    return RunningService(deployment(),
                          {{"KEYLEDGER_ERASURE_GRACE_HOURS", "24"}, {"KEYLEDGER_OWN_ERASURE_GRACE_HOURS", "168"}});
}

TEST(EraseMe, EndsEverythingAndFreesTheNames) {
    const Visitor one = visitor(api());
    const Tokens other = log_in(api(), one.person);
    const Answer erased = ask_for_erasure(api().as(one.tokens.access), one.person.password);
    ASSERT_EQ(erased.status, 204) << erased.body;
    EXPECT_TRUE(erased.header("Keyledger-Position"));
    EXPECT_EQ(api().as(one.tokens.access).get(kMe).problem(), "invalid-token");
    EXPECT_FALSE(is_active(api(), other.access));
    EXPECT_EQ(refresh(api(), other.refresh).problem(), "invalid-grant");
    ApiClient anybody = api();
    EXPECT_EQ(try_log_in(anybody, one.person.email, one.person.password).problem(), "invalid-credentials");
    ApiClient admin = administrator(api());
    EXPECT_EQ(admin.get(user_target(one.person.id), since(erased)).problem(), "user-unknown");
    const Answer trail = admin.get(std::string(kAudit) + "?user=" + one.person.id, since(erased));
    EXPECT_EQ(trail.text("/items/0/type"), "user.erased");
    EXPECT_TRUE(trail.is_null("/items/0/client_address"));
    EXPECT_TRUE(trail.is_null("/items/3/user_agent"));
    const Answer again = anybody.post(kRegister, registration_of(one.person));
    ASSERT_EQ(again.status, 201) << again.body;
    EXPECT_NE(again.text("/id"), one.person.id);
}

// What went with the erasure was at no time, and not in 1970.
TEST(EraseMe, LeavesNoTimesToTheReplay) {
    const Visitor one = visitor(api());
    ASSERT_EQ(ask_for_erasure(api().as(one.tokens.access), one.person.password).status, 204);
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"audit", "replay", "--user", one.person.id},
          std::vector<std::string>{"audit", "replay", "--session", one.tokens.session_id},
          std::vector<std::string>{"audit", "replay"}}) {
        const ProcessResult done = deployment().run(words);
        EXPECT_EQ(done.exit_code, 0) << done.output;
        EXPECT_EQ(done.output.find("1970-"), std::string::npos) << done.output.substr(0, 2000);
    }
}

TEST(EraseMe, TakesTheCurrentPassword) {
    const Visitor one = visitor(api());
    const Answer refused = ask_for_erasure(api().as(one.tokens.access), "not the password");
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.problem(), "wrong-password");
    EXPECT_EQ(ask_for_erasure(api(), one.person.password).problem(), "invalid-token");
    EXPECT_EQ(api().as(one.tokens.access).get(kMe).status, 200);
    RunningService strict(deployment(),
                          {{"KEYLEDGER_LOGIN_NETWORK_BURST", "1"}, {"KEYLEDGER_LOGIN_NETWORK_RATE_PER_MINUTE", "1"}});
    ApiClient client = ApiClient(strict.port()).as(one.tokens.access);
    EXPECT_EQ(ask_for_erasure(client, "not the password").problem(), "wrong-password");
    EXPECT_EQ(ask_for_erasure(client, "not the password").problem(), "too-many-attempts");
}

// Who is erased is nobody that could ask again: whether it went through is told by what no longer opens.
TEST(EraseMe, IsNotRepeatedByWhoeverIsErased) {
    const Visitor one = visitor(api());
    const std::string once = unique("key");
    const Answer first = ask_for_erasure(api().as(one.tokens.access), one.person.password, key(once));
    const Answer second = ask_for_erasure(api().as(one.tokens.access), one.person.password, key(once));
    EXPECT_EQ(first.status, 204);
    EXPECT_EQ(second.problem(), "invalid-token") << second.body;
}

TEST(EraseUser, AnswersARepeatedRequestAsTheFirst) {
    const Visitor one = visitor(api());
    ApiClient admin = administrator(api());
    const std::string once = unique("key");
    const Answer first = admin.del(user_target(one.person.id), key(once));
    const Answer second = admin.del(user_target(one.person.id), key(once));
    EXPECT_EQ(first.status, 204);
    EXPECT_EQ(second.status, 204) << second.body;
    EXPECT_EQ(second.header("Keyledger-Position"), first.header("Keyledger-Position"));
    EXPECT_EQ(second.header("Idempotency-Replayed"), "true");
    EXPECT_EQ(admin.del(user_target(one.person.id)).problem(), "user-unknown") << "without the key";
}

TEST(EraseUser, IsForAdministrators) {
    const Visitor one = visitor(api());
    const Visitor other = visitor(api());
    ApiClient them = api().as(other.tokens.access);
    ApiClient admin = administrator(api());
    const std::string target = user_target(one.person.id);
    for (const std::string& path : {target, target + "/erasure"}) {
        EXPECT_EQ(them.del(path).problem(), "forbidden");
        EXPECT_EQ(api().del(path).problem(), "invalid-token");
    }
    EXPECT_EQ(admin.del(target).status, 204);
    EXPECT_EQ(api().as(one.tokens.access).get(kMe).problem(), "invalid-token");
    for (const std::string& id : {one.person.id, std::string(kNobody), std::string("nobody")}) {
        EXPECT_EQ(admin.del(user_target(id)).problem(), "user-unknown") << id;
        EXPECT_EQ(admin.del(user_target(id, "/erasure")).problem(), "user-unknown") << id;
    }
}

TEST(EraseUser, IsRefusedForTheAdministrator) {
    ApiClient admin = administrator(api());
    const std::string id = admin.get(kMe).text("/id");
    EXPECT_EQ(admin.del(user_target(id)).problem(), "last-administrator");
    EXPECT_EQ(ask_for_erasure(admin, kAdminPassword).problem(), "last-administrator");
    EXPECT_EQ(admin.get(kMe).status, 200);
}

TEST(GracePeriod, LetsARequestBeTakenBack) {
    RunningService service = gracious();
    const ApiClient anybody(service.port());
    const Visitor one = visitor(anybody);
    const Answer requested = ask_for_erasure(anybody.as(one.tokens.access), one.person.password);
    ASSERT_EQ(requested.status, 202) << requested.body;
    EXPECT_FALSE(requested.text("/erase_at").empty());
    EXPECT_EQ(anybody.as(one.tokens.access).get(kMe).problem(), "invalid-token") << "sessions end";
    const Tokens back = log_in(anybody, one.person);
    const Answer pending = anybody.as(back.access).get(kMe);
    EXPECT_EQ(pending.text("/erase_at"), requested.text("/erase_at"));
    EXPECT_EQ(anybody.as(back.access).put(kMe, pending.body).text("/erase_at"), requested.text("/erase_at"));
    EXPECT_EQ(anybody.as(back.access).del(kMyErasure).status, 204);
    EXPECT_TRUE(anybody.as(back.access).get(kMe).is_null("/erase_at"));
    EXPECT_EQ(anybody.as(back.access).del(kMyErasure).status, 204) << "nothing is pending any more";
    EXPECT_EQ(anybody.as(back.access).get(kMe).text("/email"), one.person.email);

    ApiClient admin = administrator(anybody);
    const Answer by_admin = admin.del(user_target(one.person.id));
    ASSERT_EQ(by_admin.status, 202) << by_admin.body;
    EXPECT_EQ(admin.del(user_target(one.person.id)).text("/erase_at"), by_admin.text("/erase_at"));
    EXPECT_EQ(admin.del(user_target(one.person.id, "/erasure")).status, 204);
    EXPECT_EQ(anybody.as(back.access).del(kMyErasure).problem(), "invalid-token") << "sessions ended again";
}

// A thief of the password asks; the mail tells its owner, and its button keeps the account.
TEST(GracePeriod, EndsByTheButtonOfTheMail) {
    RunningService service = gracious();
    const ApiClient anybody(service.port());
    const Visitor one = visitor(anybody);
    prove_address(anybody, one.person);
    ASSERT_EQ(ask_for_erasure(anybody.as(one.tokens.access), one.person.password).status, 202);
    const std::string token = mailbox().await_mail(one.person.email, "will be erased").from_link("token");
    ApiClient browser = anybody;
    constexpr const char* kPage = "/account/keep-account";
    constexpr const char* kKeepAccount = "/api/v1/auth/keep-account";
    EXPECT_EQ(browser.get(std::string(kPage) + "?token=" + token).status, 200);
    EXPECT_EQ(browser.get(kPage).status, 400);
    EXPECT_EQ(browser.form(kPage, form_body({{"token", token}})).status, 200);
    expect_spent(browser, kPage, kKeepAccount, token);
    const Tokens back = log_in(anybody, one.person);
    ASSERT_EQ(ask_for_erasure(anybody.as(back.access), one.person.password).status, 202);
    EXPECT_EQ(browser.post(kKeepAccount, json_object({{"token", token}})).status, 204) << "an older mail does, too";
    expect_spent(browser, kPage, kKeepAccount, token);
}

TEST(GracePeriod, KeepsKeysToTheirRequests) {
    RunningService service = gracious();
    const ApiClient anybody(service.port());
    const Visitor one = visitor(anybody);
    const Visitor other = visitor(anybody);
    ApiClient admin = administrator(anybody);
    const std::string erase = unique("key");
    const std::string keep = unique("key");
    EXPECT_EQ(ask_for_erasure(anybody.as(one.tokens.access), one.person.password, key(erase)).status, 202);
    const Tokens first = log_in(anybody, one.person);
    const Tokens second = log_in(anybody, one.person);
    EXPECT_EQ(ask_for_erasure(anybody.as(first.access), one.person.password, key(erase)).problem(),
              "idempotency-mismatch");
    EXPECT_EQ(anybody.as(first.access).del(kMyErasure, key(keep)).status, 204);
    EXPECT_EQ(anybody.as(second.access).del(kMyErasure, key(keep)).problem(), "idempotency-mismatch");
    for (const char* rest : {"", "/erasure"}) {
        const std::string once = unique("key");
        admin.del(user_target(one.person.id, rest), key(once));
        EXPECT_EQ(admin.del(user_target(other.person.id, rest), key(once)).problem(), "idempotency-mismatch");
    }
    for (const std::string& value : {std::string("two words"), std::string(256, 'k')}) {
        EXPECT_EQ(ask_for_erasure(admin, "any", key(value)).problem(), "bad-request");
        EXPECT_EQ(admin.del(kMyErasure, key(value)).problem(), "bad-request");
        EXPECT_EQ(admin.del(user_target(kNobody), key(value)).problem(), "bad-request");
        EXPECT_EQ(admin.del(user_target(kNobody, "/erasure"), key(value)).problem(), "bad-request");
    }
    EXPECT_EQ(ApiClient(service.port()).del(kMyErasure).problem(), "invalid-token");
}

}  // namespace
}  // namespace keyledger::test
