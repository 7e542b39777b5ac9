#pragma once
// What passkeys need from cryptography: the ceremonies, judged, and handles, sealed. Implemented in security/adapters/.
// Thread-safe.
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "domain/base/id.hpp"
#include "domain/base/result.hpp"
#include "domain/base/secret.hpp"
#include "domain/base/time.hpp"
#include "domain/factors/factor_kinds.hpp"

namespace keyledger::commands {

inline constexpr std::size_t kPasskeyChallengeBytes = 32;
inline constexpr std::size_t kUserHandleBytes = 32;
inline constexpr Duration kPasskeyChallengeLasts = minutes(5);

// ---- what browsers send ------------------------------------------------------------------------------------------
// All of it base64url, as it was sent; nothing is believed of it.
struct MadePasskey {
    std::string client_data_json;
    std::string attestation_object;
};
struct PasskeyAnswer {
    Secret handle;  // that came with the challenge
    std::string credential_id;
    std::string client_data_json;
    std::string authenticator_data;
    std::string signature;
    std::string user_handle;  // empty: the authenticator told none
};

// ---- the ceremonies ----------------------------------------------------------------------------------------------
struct NewPasskey {
    std::string credential_id;  // base64url
    std::string public_key;     // a JWK
    std::int64_t counter = 0;
    PasskeyBackup backup = PasskeyBackup::kImpossible;
};
struct ProvenPasskey {
    std::int64_t counter = 0;
    PasskeyBackup backup = PasskeyBackup::kImpossible;
};

class PasskeyCeremonies {
public:
    virtual ~PasskeyCeremonies() = default;
    virtual std::string relying_party_id() const = 0;
    // Challenges in base64url. The error says what is wrong.
    virtual boost::asio::awaitable<Result<NewPasskey, std::string>> judge_new(MadePasskey made,
                                                                              std::string challenge) = 0;
    // `backup`: as it was known; whether one can be on several devices never changes.
    virtual boost::asio::awaitable<Result<ProvenPasskey, std::string>> judge_answer(const PasskeyAnswer& answer,
                                                                                    std::string public_key,
                                                                                    PasskeyBackup backup,
                                                                                    std::string challenge) = 0;
};

// ---- challenges --------------------------------------------------------------------------------------------------
enum class PasskeyPurpose { kRegister, kLogIn, kProve };
constexpr auto enum_names(PasskeyPurpose) {
    using P = PasskeyPurpose;
    return std::array{EnumName{P::kRegister, "register"}, EnumName{P::kLogIn, "log_in"}, EnumName{P::kProve, "prove"}};
}
// Nothing is stored of a challenge: its handle says it all, sealed. Only who asked has the handle, so that an answer
// that somebody else got hold of is worth nothing to them.
struct PasskeyChallenge {
    PasskeyPurpose purpose = PasskeyPurpose::kLogIn;
    std::string challenge{};     // random, base64url
    UserId user_id{};            // whose; nil of kLogIn, where nobody knows yet
    std::string user_handle{};   // of kRegister: by what the authenticator is to know the account, base64url
    bool proved_factor = false;  // of kRegister: whoever asked proved a second factor that counts
    std::string asker{};         // the session that asked; empty: whoever has the handle
    Instant made_at{};
    Instant expires_at{};  // kPasskeyChallengeLasts later
};

class PasskeyChallenges {
public:
    virtual ~PasskeyChallenges() = default;
    virtual std::string random(std::size_t bytes) = 0;  // base64url
    virtual std::string seal(const PasskeyChallenge& challenge) = 0;
    // nullopt: it was not sealed here, for this and for this log.
    virtual std::optional<PasskeyChallenge> open(const Secret& handle) = 0;
};

}  // namespace keyledger::commands
