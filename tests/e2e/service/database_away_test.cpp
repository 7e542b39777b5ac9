// The database goes away under the service, hangs, or is too slow for one thing only. Until it is back every
// answer that needs the log is a 503: nobody is let in, and no token is called good or bad by what somebody
// remembers (I8, I12).
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <pqxx/pqxx>
#include <set>
#include <thread>

#include "tests/e2e/clients/applications.hpp"
#include "tests/e2e/clients/registrars.hpp"
#include "tests/e2e/oauth/page_calls.hpp"
#include "tests/e2e/service/mailed_links.hpp"
#include "tests/e2e/service/passkey_calls.hpp"
#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"
#include "tests/support/postgres/tcp_proxy.hpp"

namespace keyledger::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kRequestTimeout = 1500ms;
constexpr auto kRecoveryPatience = 30s;
// Beyond the time-out: scheduling on a busy machine, and the end of a query that was in flight.
constexpr auto kTolerance = 6s;

constexpr const char* kNobody = "/01890a5d-ac96-774b-bcce-b302099a8057";
constexpr const char* kDevices = "/api/v1/auth/devices";
constexpr const char* kIdentities = "/api/v1/auth/identities";
constexpr const char* kRoles = "/api/v1/admin/roles";
constexpr const char* kGroups = "/api/v1/admin/groups";
constexpr const char* kAdministrators = "/6b65796c-6564-8065-8072-6f6c65000001";

struct Call {
    std::string name;
    std::function<Answer()> send;
};

class DatabaseAway : public testing::Test {
protected:
    TcpProxy proxy_{port_of(deployment().database().service_url())};
    RunningService service_{deployment(),
                            {{"KEYLEDGER_DATABASE_URL", through(proxy_, deployment().database().service_url())},
                             {"KEYLEDGER_REQUEST_TIMEOUT_MS", std::to_string(kRequestTimeout / 1ms)},
                             {"KEYLEDGER_ROLES", "api,projector"},
                             {"KEYLEDGER_EMAIL_VERIFICATION", "required"},
                             {"KEYLEDGER_OWN_ERASURE_GRACE_HOURS", "168"}}};
    ApiClient client_{service_.port()};
    Visitor one_ = visitor(api());  // a node where nobody has to prove an address
    std::string admin_token_ = log_in(client_, {"", kAdminEmail, "", kAdminPassword}).access;
    std::string group_ = client_.as(admin_token_).post(kGroups, json_object({{"name", unique("group")}})).text("/id");
    std::string account_ = client_.as(admin_token_)
                               .post(kAccounts, R"({"name":")" + unique("account") + R"(","audiences":[]})")
                               .text("/id");
    // So that queries, too, ask for something new.
    HttpHeaders at_head_ = since(client_.as(one_.tokens.access).put(kMe, json_object({{"name", unique("Name")}})));

    static void expect_unavailable(const Answer& answer, const std::string& what) {
        static const std::set<std::string> kTypes{"unavailable", "try-again", "outcome-unknown"};
        EXPECT_EQ(answer.status, 503) << what << answer.body;
        EXPECT_TRUE(kTypes.contains(answer.problem())) << what << answer.body;
        EXPECT_TRUE(answer.header("Retry-After")) << what;
        EXPECT_EQ(answer.body.find(R"("active":true)"), std::string::npos) << what;
    }

