#pragma once
// Codes, links and handles under the keyring's sealing roots. Any thread.
#include "commands/challenges/challenge_secrets.hpp"
#include "security/adapters/absent_keys.hpp"
#include "security/keys/keyring.hpp"

namespace keyledger::security {

class KeyringChallengeSecrets : public commands::ChallengeSecrets {
public:
    // Keyring and clock outlive it. Of another log than this one nothing opens.
    KeyringChallengeSecrets(const LiveKeyring& keyring, const commands::Clock& clock, const Uuid& log_id,
                            LocateKey locate_key = {})
        : keyring_(keyring), clock_(clock), log_id_(log_id), locate_key_(std::move(locate_key)) {}

    std::string current_key() override;
    std::optional<std::string> code(const commands::CodeSource& source) override;
    std::string seal(const commands::ChallengeHandle& handle) override;
    std::string seal(const commands::MailLink& link) override;
    std::optional<commands::ChallengeHandle> open_handle(ChallengePurpose purpose, std::string_view sealed) override;
    std::optional<commands::MailLink> open_link(ChallengePurpose purpose, std::string_view sealed) override;

private:
    const LiveKeyring& keyring_;
    const commands::Clock& clock_;
    const Uuid log_id_;
    const LocateKey locate_key_;
};

}  // namespace keyledger::security
