#include "security/factors/totp.hpp"

#include <liboath/oath.h>

#include <array>
#include <stdexcept>
#include <string>

#include "security/primitives/crypto_failure.hpp"
#include "security/primitives/random.hpp"

namespace keyledger::security {
namespace {

constexpr std::size_t kSecretBytes = 20;
constexpr int kMostDigits = 8;

void require(int rc) {
    if (rc != OATH_OK) throw CryptoFailure(std::string("liboath: ") + oath_strerror_name(rc));
}

int flags_of(TotpHash hash) {
    switch (hash) {
        case TotpHash::kSha1: return 0;
        case TotpHash::kSha256: return OATH_TOTP_HMAC_SHA256;
        case TotpHash::kSha512: return OATH_TOTP_HMAC_SHA512;
    }
    throw std::invalid_argument("no such hash");
}

Secret without_spaces(const Secret& typed) {
    std::string kept;
    kept.reserve(typed.size());
    for (const char one : typed.reveal())
        if (one != ' ') kept += one;
    return Secret::take(std::move(kept));
}

}  // namespace

Secret new_totp_secret() { return random_secret(kSecretBytes); }

Secret totp_code(const Secret& secret, std::int64_t step, const TotpParameters& parameters) {
    static const int ready = oath_init();  // once for all threads
    require(ready);
    if (step < 0) throw std::out_of_range("TOTP: a step before 1970");
    if (parameters.digits < 6 || parameters.digits > kMostDigits) throw std::invalid_argument("TOTP: 6 to 8 digits");
    std::array<char, kMostDigits + 1> digits{};
    require(oath_totp_generate2(secret.reveal().data(), secret.size(), step * kTotpStep.whole_seconds(),
                                kTotpStep.whole_seconds(), OATH_TOTP_DEFAULT_START_TIME,
                                static_cast<unsigned>(parameters.digits), flags_of(parameters.hash), digits.data()));
    return Secret(std::string_view(digits.data(), static_cast<std::size_t>(parameters.digits)));
}

std::optional<std::int64_t> matching_totp_step(const Secret& secret, const Secret& typed, Instant now,
                                               const TotpParameters& parameters) {
    const Secret digits = without_spaces(typed);
    const std::int64_t current = totp_step_at(now);
    std::optional<std::int64_t> matching;
    for (std::int64_t step = current - kTotpStepsAround; step <= current + kTotpStepsAround; ++step) {
        if (step >= 0 && equal(totp_code(secret, step, parameters), digits)) matching = step;
    }
    return matching;
}

}  // namespace keyledger::security