    // What opens something by mail, of before the database went away.
    std::string log_in_handle_ = client_.post(kLogInCode, json_object({{"email", one_.person.email}})).text("/handle");
    std::string unlock_link_ = [this] {
        EXPECT_EQ(client_.post(kAskToUnlock, json_object({{"email", one_.person.email}})).status, 202);
        return mailbox().await_mail(one_.person.email, "Open your account").from_link("token");
    }();
    std::string confirmation_link_ = [this] {
        EXPECT_EQ(admin().send("POST", std::string(kUsers) + "/" + one_.person.id + "/send-verification").status, 204);
        return mailbox().await_mail(one_.person.email, "Is this your address").from_link("token");
    }();
    std::string invitation_link_ = [this] {
        const std::string email = somebody().email;
        EXPECT_EQ(admin().post(kUsers, R"({"invite":true,"email":")" + email + "\"}").status, 201);
        return mailbox().await_mail(email, "You have an account").from_link("token");
    }();
    std::string change_handle_ =
        client_.as(one_.tokens.access)
            .post("/api/v1/auth/change-email",
                  json_object({{"email", somebody().email}, {"current_password", one_.person.password}}))
            .text("/handle");

    MailedLinks links_ = links_of_somebody(client_);
    // Somebody who registers, and has not shown that the address is theirs.
    struct Newcomer {
        std::string handle;
        std::string link;
    };
    Newcomer newcomer_ = [this] {
        const Person bob = somebody();
        const Answer begun = client_.post(kRegister, registration_of(bob));
        EXPECT_EQ(begun.status, 202) << begun.body;
        return Newcomer{begun.text("/handle"), mailbox().await_mail(bob.email, "is your code").from_link("token")};
    }();
    // Half in: a node that demands a second factor asks them to enrol one.
    std::string mfa_token_ = [this] {
        RunningService demanding(deployment(), {{"KEYLEDGER_SECOND_FACTOR", "all"}});
        ApiClient there(demanding.port());
        const Answer half = try_log_in(there, one_.person.email, one_.person.password);
        EXPECT_EQ(half.problem(), "mfa-enrolment-required") << half.body;
        return half.text("/mfa_token");
    }();

    std::function<Answer()> register_client_ = client_registration(client_);
    AtPasskeys at_passkeys_ = at_passkeys(client_);
    OnTheWay on_the_way_ = on_the_way(client_, one_.person, mfa_token_);

    // Over a connection of its own each, so that they can be sent at once.
    ApiClient anybody() const { return client_.with("Accept", "application/problem+json"); }
    ApiClient them() const { return client_.as(one_.tokens.access); }
    ApiClient admin() const { return client_.as(admin_token_); }

    ApiClient gateway() const { return client_.with("Authorization", deployment().gateway.basic()); }
    std::string question() const {
        return R"({"subject":{"type":"user","id":")" + one_.person.id +
               R"("},"resource":{"type":"a","id":"1"},"action":{"name":"b"}})";
    }
    std::string question_without_action() const {
        return R"({"subject":{"type":"user","id":")" + one_.person.id + R"("},"resource":{"type":"a","id":"1"}})";
    }

    std::vector<Call> queries() const {
        const std::string user = std::string(kUsers) + "/" + one_.person.id;
        return {{"list my sessions", [this] { return them().get(kSessions, at_head_); }},
                {"list users", [this] { return admin().get(kUsers, at_head_); }},
                {"list the audit trail", [this] { return admin().get(kAudit, at_head_); }},
                {"export the audit trail", [this] { return admin().get(kAuditExport, at_head_); }},
                {"show a user", [this, user] { return admin().get(user, at_head_); }},
                {"list his sessions", [this, user] { return admin().get(user + "/sessions", at_head_); }},
                {"list his roles", [this, user] { return admin().get(user + "/roles", at_head_); }},
                {"list his groups", [this, user] { return admin().get(user + "/groups", at_head_); }},
                {"explain him", [this, user] { return admin().get(user + "/permissions", at_head_); }},
                {"list groups", [this] { return admin().get(kGroups, at_head_); }},
                {"show a group", [this] { return admin().get(kGroups + ("/" + group_), at_head_); }},
                {"list members", [this] { return admin().get(kGroups + ("/" + group_) + "/members", at_head_); }},
                {"list a group's roles", [this] { return admin().get(kGroups + ("/" + group_) + "/roles", at_head_); }},
                {"list service accounts", [this] { return admin().get(kAccounts, at_head_); }},
                {"list applications", [this] { return admin().get(kApplications, at_head_); }},
                {"list an account's groups",
                 [this] { return admin().get(kAccounts + ("/" + account_) + "/groups", at_head_); }},
                {"explain an account",
                 [this] { return admin().get(kAccounts + ("/" + account_) + "/permissions", at_head_); }},
                {"list roles", [this] { return admin().get(kRoles, at_head_); }},
                {"show a role", [this] { return admin().get(kRoles + std::string(kAdministrators), at_head_); }}};
    }
    std::vector<Call> commands_upon_service_accounts() const {
        const std::string grant = form_body({{"grant_type", "client_credentials"},
                                             {"client_id", one_.person.id},
                                             {"client_secret", "kls_" + std::string(64, 'A')}});
        const std::string account = R"({"name":")" + unique("account") + R"(","audiences":[]})";
        const std::string change_account =
            R"({"name":")" + unique("account") + R"(","audiences":[],"status":"enabled"})";
        return {
            {"get a token", [=, this] { return anybody().form(kToken, grant); }},
            {"register a service account", [=, this] { return admin().post(kAccounts, account); }},
            {"change a service account",
             [=, this] { return admin().put(kAccounts + ("/" + one_.person.id), change_account); }},
            {"delete a service account", [this] { return admin().del(kAccounts + ("/" + one_.person.id)); }},
            {"make a secret", [this] { return admin().send("POST", kAccounts + ("/" + one_.person.id) + "/secrets"); }},
            {"remove a secret",
             [this] { return admin().del(kAccounts + ("/" + one_.person.id) + "/secrets/" + one_.person.id); }},
            {"register a key",
             [this] {
                 return admin().post(kAccounts + ("/" + one_.person.id) + "/keys",
                                     R"({"kty":"OKP","crv":"Ed25519",)"
                                     R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})");
             }},
            {"assign an account a role",
             [this] { return admin().send("PUT", kAccounts + ("/" + one_.person.id) + "/roles/" + one_.person.id); }},
            {"withdraw a role of an account",
             [this] { return admin().del(kAccounts + ("/" + one_.person.id) + "/roles/" + one_.person.id); }},
            {"remove a key", [this] { return admin().del(kAccounts + ("/" + one_.person.id) + "/keys/x"); }}};
    }
    std::vector<Call> commands_upon_applications() const {
        std::vector<Call> calls{{"register one by a program", register_client_}};
        for (const auto& [what, ask] : application_calls(one_.person.id))
            calls.push_back({what, [ask = ask, as = admin(), at = at_head_]() mutable { return ask(as, at); }});
        return calls;
    }
    std::vector<Call> pages_and_their_forms() const {
        std::vector<Call> calls;
        for (const auto& [what, ask] : page_calls(on_the_way_, one_.person))
            calls.push_back({what, [ask = ask, as = anybody()]() mutable { return ask(as); }});
        for (const auto& [what, ask] : passkey_calls(at_passkeys_))
            calls.push_back({what, [ask = ask, as = anybody()] { return ask(as); }});
        for (const auto& [what, ask] : mail_page_calls(on_the_way_, one_.person, newcomer_.handle, log_in_handle_))
            calls.push_back({what, [ask = ask, as = anybody()]() mutable { return ask(as); }});
        calls.push_back(
            {"withdraw a consent", [this] { return them().del("/api/v1/auth/consents/" + on_the_way_.shop); }});
        return calls;
    }
    std::vector<Call> commands_upon_groups() const {
        const std::string group = kGroups + ("/" + group_);
        const std::string name = R"({"name":")" + unique("group") + R"("})";
        std::vector<Call> calls{{"define a group", [=, this] { return admin().post(kGroups, name); }},
                                {"rename a group", [=, this] { return admin().put(group, name); }},
                                {"delete a group", [=, this] { return admin().del(group); }}};
        for (const char* inside : {"/members/", "/service-accounts/", "/groups/", "/roles/"}) {
            const std::string target = group + inside + one_.person.id;
            calls.push_back({"put " + target, [=, this] { return admin().send("PUT", target); }});
            calls.push_back({"take " + target, [=, this] { return admin().del(target); }});
        }
        return calls;
    }
    std::vector<Call> commands_upon_addresses() const {
        const std::string user = std::string(kUsers) + "/" + one_.person.id;
        const std::string accept = json_object(
            {{"token", invitation_link_}, {"new_password", watch_secret("an unused one, as long as that")}});
        return {
            {"invite", [=, this] { return admin().send("POST", user + "/invitation"); }},
            {"send a verification", [=, this] { return admin().send("POST", user + "/send-verification"); }},
            {"accept an invitation", [=, this] { return anybody().post("/api/v1/auth/accept-invitation", accept); }},
            {"accept one by the page",
             [this] {
                 return anybody().form("/account/invitation",
                                       form_body({{"token", invitation_link_}, {"new_password", "p"}}));
             }},
            {"ask for another address",
             [=, this] {
                 return them().post("/api/v1/auth/change-email",
                                    json_object({{"email", "other@people.keyledger.test"},
                                                 {"current_password", one_.person.password}}));
             }},
            {"confirm another address", [this] {
                 return them().post("/api/v1/auth/change-email/confirm",
                                    json_object({{"handle", change_handle_}, {"code", "000000"}}));
             }}};
    }
    // As JSON, and by the button of its page.
    std::vector<Call> commands_by_links() const {
        std::vector<Call> calls;
        const auto add = [&](const char* route, const char* page, const std::string& token) {
            const std::string json = json_object({{"token", token}});
            const std::string form = form_body({{"token", token}});
            calls.push_back({route, [=, this] { return anybody().post(route, json); }});
            calls.push_back({page, [=, this] { return anybody().form(page, form); }});
        };
        add("/api/v1/auth/undo", "/account/undo", links_.undo);
        add("/api/v1/auth/not-me", "/account/not-me", links_.not_me);
        add("/api/v1/auth/keep-account", "/account/keep-account", links_.keep);
        add("/api/v1/auth/confirm-address", "/account/confirm-address", confirmation_link_);
        add("/api/v1/auth/unlock/confirm", kUnlockPage, unlock_link_);
        return calls;
    }
    std::vector<Call> commands_on_the_way_in() const {
        const std::string handle = json_object({{"handle", newcomer_.handle}});
        const std::string code = json_object({{"handle", newcomer_.handle}, {"code", "000000"}});
        const std::string link = form_body({{"token", newcomer_.link}, {"password", "not the password"}});
        const std::string password =
            json_object({{"email", one_.person.email}, {"password", "wrong"}, {"new_password", "p"}});
        const std::string factor = json_object({{"mfa_token", mfa_token_}, {"code", "000000"}});
        const std::string enrolment = json_object({{"mfa_token", mfa_token_}});
        return {{"verify an address", [=, this] { return anybody().post("/api/v1/auth/verify-email", code); }},
                {"verify one by the page", [=, this] { return anybody().form("/account/verify-email", link); }},
                {"ask for another code", [=, this] { return anybody().post("/api/v1/auth/resend-otp", handle); }},
                {"replace a password", [=, this] { return anybody().post("/api/v1/auth/replace-password", password); }},
                {"present a factor", [=, this] { return anybody().post("/api/v1/auth/verify-mfa", factor); }},
                {"enrol one", [=, this] { return anybody().post("/api/v1/auth/enrol-mfa", enrolment); }}};
    }
    std::vector<Call> commands_upon_factors_and_devices() const {
        const std::string user = std::string(kUsers) + "/" + one_.person.id;
        const std::string mfa = "/api/v1/auth/mfa/";
        const std::string factor = mfa + "factors" + kNobody;
        const std::string device = std::string(kDevices) + kNobody;
        const std::string named = json_object({{"name", "n"}});
        const std::string proof = json_object({{"current_password", one_.person.password}, {"code", "000000"}});
        const std::string newcomer = json_object({{"email", somebody().email}});
        const HttpHeaders json{{"Content-Type", "application/json"}};
        return {{"enable mfa", [=, this] { return them().post(mfa + "enable", proof); }},
                {"verify mfa",
                 [=, this] {
                     return them().post(mfa + "verify", json_object({{"code", "000000"}}));
                 }},
                {"disable mfa", [=, this] { return them().post(mfa + "disable", proof); }},
                {"renew codes", [=, this] { return them().post(mfa + "recovery-codes", proof); }},
                {"list factors", [=, this] { return them().get(mfa + "factors"); }},
                {"rename a factor", [=, this] { return them().put(factor, named); }},
                {"remove a factor", [=, this] { return them().send("DELETE", factor, json, proof); }},
                {"list my devices", [this] { return them().get(kDevices); }},
                {"list a user's devices", [=, this] { return admin().get(user + "/devices"); }},
                {"name a device", [=, this] { return them().put(device, named); }},
                {"forget a device", [=, this] { return them().del(device); }},
                {"list my identities", [this] { return them().get(kIdentities); }},
                {"list a user's identities", [=, this] { return admin().get(user + "/identities"); }},
                {"link an identity", [this] { return them().post(kIdentities, R"({"provider":"p"})"); }},
                {"unlink an identity", [this] { return them().del(std::string(kIdentities) + kNobody); }},
                {"make a user", [=, this] { return admin().post(kUsers, newcomer); }},
                {"make users",
                 [=, this] {
                     const HttpHeaders lines{{"Content-Type", "application/x-ndjson"}};
                     return admin().send("POST", std::string(kUsers) + "/bulk", lines, newcomer);
                 }},
                {"set a password", [=, this] { return admin().post(user + "/one-time-password", "{}"); }},
                {"reset factors", [=, this] { return admin().send("POST", user + "/reset-second-factor"); }}};
    }
    std::vector<Call> commands() const {
        const std::string user = std::string(kUsers) + "/" + one_.person.id;
        const std::string session = std::string(kSessions) + "/" + one_.tokens.session_id;
        const HttpHeaders basic{{"Authorization", deployment().gateway.basic()}};
        const std::string change = json_object(
            {{"current_password", one_.person.password}, {"new_password", watch_secret("an unused one, long enough")}});
        const std::string good = json_object({{"email", one_.person.email}, {"password", one_.person.password}});
        const std::string bad = json_object({{"email", "no@keyledger.test"}, {"password", "wrong"}});
        const std::string newcomer = registration_of(somebody());
        const std::string ask = json_object({{"email", one_.person.email}});
        const std::string reset = json_object({{"token", "t"}, {"new_password", "p"}});
        const std::string complete = json_object({{"handle", log_in_handle_}, {"code", "00000000"}});
        const std::string token = form_body({{"token", one_.tokens.refresh}});
        const std::string role = R"({"name":")" + unique("role") + R"(","permissions":[]})";
        return {
            {"register", [=, this] { return anybody().post(kRegister, newcomer); }},
            {"log in", [=, this] { return anybody().post(kLogin, good); }},
            {"log in as nobody", [=, this] { return anybody().post(kLogin, bad); }},
            {"ask for a reset", [=, this] { return anybody().post(kForgotPassword, ask); }},
            {"reset", [=, this] { return anybody().post(kResetPassword, reset); }},
            {"reset by the page", [this] { return anybody().form(kResetPage, "token=t&new_password=p"); }},
            {"ask to unlock", [=, this] { return anybody().post(kAskToUnlock, ask); }},
            {"ask for a magic link", [=, this] { return anybody().post(kMagicLink, ask); }},
            {"ask for a code", [=, this] { return anybody().post(kLogInCode, ask); }},
            {"complete", [=, this] { return anybody().post(kCompleteLogIn, complete); }},
            {"refresh", [this] { return refresh(anybody(), one_.tokens.refresh); }},
            {"update me",
             [this] {
                 return them().put(kMe, json_object({{"name", unique("Name")}}));
             }},
            {"end my session", [=, this] { return them().del(session); }},
            {"end my sessions", [this] { return them().del(kSessions); }},
            {"change the password", [=, this] { return them().post(kChangePassword, change); }},
            {"reauthenticate",
             [=, this] {
                 const std::string password = json_object({{"password", one_.person.password}});
                 return them().post("/api/v1/auth/reauthenticate", password);
             }},
            {"clean up sessions", [=, this] { return admin().send("POST", "/api/v1/admin/cleanup-sessions"); }},
            {"activate", [=, this] { return admin().send("POST", user + "/activate"); }},
            {"deactivate", [=, this] { return admin().send("POST", user + "/deactivate"); }},
            {"unlock", [=, this] { return admin().send("POST", user + "/unlock"); }},
            {"erase the administrator",
             [=, this] {
                 return admin().send("DELETE", kMe, {{"Content-Type", "application/json"}},
                                     json_object({{"current_password", kAdminPassword}}));
             }},
            {"keep me", [this] { return them().del(std::string(kMe) + "/erasure"); }},
            {"erase nobody", [this] { return admin().del(std::string(kUsers) + kNobody); }},
            {"keep nobody", [this] { return admin().del(std::string(kUsers) + kNobody + std::string("/erasure")); }},
            {"update a user", [=, this] { return admin().put(user, "{}"); }},
            {"end a user's sessions", [=, this] { return admin().del(user + "/sessions"); }},
            {"define a role", [=, this] { return admin().post(kRoles, role); }},
            {"change a role", [=, this] { return admin().put(kRoles + ("/" + one_.person.id), role); }},
            {"delete a role", [this] { return admin().del(kRoles + ("/" + one_.person.id)); }},
            {"assign a role", [=, this] { return admin().send("PUT", user + "/roles/" + one_.person.id); }},
            {"withdraw a role", [=, this] { return admin().del(user + "/roles/" + one_.person.id); }},
            {"log out", [this] { return them().send("POST", kLogout); }},
            {"revoke", [=, this] { return anybody().form(kRevoke, token, basic); }}};
    }
    // Every operation that needs the log, with tokens that were good a moment ago.
    std::vector<Call> everything() const {
        std::vector<Call> all{
            {"introspect", [this] { return introspect(client_, deployment().gateway, one_.tokens.access); }},
            {"introspect a refresh token",
             [this] { return introspect(client_, deployment().gateway, one_.tokens.refresh); }},
            {"show me", [this] { return them().get(kMe); }},
            {"show the tree head", [this] { return admin().get(kTreeHead); }},
            {"evaluate", [this] { return gateway().post("/access/v1/evaluation", question()); }},
            {"evaluate several", [this] { return gateway().post("/access/v1/evaluations", question()); }},
            {"search subjects", [this] { return gateway().post("/access/v1/search/subject", question()); }},
            {"search resources", [this] { return gateway().post("/access/v1/search/resource", question()); }},
            {"search actions",
             [this] { return gateway().post("/access/v1/search/action", question_without_action()); }},
            {"show a lock-out",
             [this] { return admin().get(std::string(kUsers) + "/" + one_.person.id + "/lock-out"); }},
            {"show a service account", [this] { return admin().get(kAccounts + ("/" + one_.person.id)); }},
            {"evaluate oneself", [this] { return them().post("/access/v1/evaluation", question()); }}};
        for (const auto& more : {queries(), commands(), commands_upon_groups(), commands_upon_service_accounts(),
                                 commands_upon_applications(), commands_upon_addresses(), pages_and_their_forms(),
                                 commands_upon_factors_and_devices(), commands_by_links(), commands_on_the_way_in()})
            all.insert(all.end(), more.begin(), more.end());
        return all;
    }

    // No answer within the client's patience is an answer without a status.
    static std::vector<Answer> at_once(const std::vector<Call>& calls) {
        std::vector<Answer> answers(calls.size());
        std::vector<std::thread> callers;
        auto call_one = [&](std::size_t i) {
            const auto start = Clock::now();
            try {
                answers[i] = calls[i].send();
            } catch (const ClientError& error) {
                ADD_FAILURE() << calls[i].name << ": " << error.what();
            }
            EXPECT_LT(Clock::now() - start, kRequestTimeout + kTolerance) << calls[i].name;
        };
        for (std::size_t i = 0; i < calls.size(); ++i) callers.emplace_back(call_one, i);
        for (std::thread& caller : callers) caller.join();
        return answers;
    }

    void expect_recovery() {
        service_.await_ready();
        const auto until = Clock::now() + kRecoveryPatience;
        while (introspect(client_, deployment().gateway, one_.tokens.access).status != 200)
            ASSERT_LT(Clock::now(), until) << "it does not recover";
    }
};

