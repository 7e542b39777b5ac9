#pragma once
// Documented answers that no end-to-end test sees yet: status and problem type, by operation. The rules behind them
// have tests in tests/commands/. The list gets shorter; what is new does not belong here.
#include <map>
#include <set>
#include <string>

namespace keyledger::test {

inline const std::map<std::string, std::set<std::string>> kNotSeenYet{
    {"cleanUpSessions", {"422 idempotency-mismatch"}},
    {"completeLogIn",
     {"429 too-many-attempts", "403 mfa-enrolment-required", "403 mfa-required", "403 too-many-sessions"}},
    {"createUser", {"400 invalid-fields", "422 idempotency-mismatch", "422 password-rejected", "503 unavailable"}},
    {"createUsers", {"503 unavailable"}},
    {"disableMfa",
     {"409 limit-reached", "403 wrong-code", "403 wrong-password", "404 factor-unknown", "503 unavailable"}},
    {"enableMfa",
     {"400 invalid-fields", "403 wrong-code", "403 wrong-password", "404 factor-unknown", "409 limit-reached",
      "503 unavailable"}},
    {"endSessionByPage", {"503 unavailable"}},
    {"enrolMfa", {"200", "429 too-many-attempts", "503 unavailable"}},
    {"forgetMyDevice", {"422 idempotency-mismatch", "503 read-model-behind", "503 unavailable"}},
    {"keepAccountByPage", {"503 unavailable"}},
    {"listFactors", {"503 unavailable"}},
    {"listMyDevices", {"503 unavailable"}},
    {"listUserDevices", {"503 unavailable"}},
    {"logIn", {"403 mfa-enrolment-required"}},
    {"nameMyDevice", {"422 idempotency-mismatch", "503 unavailable"}},
    {"reauthenticate", {"403 wrong-code", "404 factor-unknown"}},
    {"removeFactor", {"409 limit-reached", "403 wrong-code", "403 wrong-password", "503 unavailable"}},
    {"renameFactor", {"400 invalid-fields", "503 unavailable"}},
    {"renewRecoveryCodes", {"400 invalid-fields", "403 wrong-code", "403 wrong-password", "503 unavailable"}},
    {"replacePassword", {"429 too-many-attempts", "503 unavailable"}},
    {"resendCode", {"429 too-many-attempts", "503 unavailable"}},
    {"resetSecondFactor", {"404 user-unknown", "422 idempotency-mismatch", "503 unavailable"}},
    {"setOneTimePassword",
     {"400 invalid-fields", "403 exceeds-authority", "403 forbidden", "422 idempotency-mismatch",
      "422 password-rejected", "503 unavailable"}},
    {"showVerifyPage", {"200", "400"}},
    {"undoChange", {"503 unavailable"}},
    {"undoChangeByPage", {"503 unavailable"}},
    {"verifyEmail", {"429 too-many-attempts", "503 unavailable"}},
    {"verifyEmailByPage",
     {"200", "403 link-over", "403 registration-over", "409", "422", "429 too-many-attempts", "503 unavailable"}},
    {"verifyMfa", {"409 no-enrolment", "429 too-many-attempts", "503 unavailable"}},
    {"verifyMfaEnrolment", {"400 invalid-fields", "403 wrong-code", "503 unavailable"}},
};

}  // namespace keyledger::test
