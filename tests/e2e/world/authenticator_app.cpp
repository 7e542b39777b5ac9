#include "tests/e2e/world/authenticator_app.hpp"

#include <gtest/gtest.h>

#include <cstdio>

#include "tests/e2e/world/watch.hpp"

namespace keyledger::test {

std::string code_of(const std::string& secret, int steps) {
    const std::string now = std::to_string(30 * steps) + " seconds";
    const std::string command = "oathtool --totp --base32 --now='" + now + "' " + secret;
    FILE* pipe = popen(command.c_str(), "r");
    char digits[16] = {};
    const bool read = pipe && std::fgets(digits, sizeof digits, pipe);
    EXPECT_EQ(pipe ? pclose(pipe) : -1, 0) << "is oathtool installed?";
    return read ? std::string(digits, 6) : "";
}

std::string body_of(const Person& person, std::initializer_list<std::pair<std::string_view, std::string_view>> more) {
    std::string text = json_object({{"current_password", person.password}});
    for (const auto& member : more) {
        const std::string one = json_object({member});
        text.replace(text.size() - 1, 1, "," + one.substr(1));
    }
    return text;
}

Enrolled enrol(ApiClient& client, const Person& person) {
    const Answer begun = client.post(kEnable, body_of(person, {{"name", "phone"}}));
    EXPECT_EQ(begun.status, 200) << begun.body;
    Enrolled enrolled{watch_personal(begun.text("/secret")), "", begun.text("/factor_id")};
    const Answer on = client.post(kVerify, json_object({{"code", code_of(enrolled.secret)}}));
    EXPECT_EQ(on.status, 200) << on.body;
    EXPECT_EQ(on.count("/recovery_codes"), 10u);
    enrolled.recovery_code = watch_personal(on.text("/recovery_codes/0"));
    return enrolled;
}

}  // namespace keyledger::test
