#pragma once
// Somebody's authenticator, of software, with the browser in front of it, and its passkeys over HTTP.
#include <string>

#include "tests/e2e/world/world.hpp"
#include "tests/support/authenticator/software_authenticator.hpp"

namespace keyledger::test {

inline constexpr const char* kBeginPasskey = "/api/v1/auth/mfa/passkeys/options";
inline constexpr const char* kRegisterPasskey = "/api/v1/auth/mfa/passkeys";
inline constexpr const char* kAskForOwnPasskey = "/api/v1/auth/mfa/passkeys/challenge";
inline constexpr const char* kAskForPasskey = "/api/v1/auth/passkey/options";
inline constexpr const char* kLogInByPasskey = "/api/v1/auth/passkey";

// Of the issuer's domain, on a page of its.
SoftwareAuthenticator authenticator(security::SigningAlgorithm algorithm = security::SigningAlgorithm::kEs256);

// The body of `registerPasskey`, for the options that were answered; the authenticator keeps the account's handle.
std::string registration_body(SoftwareAuthenticator& by, const Answer& options,
                              SoftwareAuthenticator::Statement statement = SoftwareAuthenticator::Statement::kNone);
// `handle` and `credential`, for the options that were answered: the body of `logInByPasskey`, and `passkey` of others.
std::string answer_body(SoftwareAuthenticator& by, const Answer& options);
// {"passkey": …} with these members beside it.
std::string with_passkey(const std::string& answer,
                         std::initializer_list<std::pair<std::string_view, std::string_view>> more = {});

struct MadePasskeyOf {
    std::string factor_id;
    std::string recovery_code;  // empty: it was not the first factor
};
// With the password of somebody who has no factor yet.
MadePasskeyOf make_passkey(ApiClient& client, const Person& person, SoftwareAuthenticator& by);
Answer log_in_by(ApiClient client, SoftwareAuthenticator& by);

}  // namespace keyledger::test
