#pragma once
// Passkeys, as commands want to know them: ceremonies judged on a pool, since that takes milliseconds, and handles of
// challenges sealed under the keyring's sealing roots. Any thread.
#include <boost/asio/thread_pool.hpp>

#include "commands/passkeys/ports.hpp"
#include "commands/runtime/ports.hpp"
#include "security/adapters/absent_keys.hpp"
#include "security/keys/keyring.hpp"
#include "security/webauthn/client_data.hpp"

namespace keyledger::security {

class JudgedPasskeys : public commands::PasskeyCeremonies {
public:
    // The pool outlives it.
    JudgedPasskeys(boost::asio::thread_pool& processors, RelyingParty relying_party)
        : processors_(processors), relying_party_(std::move(relying_party)) {}
    std::string relying_party_id() const override { return relying_party_.id; }
    boost::asio::awaitable<Result<commands::NewPasskey, std::string>> judge_new(commands::MadePasskey made,
                                                                                std::string challenge) override;
    boost::asio::awaitable<Result<commands::ProvenPasskey, std::string>> judge_answer(
        const commands::PasskeyAnswer& answer, std::string public_key, PasskeyBackup backup,
        std::string challenge) override;

private:
    boost::asio::thread_pool& processors_;
    const RelyingParty relying_party_;
};

class KeyringPasskeyChallenges : public commands::PasskeyChallenges {
public:
    // Keyring and clock outlive it. Of another log than this one nothing opens.
    KeyringPasskeyChallenges(const LiveKeyring& keyring, const commands::Clock& clock, const Uuid& log_id,
                             LocateKey locate_key = {})
        : keyring_(keyring), clock_(clock), log_id_(log_id.to_string()), locate_key_(std::move(locate_key)) {}
    std::string random(std::size_t bytes) override;
    std::string seal(const commands::PasskeyChallenge& challenge) override;
    std::optional<commands::PasskeyChallenge> open(const Secret& handle) override;

private:
    const LiveKeyring& keyring_;
    const commands::Clock& clock_;
    const std::string log_id_;
    const LocateKey locate_key_;
};

}  // namespace keyledger::security