TEST_F(DatabaseAway, LetsNobodyInAndCallsNoTokenGood) {
    proxy_.refuse();
    proxy_.cut();
    // A command that goes out before that is noticed is of unknown outcome, and may be carried out in the end.
    const auto until = Clock::now() + kRecoveryPatience;
    while (client_.get("/health/ready").status != 503) ASSERT_LT(Clock::now(), until) << "it does not notice";
    for (const Call& call : everything()) expect_unavailable(call.send(), call.name);
    for (const char* target : {"/health/live", "/.well-known/jwks.json"}) EXPECT_EQ(client_.get(target).status, 200);
    for (const char* target : {"/health", "/health/ready"}) {
        const Answer health = client_.get(target);
        EXPECT_EQ(health.status, 503) << target;
        EXPECT_EQ(health.text("/status"), "not-ready") << target;
    }
    EXPECT_NE(client_.get("/").body.find("<h1>The service is not ready</h1>"), std::string::npos);
    proxy_.accept_again();
    expect_recovery();
    EXPECT_TRUE(is_active(client_, one_.tokens.access));
    EXPECT_EQ(them().get(kMe).text("/id"), one_.person.id);
    EXPECT_EQ(refresh(client_, one_.tokens.refresh).status, 200);
}

// It is there but does not get on, here behind somebody's lock: every request is answered in time all the
// same.
TEST_F(DatabaseAway, AnswersInTimeWhenQueriesHang) {
    const std::vector<Call> calls = everything();
    {
        pqxx::connection owner(deployment().database().owner_url());
        pqxx::work lock(owner);
        lock.exec("lock table keyledger.events, keyledger.streams, read_models.current in access exclusive mode");
        const auto answers = at_once(calls);
        for (std::size_t i = 0; i < calls.size(); ++i)
            // A link that does not open is refused without a question to anybody.
            if (!std::string_view(calls[i].name).starts_with("reset")) expect_unavailable(answers[i], calls[i].name);
    }
    expect_recovery();
}

