#pragma once
// Applications as the tests over HTTP make and use them.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {

inline constexpr const char* kApplications = "/api/v1/admin/applications";

inline std::string application_target(const std::string& id, const std::string& rest = "") {
    return kApplications + ("/" + id) + rest;
}
// Of type web; `rest` begins with a comma.
inline std::string application_body(const std::string& name, const std::string& rest = "") {
    return R"({"name":")" + name +
           R"(","grant_types":["authorization_code"],"scopes":["openid"],"audiences":[],)"
           R"("redirect_uris":["https://orders.example/callback"],"post_logout_redirect_uris":[])" +
           rest + "}";
}
inline std::string register_application(ApiClient& admin, const std::string& rest = "") {
    const Answer registered = admin.post(kApplications, application_body(unique("Application"), rest));
    EXPECT_EQ(registered.status, 201) << registered.body;
    return registered.text("/id");
}

// One call of each operation upon an application, whether there is one or not; `at_head` is for lists.
using ApplicationCall = std::function<Answer(ApiClient&, const HttpHeaders& at_head)>;
inline std::vector<std::pair<std::string, ApplicationCall>> application_calls(const std::string& id) {
    const std::string one = application_target(id);
    const std::string key = R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
    const std::string changed = application_body("x", R"(,"status":"enabled")");
    return {
        {"list applications", [](ApiClient& as, const HttpHeaders& at_head) { return as.get(kApplications, at_head); }},
        {"register one",
         [](ApiClient& as, const HttpHeaders&) { return as.post(kApplications, application_body("x")); }},
        {"show one", [=](ApiClient& as, const HttpHeaders&) { return as.get(one); }},
        {"change one", [=](ApiClient& as, const HttpHeaders&) { return as.put(one, changed); }},
        {"delete one", [=](ApiClient& as, const HttpHeaders&) { return as.del(one); }},
        {"make a secret of one", [=](ApiClient& as, const HttpHeaders&) { return as.send("POST", one + "/secrets"); }},
        {"remove a secret of one", [=](ApiClient& as, const HttpHeaders&) { return as.del(one + "/secrets/" + id); }},
        {"register a key of one", [=](ApiClient& as, const HttpHeaders&) { return as.post(one + "/keys", key); }},
        {"remove a key of one", [=](ApiClient& as, const HttpHeaders&) { return as.del(one + "/keys/x"); }}};
}

}  // namespace keyledger::test
