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
    {"disableMfa", {"409 limit-reached"}},
    {"endSessionByPage", {"503 unavailable"}},
    {"enrolMfa", {"200", "429 too-many-attempts", "503 unavailable"}},
    {"forgetMyDevice", {"503 read-model-behind"}},
    {"keepAccountByPage", {"503 unavailable"}},
    {"logIn", {"403 mfa-enrolment-required"}},
    {"removeFactor", {"409 limit-reached"}},
    {"replacePassword", {"429 too-many-attempts", "503 unavailable"}},
    {"resendCode", {"429 too-many-attempts", "503 unavailable"}},
    {"showVerifyPage", {"200", "400"}},
    {"undoChange", {"503 unavailable"}},
    {"undoChangeByPage", {"503 unavailable"}},
    {"verifyEmail", {"429 too-many-attempts", "503 unavailable"}},
    {"verifyEmailByPage",
     {"200", "403 link-over", "403 registration-over", "409", "422", "429 too-many-attempts", "503 unavailable"}},
    {"verifyMfa", {"409 no-enrolment", "429 too-many-attempts", "503 unavailable"}},
};

}  // namespace keyledger::test