// Reading goes on, appending does not: a command that was sent is of unknown outcome when its caller can wait
// no longer, and the caller is told so. It is appended in the end, and repeating it with its key tells what came of
// it, while repeating it without would do it twice (I5).
TEST_F(DatabaseAway, TellsThatAnOutcomeIsUnknownAndLaterWhatItWas) {
    const std::string name = json_object({{"name", unique("Name")}});
    const HttpHeaders key{{"Idempotency-Key", unique("key")}};
    {
        pqxx::connection owner(deployment().database().owner_url());
        pqxx::work lock(owner);
        lock.exec("lock table keyledger.events in exclusive mode");
        const Answer unknown = them().put(kMe, name, key);
        EXPECT_EQ(unknown.problem(), "outcome-unknown") << unknown.body;
        EXPECT_EQ(them().get(kMe).status, 200) << "what needs no append works on";
    }
    const auto until = Clock::now() + kRecoveryPatience;
    Answer told;
    while ((told = them().put(kMe, name, key)).status == 503) ASSERT_LT(Clock::now(), until) << "it does not recover";
    EXPECT_EQ(told.status, 200) << told.body;
    EXPECT_EQ(told.header("Idempotency-Replayed"), "true");
}

// Only the projections stand still: callers who ask for their own write are told to come again, others are answered
// from what there is.
TEST_F(DatabaseAway, TellsThatAReadModelIsBehind) {
    const std::vector<Call> calls = queries();
    ApiClient bob = client_.as(visitor(api()).tokens.access);
    const std::string device = std::string(kDevices) + "/" + bob.get(kDevices).text("/items/0/id");
    {
        pqxx::connection owner(deployment().database().owner_url());
        pqxx::work lock(owner);
        lock.exec("lock table keyledger.checkpoints in exclusive mode");
        at_head_ = since(them().put(kMe, json_object({{"name", unique("Name")}})));
        const auto answers = at_once(calls);
        for (std::size_t i = 0; i < calls.size(); ++i)
            EXPECT_EQ(answers[i].problem(), "read-model-behind") << calls[i].name << answers[i].body;
        EXPECT_EQ(them().get(kSessions).status, 200);
        EXPECT_EQ(bob.del(device).problem(), "read-model-behind") << "which sessions end with it is not known yet";
    }
    for (const Call& call : calls) {
        const auto until = Clock::now() + kRecoveryPatience;
        Answer answer;
        while ((answer = call.send()).status == 503) ASSERT_LT(Clock::now(), until) << call.name;
        EXPECT_EQ(answer.status, 200) << call.name << answer.body;
    }
}

}  // namespace
}  // namespace keyledger::test
