#pragma once
// Second factors and half log-ins over the keyring. Any thread.
#include "commands/factors/ports.hpp"
#include "commands/runtime/ports.hpp"
#include "security/adapters/absent_keys.hpp"
#include "security/keys/keyring.hpp"

namespace keyledger::security {

class LibraryFactorSecrets : public commands::FactorSecrets {
public:
    explicit LibraryFactorSecrets(std::string issuer_name) : issuer_name_(std::move(issuer_name)) {}
    Secret new_totp_secret() override;
    commands::ShownSecret shown(std::string_view account, const Secret& secret) override;
    std::optional<std::int64_t> matching_step(const Secret& secret, const Secret& typed, Instant now) override;
    Secret new_recovery_code() override;
    std::optional<std::string> recovery_code_digest(const UserId& user_id, const Secret& typed) override;

private:
    const std::string issuer_name_;  // as apps show it
};

class KeyringHalfLogins : public commands::HalfLogins {
public:
    KeyringHalfLogins(const LiveKeyring& keyring, const commands::Clock& clock, Uuid log_id, LocateKey locate_key = {})
        : keyring_(keyring), clock_(clock), log_id_(log_id), locate_key_(std::move(locate_key)) {}
    std::string seal(const commands::HalfLogin& half) override;
    std::optional<commands::HalfLogin> open(const Secret& token) override;

private:
    const LiveKeyring& keyring_;
    const commands::Clock& clock_;
    const Uuid log_id_;
    const LocateKey locate_key_;
};

}  // namespace keyledger::security
