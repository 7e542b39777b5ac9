#pragma once
// Service accounts as the tests over HTTP make and use them.
#include <gtest/gtest.h>

#include <string>

#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {

inline std::string target(const std::string& id, const std::string& rest = "") { return kAccounts + ("/" + id) + rest; }
inline std::string definition(const std::string& name, const std::string& status = "") {
    const std::string rest = status.empty() ? "" : R"(,"status":")" + status + "\"";
    return R"({"name":")" + name + R"(","audiences":[")" + kOrders + R"("])" + rest + "}";
}

struct Account {
    std::string id;
    std::string name;
    std::string secret_id;
    ClientOfService client;  // with its first secret
};
inline Account account(ApiClient& admin) {
    Account made;
    made.name = unique("Service");
    const Answer registered = admin.post(kAccounts, definition(made.name));
    EXPECT_EQ(registered.status, 201) << registered.body;
    made.id = registered.text("/id");
    const Answer secret = admin.send("POST", target(made.id, "/secrets"));
    EXPECT_EQ(secret.status, 201) << secret.body;
    made.secret_id = secret.text("/id");
    made.client = {made.id, watch_secret(secret.text("/client_secret"))};
    return made;
}

inline Answer grant(const ClientOfService& as, const std::string& more = "") {
    return api().form(kToken, "grant_type=client_credentials" + more, {{"Authorization", as.basic()}});
}
inline std::string token_of(const ClientOfService& as, const std::string& more = "") {
    const Answer answer = grant(as, more);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return watch_secret(answer.text("/access_token"));
}
inline std::string error_of(const Answer& answer) { return answer.text("/error"); }

}  // namespace keyledger::test
