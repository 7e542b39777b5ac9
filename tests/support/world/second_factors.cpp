#include "tests/support/world/second_factors.hpp"

#include <cstdio>
#include <functional>

namespace keyledger::test {
namespace {

std::string code_of(std::string_view secret, std::int64_t step) {
    const auto number = (std::hash<std::string_view>{}(secret) + static_cast<std::size_t>(step) * 7919) % 1'000'000;
    std::array<char, 16> digits{};
    std::snprintf(digits.data(), digits.size(), "%06zu", number);
    return digits.data();
}

}  // namespace

std::string code_at(std::string_view shown_secret, Instant at) {
    return code_of(shown_secret, at.since_epoch() / commands::kTotpStep);
}

Secret PlainFactorSecrets::new_totp_secret() {
    const std::lock_guard lock(mutex_);
    std::string secret = "secret " + std::to_string(++secrets_);
    secret.resize(commands::kTotpSecretBytes, '.');
    return Secret(secret);
}

commands::ShownSecret PlainFactorSecrets::shown(std::string_view, const Secret& secret) {
    return {secret.clone(), secret.clone(), secret.clone(), secret.clone()};
}

std::optional<std::int64_t> PlainFactorSecrets::matching_step(const Secret& secret, const Secret& typed, Instant now) {
    const std::int64_t current = now.since_epoch() / commands::kTotpStep;
    for (std::int64_t step = current - commands::kTotpStepsAround; step <= current + commands::kTotpStepsAround; ++step)
        if (code_of(secret.reveal(), step) == typed.reveal()) return step;
    return std::nullopt;
}

Secret PlainFactorSecrets::new_recovery_code() {
    const std::lock_guard lock(mutex_);
    return Secret("recovery-" + std::to_string(++codes_));
}

std::optional<std::string> PlainFactorSecrets::recovery_code_digest(const UserId& user_id, const Secret& typed) {
    if (!typed.reveal().starts_with("recovery-")) return std::nullopt;
    return user_id.to_string() + ' ' + std::string(typed.reveal());
}

std::string PlainHalfLogins::seal(const commands::HalfLogin& half) {
    const std::lock_guard lock(mutex_);
    const std::string token = "half " + std::to_string(sealed_.size() + 1);
    sealed_.emplace(token, half);
    return token;
}

std::optional<commands::HalfLogin> PlainHalfLogins::open(const Secret& token) {
    const std::lock_guard lock(mutex_);
    const auto found = sealed_.find(std::string(token.reveal()));
    return found == sealed_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace keyledger::test
