#pragma once
// Service accounts whose tokens register applications (RFC 7591), as the tests over HTTP make and use them.
#include <functional>
#include <string>

#include "tests/e2e/clients/service_accounts.hpp"

namespace keyledger::test {

inline constexpr const char* kRegisterClient = "/oauth2/register";
inline constexpr const char* kRegisterPermission = "keyledger.clients:register";

inline std::string client_metadata(const std::string& rest = "") {
    return R"({"redirect_uris":["https://shop.example/callback"])" + rest + "}";
}
// With a role of its own.
inline Account account_with(ApiClient& admin, const std::string& permission) {
    const Account made = account(admin);
    const Answer role = admin.post("/api/v1/admin/roles",
                                   R"({"name":")" + unique("role") + R"(","permissions":[")" + permission + "\"]}");
    EXPECT_EQ(role.status, 201) << role.body;
    const Answer assigned = admin.send("PUT", target(made.id, "/roles/" + role.text("/id")));
    EXPECT_EQ(assigned.status, 204) << assigned.body;
    return made;
}
// An initial access token.
inline std::string registrar_token(ApiClient admin) {
    return token_of(account_with(admin, kRegisterPermission).client);
}

// One call, with a token of before it.
inline std::function<Answer()> client_registration(ApiClient client) {
    return [as = client.as(registrar_token(administrator(api())))]() mutable {
        return as.post(kRegisterClient, client_metadata());
    };
}

}  // namespace keyledger::test
