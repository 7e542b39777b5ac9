#pragma once
// What a challenge is for. A code, a link or a handle of one purpose opens nothing of another, for the purpose is in
// the key under which it is made. Constants: any thread.
#include <array>

#include "domain/base/declare.hpp"
#include "domain/base/id.hpp"
#include "domain/base/time.hpp"

namespace keyledger {

struct Challenge;
using ChallengeId = Id<Challenge>;

enum class ChallengePurpose {
    kVerifyEmail,
    kChangeEmail,
    kUndo,
    kResetPassword,
    kInvite,
    kLogInByLink,
    kLogInByCode,
    kUnlock,
    kStepUp,
    kEndSession,
    kWithdrawErasure,
};
// Stored, and in what is sealed: they never change.
constexpr auto enum_names(ChallengePurpose) {
    using P = ChallengePurpose;
    return std::array{EnumName{P::kVerifyEmail, "verify_email"},
                      EnumName{P::kChangeEmail, "change_email"},
                      EnumName{P::kUndo, "undo"},
                      EnumName{P::kResetPassword, "reset_password"},
                      EnumName{P::kInvite, "invite"},
                      EnumName{P::kLogInByLink, "log_in_by_link"},
                      EnumName{P::kLogInByCode, "log_in_by_code"},
                      EnumName{P::kUnlock, "unlock"},
                      EnumName{P::kStepUp, "step_up"},
                      EnumName{P::kEndSession, "end_session"},
                      EnumName{P::kWithdrawErasure, "withdraw_erasure"}};
}

// How long what was asked for is good. A link may be good for longer than the code beside it: then it says so itself.
constexpr Duration life_of(ChallengePurpose purpose) {
    switch (purpose) {
        case ChallengePurpose::kVerifyEmail:
        case ChallengePurpose::kChangeEmail:
        case ChallengePurpose::kLogInByCode:
        case ChallengePurpose::kStepUp: return minutes(10);
        case ChallengePurpose::kLogInByLink: return minutes(15);
        case ChallengePurpose::kResetPassword:
        case ChallengePurpose::kUnlock: return minutes(30);
        case ChallengePurpose::kUndo:
        case ChallengePurpose::kInvite:
        case ChallengePurpose::kEndSession:
        case ChallengePurpose::kWithdrawErasure: return days(7);
    }
    return minutes(10);
}

// Of its code. One that opens an account by itself is longer: whoever tries many accounts has nothing else to guess.
constexpr int code_digits(ChallengePurpose purpose) {
    const bool opens = purpose == ChallengePurpose::kLogInByCode || purpose == ChallengePurpose::kResetPassword;
    return opens ? 8 : 6;
}

}  // namespace keyledger
