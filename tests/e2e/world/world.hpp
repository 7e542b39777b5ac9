#pragma once
// One deployment and one service for all tests of this programme, and what happens in most stories. They
// share them, so none may assume that a log or a list is empty; each makes people of its own.
#include <chrono>
#include <functional>
#include <string>

#include "tests/e2e/world/api_client.hpp"
#include "tests/e2e/world/deployment.hpp"
#include "tests/e2e/world/mailbox.hpp"
#include "tests/support/raw_server/raw_server.hpp"

namespace keyledger::test {

// Made at first use, stopped and judged at the end of the run.
const Deployment& deployment();
RunningService& service();
// Where the mail of every process of that deployment comes to.
Mailbox& mailbox();
// Of servers at https://localhost that the service is to believe.
const TestCertificate& certificate_of_applications();
// Nobody's: without a token.
ApiClient api();

struct Person {
    std::string id;
    std::string email;
    std::string username;
    std::string password;
};
struct Tokens {
    std::string access;
    std::string refresh;
    std::string session_id;
};

inline constexpr const char* kRegister = "/api/v1/auth/register";
inline constexpr const char* kLogin = "/api/v1/auth/login";
inline constexpr const char* kRefresh = "/api/v1/auth/refresh";
inline constexpr const char* kLogout = "/api/v1/auth/logout";
inline constexpr const char* kChangePassword = "/api/v1/auth/change-password";
inline constexpr const char* kForgotPassword = "/api/v1/auth/forgot-password";
inline constexpr const char* kResetPassword = "/api/v1/auth/reset-password";
inline constexpr const char* kAskToUnlock = "/api/v1/auth/unlock";
inline constexpr const char* kMagicLink = "/api/v1/auth/magic-link";
inline constexpr const char* kLogInCode = "/api/v1/auth/login-code";
inline constexpr const char* kCompleteLogIn = "/api/v1/auth/complete";
inline constexpr const char* kResetPage = "/account/reset-password";
inline constexpr const char* kUnlockPage = "/account/unlock";
inline constexpr const char* kMagicLinkPage = "/account/log-in";
inline constexpr const char* kMe = "/api/v1/auth/me";
inline constexpr const char* kSessions = "/api/v1/auth/sessions";
inline constexpr const char* kIntrospect = "/oauth2/introspect";
inline constexpr const char* kToken = "/oauth2/token";
inline constexpr const char* kAccounts = "/api/v1/admin/service-accounts";
inline constexpr const char* kRevoke = "/oauth2/revoke";
inline constexpr const char* kAudit = "/api/v1/admin/audit";
inline constexpr const char* kAuditExport = "/api/v1/admin/audit/export";
inline constexpr const char* kTreeHead = "/api/v1/audit/tree-head";
inline constexpr const char* kUsers = "/api/v1/admin/users";

// Somebody whom nobody registered yet: address, user name and password are made up.
Person somebody();
std::string registration_of(const Person& person);
Person register_somebody(ApiClient client);
Answer try_log_in(ApiClient& client, const std::string& email, const std::string& password);
Tokens tokens_of(const Answer& answer);
Tokens log_in(ApiClient client, const Person& person);
// Registered and logged in.
struct Visitor {
    Person person;
    Tokens tokens;
};
Visitor visitor(const ApiClient& client);
// They show that they read its mail, by a log-in with a code; links that undo something go to proven addresses alone.
void prove_address(ApiClient client, const Person& person);
ApiClient administrator(const ApiClient& client);

Answer introspect(ApiClient client, const ClientOfService& as, const std::string& token);
// By the client that may see every token.
bool is_active(const ApiClient& client, const std::string& token);
Answer refresh(ApiClient client, const std::string& token);

// What that node says of its readiness, each check with its reason.
std::string ready_text(const RunningService& node);
// A link that was used is answered as one that nobody ever made: there is no new mail to ask for, and no telling which.
void expect_spent(ApiClient client, const std::string& page, const std::string& route, const std::string& token);

// Looks until it is so; fails the running test with `what` where it does not come.
void await_that(const char* what, const std::function<bool()>& condition,
                std::chrono::seconds patience = std::chrono::seconds(30));

// A header for queries that read what a command wrote.
HttpHeaders since(const Answer& command);

// A value that no other call in this run returns.
std::string unique(const std::string& prefix);

}  // namespace keyledger::test
