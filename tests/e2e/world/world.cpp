#include "tests/e2e/world/world.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "security/primitives/hex.hpp"
#include "security/primitives/random.hpp"
#include "tests/e2e/world/watch.hpp"

namespace keyledger::test {

ApiClient api() { return ApiClient(service().port()); }

std::string unique(const std::string& prefix) {
    static std::atomic<int> count{0};
    static const std::string run = security::hex_encode(std::string_view(security::random_bytes(4)));
    return prefix + "-" + run + "-" + std::to_string(++count);
}

Person somebody() {
    Person person;
    person.username = watch_personal(unique("Visitor"));
    person.email = watch_personal(person.username + "@people.keyledger.test");
    person.password = watch_secret("gale " + security::hex_encode(security::random_bytes(6)) + " heather");
    return person;
}

std::string registration_of(const Person& person) {
    return json_object({{"email", person.email}, {"username", person.username}, {"password", person.password}});
}

Person register_somebody(ApiClient client) {
    Person person = somebody();
    const Answer answer = client.post(kRegister, registration_of(person));
    EXPECT_EQ(answer.status, 201) << answer.body;
    person.id = answer.text("/id");
    return person;
}

Answer try_log_in(ApiClient& client, const std::string& email, const std::string& password) {
    return client.post(kLogin, json_object({{"email", email}, {"password", password}}));
}

Tokens tokens_of(const Answer& answer) {
    EXPECT_EQ(answer.status, 200) << answer.body;
    return {answer.text("/access_token"), answer.text("/refresh_token"), answer.text("/session_id")};
}

Tokens log_in(ApiClient client, const Person& person) {
    return tokens_of(try_log_in(client, person.email, person.password));
}

Visitor visitor(const ApiClient& client) {
    Visitor made;
    made.person = register_somebody(client);
    made.tokens = log_in(client, made.person);
    return made;
}

void prove_address(ApiClient client, const Person& person) {
    const Answer asked = client.post(kLogInCode, json_object({{"email", person.email}}));
    const std::string code = mailbox().await_mail(person.email, "is your code").code();
    const std::string handle = watch_secret(asked.text("/handle"));
    const Answer in = client.post(kCompleteLogIn, json_object({{"handle", handle}, {"code", code}}));
    if (in.status != 200) throw std::runtime_error("the address could not be proven: " + in.body);
}

ApiClient administrator(const ApiClient& client) {
    ApiClient anonymous = client;
    return client.as(tokens_of(try_log_in(anonymous, kAdminEmail, kAdminPassword)).access);
}

Answer introspect(ApiClient client, const ClientOfService& as, const std::string& token) {
    return client.form(kIntrospect, form_body({{"token", token}}), {{"Authorization", as.basic()}});
}

bool is_active(const ApiClient& client, const std::string& token) {
    const Answer answer = introspect(client, deployment().gateway, token);
    EXPECT_EQ(answer.status, 200) << answer.body;
    const bool active = answer.boolean("/active");
    if (!active) {
        EXPECT_EQ(answer.body, R"({"active":false})");
    }
    return active;
}

Answer refresh(ApiClient client, const std::string& token) {
    return client.post(kRefresh, json_object({{"refresh_token", token}}));
}

std::string ready_text(const RunningService& node) {
    return HttpClient(node.management_port()).get("/health/ready").body;
}

void expect_spent(ApiClient client, const std::string& page, const std::string& route, const std::string& token) {
    const Answer used = client.form(page, form_body({{"token", token}}));
    const Answer made_up = client.form(page, form_body({{"token", "made up"}}));
    for (const Answer* answer : {&used, &made_up}) {
        EXPECT_EQ(answer->status, 400) << page;
        EXPECT_NE(answer->body.find("used before"), std::string::npos) << answer->body;
        EXPECT_EQ(answer->body.find("Ask for"), std::string::npos) << answer->body;
    }
    EXPECT_EQ(used.body, made_up.body);
    const Answer used_json = client.post(route, json_object({{"token", token}}));
    EXPECT_EQ(used_json.problem(), "code-not-accepted") << route;
    EXPECT_EQ(used_json.text("/detail"), client.post(route, json_object({{"token", "made up"}})).text("/detail"));
}

void await_that(const char* what, const std::function<bool()>& condition, std::chrono::seconds patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        ASSERT_LT(std::chrono::steady_clock::now(), until) << what << " did not come";
        std::this_thread::sleep_for(std::chrono::milliseconds(50));  // between two looks at the condition
    }
}

HttpHeaders since(const Answer& command) {
    return {{"Keyledger-Min-Position", std::string(command.header("Keyledger-Position").value())}};
}

}  // namespace keyledger::test
