#pragma once
// Second factors without cryptography: what an app would show follows from its secret and the step by arithmetic.
#include <map>
#include <mutex>

#include "commands/factors/ports.hpp"

namespace keyledger::test {

// The code that an app with this secret (as it was shown) shows at that moment.
std::string code_at(std::string_view shown_secret, Instant at);

class PlainFactorSecrets : public commands::FactorSecrets {
public:
    Secret new_totp_secret() override;
    // All four are the secret itself.
    commands::ShownSecret shown(std::string_view account, const Secret& secret) override;
    std::optional<std::int64_t> matching_step(const Secret& secret, const Secret& typed, Instant now) override;
    // "recovery-1", "recovery-2" …
    Secret new_recovery_code() override;
    std::optional<std::string> recovery_code_digest(const UserId& user_id, const Secret& typed) override;

private:
    std::mutex mutex_;
    int secrets_ = 0;
    int codes_ = 0;
};

// A token is the number under which its half log-in is remembered.
class PlainHalfLogins : public commands::HalfLogins {
public:
    std::string seal(const commands::HalfLogin& half) override;
    std::optional<commands::HalfLogin> open(const Secret& token) override;

private:
    std::mutex mutex_;
    std::map<std::string, commands::HalfLogin> sealed_;
};

}  // namespace keyledger::test
