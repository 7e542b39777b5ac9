#pragma once
// The aggregate `factors`: a user's second factors (authenticator apps, passkeys), the recovery codes that stand in
// for a lost one, and how often somebody tried to present one. Pure. Stream id: derived from the user id without a key,
// so that tries never move the user's own stream. That stream says whether there are any (User::second_factor): whoever
// could make this one look empty would get in without.
//
// The log holds no secret. A factor's secret and name lie sealed in `credentials`, in the row of the factor's id, and
// are good only as the log names them; a recovery code is known by its SHA-256 (security/factors/recovery_codes.hpp).
// Which codes of an app were used is not told here: a used step is spent in the append that it earns. A passkey's id is
// a claim by its SHA-256, so that it is one user's; its public key lies sealed with its name, and its counter is told.
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/held_name.hpp"
#include "domain/base/id.hpp"
#include "domain/base/refusal.hpp"
#include "domain/factors/factor_attempts.hpp"
#include "domain/factors/factor_kinds.hpp"
#include "domain/factors/passkey_events.hpp"

namespace keyledger {

// ---- events ----------------------------------------------------------------------------------------------------
struct FactorEnrolmentBegun {  // in place of the one that was begun before
    UserId user_id;
    FactorId factor_id;
    FactorKind kind = FactorKind::kTotp;
    std::string sealed_sha256;
    EnrolledWith enrolled_with = EnrolledWith::kPassword;
    Instant expires_at;
    static constexpr std::string_view kType = "factor.enrolment_begun";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "A secret was made for an authenticator app, and shown. It opens nothing before the user has shown a code of "
        "it.";
    static constexpr auto fields() {
        using E = FactorEnrolmentBegun;
        return std::tuple{
            Field{"user_id", &E::user_id, "whose factor it is to be"},
            Field{"factor_id", &E::factor_id, "which, and of its row in `credentials`"},
            Field{"kind", &E::kind,
                  "`totp`: an authenticator app (RFC 6238); never `passkey`, which needs no code to be shown first"},
            Field{"sealed_sha256", &E::sealed_sha256,
                  "SHA-256 (hex) of its sealed secret and name; any other is refused"},
            Field{"enrolled_with", &E::enrolled_with,
                  "what vouched for the user: an `established_factor`, that the account was new, or no "
                  "more than the password. Of the last, a factor is not established for seven days"},
            Field{"expires_at_ms", &E::expires_at, "until when it can be confirmed"}};
    }
    constexpr About about() const { return About::account(user_id); }
    AuditOutcome outcome() const { return AuditOutcome::success(factor_id.to_string()); }
};
struct FactorEnrolled {
    UserId user_id;
    FactorId factor_id;
    static constexpr std::string_view kType = "factor.enrolled";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "The user showed a code of the new app: from now on log-in asks for one.";
    static constexpr auto fields() {
        using E = FactorEnrolled;
        return std::tuple{Field{"user_id", &E::user_id, "whose factor it is"},
                          Field{"factor_id", &E::factor_id, "which"}};
    }
    constexpr About about() const { return About::account(user_id); }
    AuditOutcome outcome() const { return AuditOutcome::success(factor_id.to_string()); }
};
struct FactorRenamed {
    UserId user_id;
    FactorId factor_id;
    std::string sealed_sha256;
    static constexpr std::string_view kType = "factor.renamed";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "The user calls it something else. Its secret is the same.";
    static constexpr auto fields() {
        using E = FactorRenamed;
        return std::tuple{Field{"user_id", &E::user_id, "whose factor it is"},
                          Field{"factor_id", &E::factor_id, "which"},
                          Field{"sealed_sha256", &E::sealed_sha256, "SHA-256 (hex) of its sealed secret and name"}};
    }
    constexpr About about() const { return About::account(user_id); }
    AuditOutcome outcome() const { return AuditOutcome::success(factor_id.to_string()); }
};
struct FactorRemoved {
    UserId user_id;
    FactorId factor_id;
    std::optional<Instant> kept_until{};
    static constexpr std::string_view kType = "factor.removed";
    static constexpr int kSchema = 2;
    static constexpr std::string_view kMeaning =
        "It opens nothing any more. With the last one the recovery codes are void, too.";
    static constexpr auto fields() {
        using E = FactorRemoved;
        return std::tuple{Field{"user_id", &E::user_id, "whose factor it was"},
                          Field{"factor_id", &E::factor_id, "which"},
                          Field{"kept_until_ms", &E::kept_until,
                                "until when whoever reads the mail of the address can have it given back; `null`: "
                                "nobody can"}};
    }
    constexpr About about() const { return About::account(user_id); }
    AuditOutcome outcome() const { return AuditOutcome::success(factor_id.to_string()); }
};
// By whoever reads the mail of the address (I16).
struct FactorGivenBack {
    UserId user_id;
    FactorId factor_id;
    static constexpr std::string_view kType = "factor.given_back";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "Its removal was undone: it is a second factor as it was before.";
    static constexpr auto fields() {
        using E = FactorGivenBack;
        return std::tuple{Field{"user_id", &E::user_id, "whose factor it is"},
                          Field{"factor_id", &E::factor_id, "which"}};
    }
    constexpr About about() const { return About::account(user_id); }
    AuditOutcome outcome() const { return AuditOutcome::success(factor_id.to_string()); }
};
// What was sealed of it is gone.
struct FactorForgotten {
    UserId user_id;
    FactorId factor_id;
    static constexpr std::string_view kType = "factor.forgotten";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "It was removed, and nobody can have it given back any more.";
    static constexpr auto fields() {
        using E = FactorForgotten;
        return std::tuple{Field{"user_id", &E::user_id, "whose factor it was"},
                          Field{"factor_id", &E::factor_id, "which"}};
    }
    constexpr About about() const { return About::account(user_id); }
    AuditOutcome outcome() const { return AuditOutcome::success(factor_id.to_string()); }
};
struct RecoveryCodesMade {
    UserId user_id;
    std::vector<std::string> digests;
    static constexpr std::string_view kType = "factor.recovery_codes_made";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "New recovery codes were shown, once. Those of before are void.";
    static constexpr auto fields() {
        using E = RecoveryCodesMade;
        return std::tuple{Field{"user_id", &E::user_id, "whose they are"},
                          Field{"digests", &E::digests,
                                "SHA-256 (hex) of user and code, of each. A code has 128 random bits, so that nobody "
                                "finds one by trying"}};
    }
    constexpr About about() const { return About::account(user_id); }
};
// Those that were made since what is undone are void.
struct RecoveryCodesGivenBack {
    UserId user_id;
    std::vector<std::string> digests;
    static constexpr std::string_view kType = "factor.recovery_codes_given_back";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "What had made them void was undone: those from before are good again, if they are known, and those of since "
        "are void.";
    static constexpr auto fields() {
        using E = RecoveryCodesGivenBack;
        return std::tuple{
            Field{"user_id", &E::user_id, "whose they are"},
            Field{"digests", &E::digests, "those that are good, as in `factor.recovery_codes_made`; possibly none"}};
    }
    constexpr About about() const { return About::account(user_id); }
};
struct RecoveryCodeUsed {
    UserId user_id;
    std::string digest;
    std::int64_t left = 0;
    static constexpr std::string_view kType = "factor.recovery_code_used";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "One of them stood in for a second factor, and is void.";
    static constexpr auto fields() {
        using E = RecoveryCodeUsed;
        return std::tuple{Field{"user_id", &E::user_id, "whose it was"},
                          Field{"digest", &E::digest, "which, as in `factor.recovery_codes_made`"},
                          Field{"left", &E::left, "how many are good yet"}};
    }
    constexpr About about() const { return About::account(user_id); }
};
struct FactorAttemptTaken {
    UserId user_id;
    std::string origin;
    static constexpr std::string_view kType = "factor.attempt_taken";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "Somebody who has the first factor presents a second one. Recorded before it is looked at: unless "
        "`factor.attempt_passed` follows, it was wrong.";
    static constexpr auto fields() {
        using E = FactorAttemptTaken;
        return std::tuple{
            Field{"user_id", &E::user_id, "whose"},
            Field{"origin", &E::origin, "a keyed digest of the user and of the device or network that it came from"}};
    }
    constexpr About about() const { return About::account(user_id); }
};
struct FactorAttemptPassed {
    UserId user_id;
    std::string origin;
    static constexpr std::string_view kType = "factor.attempt_passed";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "It was right: counting starts anew, and the origin is known.";
    static constexpr auto fields() {
        using E = FactorAttemptPassed;
        return std::tuple{Field{"user_id", &E::user_id, "whose"},
                          Field{"origin", &E::origin, "as in `factor.attempt_taken`"}};
    }
    constexpr About about() const { return About::account(user_id); }
};
struct FactorAttemptsForgiven {
    UserId user_id;
    static constexpr std::string_view kType = "factor.attempts_forgiven";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "An administrator, or whoever runs the service, let the user try again from everywhere.";
    static constexpr auto fields() {
        return std::tuple{Field{"user_id", &FactorAttemptsForgiven::user_id, "who may try again"}};
    }
    constexpr About about() const { return About::account(user_id); }
};
using FactorsEvent =
    std::variant<FactorEnrolmentBegun, FactorEnrolled, FactorRenamed, FactorRemoved, FactorGivenBack, FactorForgotten,
                 RecoveryCodesMade, RecoveryCodesGivenBack, RecoveryCodeUsed, FactorAttemptTaken, FactorAttemptPassed,
                 FactorAttemptsForgiven, PasskeyRegistered, PasskeyUsed, PasskeyCounterWentBack>;

// ---- commands --------------------------------------------------------------------------------------------------
struct BeginEnrolment {
    UserId user_id;
    FactorId factor_id;
    std::string sealed_sha256;
    std::optional<FactorId> presented;  // a factor of before, beside the password
    Instant registered_at;              // the user
    Instant now;
};
// A code of the new secret was right. Confirmed again it stays as it is.
struct ConfirmEnrolment {
    UserId user_id;
    FactorId factor_id;
    std::vector<std::string> recovery_codes;  // digests of new ones, which come with the first factor
    Instant now;
};
// The browser's answer was right. Also the recovery codes that come with the first factor.
struct RegisterPasskey {
    UserId user_id;
    FactorId factor_id;
    std::string credential_sha256;
    std::string user_handle;
    std::string sealed_sha256;
    std::int64_t counter = 0;
    PasskeyBackup backup = PasskeyBackup::kImpossible;
    bool proved_factor = false;  // a second factor that counts, beside the password
    std::vector<std::string> recovery_codes;
    Instant registered_at;  // the user
    Instant now;
};
struct UsePasskey {  // the assertion was right
    UserId user_id;
    FactorId factor_id;
    std::int64_t counter = 0;
    PasskeyBackup backup = PasskeyBackup::kImpossible;
};
// With the user: their passkeys are nobody's any more, also those that are kept; quiet where there are none.
struct ForgetAllPasskeys {
    UserId user_id;
};
struct RenameFactor {
    UserId user_id;
    FactorId factor_id;
    std::string sealed_sha256;
};
// `kept_until`: by whom may have got in with what was stolen, so that it can be undone.
struct RemoveFactor {
    UserId user_id;
    FactorId factor_id;
    std::optional<Instant> kept_until{};
};
struct RemoveAllFactors {  // quiet where there are none
    UserId user_id;
    std::optional<Instant> kept_until{};
};
// What was done to them since then is undone, and what a thief may have enrolled in the seven days before goes; quiet
// where nothing was.
struct UndoFactorChanges {
    UserId user_id;
    Instant since;
};
struct ForgetFactor {  // quiet before its time, and where it is not kept
    UserId user_id;
    FactorId factor_id;
    Instant now;
};
struct ForgetAllFactors {  // that are kept, whatever their time; quiet where there are none
    UserId user_id;
};
struct MakeRecoveryCodes {
    UserId user_id;
    std::vector<std::string> digests;
};
struct UseRecoveryCode {
    UserId user_id;
    std::string digest;
};
struct TakeFactorAttempt {
    UserId user_id;
    std::string origin;
    FactorAttemptLimits limits;
    Instant now;
};
struct PassFactorAttempt {
    UserId user_id;
    std::string origin;
};
struct ForgiveFactorAttempts {  // quiet where nothing failed
    UserId user_id;
};

// ---- refusals --------------------------------------------------------------------------------------------------
namespace refusals {
inline constexpr Refusal kFactorUnknown{RefusalKind::kUnknown, "factor-unknown", "No such factor",
                                        "You have no such second factor. List them to see which there are."};
inline constexpr Refusal kNoEnrolment{RefusalKind::kConflict, "no-enrolment", "No enrolment under way",
                                      "No enrolment is under way, or it took too long. Begin it again."};
inline constexpr Refusal kTooManyFactors = limit_reached("A user has at most 3 authenticator apps. Remove one first.");
inline constexpr Refusal kTooManyRemoved = limit_reached(
    "Twelve second factors were removed within the last seven days. Wait until the first of these days are over.");
inline constexpr Refusal kTooManyPasskeys = limit_reached("A user has at most 8 passkeys. Remove one first.");
// Wrong, used before, or never one: nobody is told which.
inline constexpr Refusal kWrongSecondFactor{RefusalKind::kForbidden, "wrong-code", "Code not accepted",
                                            "The code is wrong, or was used before. Wait for the next one."};
// An id is random: two users have one by a copy, or by a lie.
inline constexpr Refusal kPasskeyTaken{RefusalKind::kConflict, "passkey-taken", "Passkey registered already",
                                       "This passkey is somebody's already. Make a new one."};
inline constexpr Refusal kFactorNotPresented =
    invalid_field("code", "You have a second factor: give a code of it, or a recovery code.", RefusalKind::kUnsuitable);
inline constexpr Refusal kFactorPause{RefusalKind::kTooMany, "too-many-attempts", "Too many attempts",
                                      "Wait for the time in Retry-After, then try again."};
}  // namespace refusals

// ---- state -----------------------------------------------------------------------------------------------------
struct Factors {
    struct Enrolled {
        FactorId id;
        FactorKind kind = FactorKind::kTotp;
        std::string sealed_sha256{};
        EnrolledWith enrolled_with = EnrolledWith::kPassword;
        Instant enrolled_at{};
        // Of a passkey.
        std::string credential_sha256{};
        std::int64_t counter = 0;
        PasskeyBackup backup = PasskeyBackup::kImpossible;
        static constexpr auto fields() {
            using F = Enrolled;
            return std::tuple{Field{"id", &F::id},
                              Field{"kind", &F::kind},
                              Field{"sealed_sha256", &F::sealed_sha256},
                              Field{"enrolled_with", &F::enrolled_with},
                              Field{"enrolled_at_ms", &F::enrolled_at},
                              Field{"credential_sha256", &F::credential_sha256},
                              Field{"counter", &F::counter},
                              Field{"backup", &F::backup}};
        }
    };
    struct Pending {
        FactorId id;
        FactorKind kind = FactorKind::kTotp;
        std::string sealed_sha256{};
        EnrolledWith enrolled_with = EnrolledWith::kPassword;
        Instant expires_at{};
        static constexpr auto fields() {
            using P = Pending;
            return std::tuple{Field{"id", &P::id}, Field{"kind", &P::kind}, Field{"sealed_sha256", &P::sealed_sha256},
                              Field{"enrolled_with", &P::enrolled_with}, Field{"expires_at_ms", &P::expires_at}};
        }
    };
    // Removed, and not forgotten yet.
    struct Kept {
        Enrolled factor;
        Instant removed_at{};
        Instant until{};
        static constexpr auto fields() {
            using K = Kept;
            return std::tuple{Field{"factor", &K::factor}, Field{"removed_at_ms", &K::removed_at},
                              Field{"until_ms", &K::until}};
        }
    };
    // Recovery codes that others took the place of, or that went with the last factor.
    struct FormerCodes {
        std::vector<std::string> digests{};  // of those that were left
        Instant made_at{};
        Instant replaced_at{};
        static constexpr auto fields() {
            using C = FormerCodes;
            return std::tuple{Field{"digests", &C::digests}, Field{"made_at_ms", &C::made_at},
                              Field{"replaced_at_ms", &C::replaced_at}};
        }
    };
    std::vector<Enrolled> enrolled{};  // oldest first, at most kMaxEnrolled apps and kMaxPasskeys passkeys
    std::optional<Pending> pending{};
    std::vector<Kept> kept{};                   // in the order of their removal, at most kMaxKept
    std::vector<std::string> recovery_codes{};  // digests of those that are left
    Instant codes_made_at{};
    std::optional<FormerCodes> former_codes{};  // the oldest of the last seven days: nobody pushes them out
    FactorAttempts attempts{};
    UserId user_id{};           // whose, once there was a passkey: who shows one says no name
    std::string user_handle{};  // of the passkeys; empty: the next one makes it anew

