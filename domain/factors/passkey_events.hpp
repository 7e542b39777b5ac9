#pragma once
// The events of passkeys, in the stream of a user's factors (domain/factors/factors.hpp).
#include <string>

#include "domain/base/declare.hpp"
#include "domain/base/id.hpp"
#include "domain/factors/factor_kinds.hpp"

namespace keyledger {

struct PasskeyRegistered {
    UserId user_id;
    FactorId factor_id;
    std::string credential_sha256;
    std::string user_handle;
    std::string sealed_sha256;
    EnrolledWith enrolled_with = EnrolledWith::kPassword;
    std::int64_t counter = 0;
    PasskeyBackup backup = PasskeyBackup::kImpossible;
    static constexpr std::string_view kType = "factor.passkey_registered";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "The user made a passkey (W3C Web Authentication): from now on log-in takes it, and asks for a second factor.";
    static constexpr auto fields() {
        using E = PasskeyRegistered;
        return std::tuple{
            Field{"user_id", &E::user_id, "whose passkey it is"},
            Field{"factor_id", &E::factor_id, "which, and of its row in `credentials`"},
            Field{"credential_sha256", &E::credential_sha256, "SHA-256 (hex) of its id; it is nobody else's"},
            Field{"user_handle", &E::user_handle,
                  "by what authenticators know the account: random, the same of all passkeys that a user has at once"},
            Field{"sealed_sha256", &E::sealed_sha256,
                  "SHA-256 (hex) of its sealed id, public key and name; any other is refused"},
            Field{"enrolled_with", &E::enrolled_with, "as in `factor.enrolment_begun`"},
            Field{"counter", &E::counter, "how often its authenticator says that it has signed; 0: it does not count"},
            Field{"backup", &E::backup,
                  "whether it can be on several devices: `impossible`, `possible`, or it is (`done`)"}};
    }
    constexpr About about() const { return About::account(user_id); }
    AuditOutcome outcome() const { return AuditOutcome::success(factor_id.to_string()); }
};
struct PasskeyUsed {
    UserId user_id;
    FactorId factor_id;
    std::int64_t counter = 0;
    PasskeyBackup backup = PasskeyBackup::kImpossible;
    static constexpr std::string_view kType = "factor.passkey_used";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "The user proved by it who they are.";
    static constexpr auto fields() {
        using E = PasskeyUsed;
        return std::tuple{Field{"user_id", &E::user_id, "whose passkey it is"},
                          Field{"factor_id", &E::factor_id, "which"},
                          Field{"counter", &E::counter, "as in `factor.passkey_registered`"},
                          Field{"backup", &E::backup, "likewise"}};
    }
    constexpr About about() const { return About::account(user_id); }
    AuditOutcome outcome() const { return AuditOutcome::success(factor_id.to_string()); }
};
struct PasskeyCounterWentBack {
    UserId user_id;
    FactorId factor_id;
    std::int64_t kept = 0;
    std::int64_t presented = 0;
    static constexpr std::string_view kType = "factor.passkey_counter_went_back";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "Its authenticator counts, and the counter did not grow: it may have "
                                                 "been copied. Nobody is refused for that; it "
                                                 "counts as a risk of the log-in.";
    static constexpr auto fields() {
        using E = PasskeyCounterWentBack;
        return std::tuple{Field{"user_id", &E::user_id, "whose passkey it is"},
                          Field{"factor_id", &E::factor_id, "which"},
                          Field{"kept", &E::kept, "the counter as it was known"},
                          Field{"presented", &E::presented, "the counter as it was presented"}};
    }
    constexpr About about() const { return About::account(user_id); }
    AuditOutcome outcome() const { return AuditOutcome::failure(factor_id.to_string()); }
};

}  // namespace keyledger
