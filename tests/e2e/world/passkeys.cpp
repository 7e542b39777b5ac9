#include "tests/e2e/world/passkeys.hpp"

#include <gtest/gtest.h>

#include "security/primitives/base64url.hpp"
#include "tests/e2e/world/authenticator_app.hpp"
#include "tests/e2e/world/watch.hpp"

namespace keyledger::test {
namespace {

std::string decoded(const std::string& text) { return security::base64url_decode(text).value(); }

std::string merged(std::string object, const std::string& member) {
    object.replace(object.size() - 1, 1, (object.size() > 2 ? "," : "") + member + "}");
    return object;
}

}  // namespace

SoftwareAuthenticator authenticator(security::SigningAlgorithm algorithm) {
    SoftwareAuthenticator made(algorithm);
    made.relying_party_id = std::string(kIssuer).substr(std::string_view("https://").size());
    made.origin = kIssuer;
    return made;
}

std::string registration_body(SoftwareAuthenticator& by, const Answer& options,
                              SoftwareAuthenticator::Statement statement) {
    by.user_handle = decoded(options.text("/options/user/id"));
    const auto made = by.make(decoded(options.text("/options/challenge")), statement);
    const std::string body =
        json_object({{"handle", watch_secret(options.text("/handle"))}, {"name", watch_personal(unique("Passkey"))}});
    return merged(body, R"("credential":)" + by.to_json(made));
}

std::string answer_body(SoftwareAuthenticator& by, const Answer& options) {
    const auto made = by.sign(decoded(options.text("/options/challenge")));
    return merged(json_object({{"handle", watch_secret(options.text("/handle"))}}),
                  R"("credential":)" + by.to_json(made));
}

std::string with_passkey(const std::string& answer,
                         std::initializer_list<std::pair<std::string_view, std::string_view>> more) {
    return merged(json_object(more), R"("passkey":)" + answer);
}

MadePasskeyOf make_passkey(ApiClient& client, const Person& person, SoftwareAuthenticator& by) {
    const Answer options = client.post(kBeginPasskey, body_of(person, {}));
    EXPECT_EQ(options.status, 200) << options.body;
    const Answer made = client.post(kRegisterPasskey, registration_body(by, options));
    EXPECT_EQ(made.status, 200) << made.body;
    for (int i = 0; i < static_cast<int>(made.count("/recovery_codes")); ++i)
        watch_personal(made.text(("/recovery_codes/" + std::to_string(i)).c_str()));
    return {made.text("/factor_id"), made.count("/recovery_codes") > 0 ? made.text("/recovery_codes/0") : ""};
}

Answer log_in_by(ApiClient client, SoftwareAuthenticator& by) {
    const Answer options = client.post(kAskForPasskey, "{}");
    EXPECT_EQ(options.status, 200) << options.body;
    return client.post(kLogInByPasskey, answer_body(by, options));
}

}  // namespace keyledger::test