    static constexpr std::size_t kMaxEnrolled = 3;
    static constexpr std::size_t kMaxPasskeys = 8;
    static constexpr std::size_t kMaxKept = 12;
    static constexpr Duration kKeptFor = days(7);
    static constexpr Duration kEnrolmentLasts = minutes(10);
    static constexpr Duration kEstablishedAfter = days(7);
    static constexpr Duration kAccountIsNewFor = hours(1);

    const Enrolled* find(const FactorId& id) const;
    const Kept* find_kept(const FactorId& id) const;
    const Enrolled* find_passkey(std::string_view credential_sha256) const;
    std::size_t count(FactorKind kind) const;

    static constexpr std::array<std::string_view, 1> kNameKinds{"passkey"};
    std::vector<ClaimedName> held_names() const;

    static constexpr std::string_view kStreamType = "factors";
    static constexpr std::string_view kTitle = "Second factors";
    static constexpr std::string_view kMeaning = "One a user, with an id derived from the user's: authenticator apps, "
                                                 "passkeys, recovery codes, and attempts. No "
                                                 "secret, no code and no name is in them.";
    using Event = FactorsEvent;
    static constexpr int kFold = 3;  // as Session's
    static constexpr auto fields() {
        using F = Factors;
        return std::tuple{Field{"enrolled", &F::enrolled},
                          Field{"pending", &F::pending},
                          Field{"kept", &F::kept},
                          Field{"recovery_codes", &F::recovery_codes},
                          Field{"codes_made_at_ms", &F::codes_made_at},
                          Field{"former_codes", &F::former_codes},
                          Field{"attempts", &F::attempts},
                          Field{"user_id", &F::user_id},
                          Field{"user_handle", &F::user_handle}};
    }
};

// ---- rules -----------------------------------------------------------------------------------------------------
// Whether a thief who just got in can't have enrolled it: old enough, or vouched for by more than the password. Only
// such a one steps up, and outlives the recovery of an account.
bool is_established(const Factors::Enrolled& factor, Instant now);

using FactorsDecision = Result<std::vector<FactorsEvent>, RefusalRef>;
using FactorsCommand =
    std::variant<BeginEnrolment, ConfirmEnrolment, RenameFactor, RemoveFactor, RemoveAllFactors, UndoFactorChanges,
                 ForgetFactor, ForgetAllFactors, MakeRecoveryCodes, UseRecoveryCode, TakeFactorAttempt,
                 PassFactorAttempt, ForgiveFactorAttempts, RegisterPasskey, UsePasskey, ForgetAllPasskeys>;
// Whether the counter says that the passkey may have been copied (Web Authentication section 6.1.1).
bool may_be_copied(const Factors::Enrolled& passkey, std::int64_t counter);

FactorsDecision decide(const Factors& factors, const FactorsCommand& command);
Factors evolve(Factors factors, const FactorsEvent& event, const Recorded& recorded);

}  // namespace keyledger
