#include "security/adapters/device_ids.hpp"

#include <charconv>

#include "domain/base/device_id.hpp"
#include "security/keys/sealed_value.hpp"
#include "security/primitives/random.hpp"

namespace keyledger::security {
namespace {

constexpr std::size_t kIdSize = 16;

}  // namespace

std::string KeyringDeviceIds::make() { return random_bytes(kIdSize); }

// The id, and behind it when it was sealed.
std::string KeyringDeviceIds::seal(std::string_view kept_id) {
    const Instant now = clock_.now();
    return seal_value(*keyring_.snapshot(), SealedPurpose::kDevice, log_id_,
                      std::string(kept_id) + std::to_string(now.ms()), now);
}

std::optional<std::string> KeyringDeviceIds::open(std::string_view sealed) {
    if (sealed.size() > commands::kMaxSealedDeviceBytes) return std::nullopt;
    const Instant now = clock_.now();
    auto clear = open_value(*keyring_.snapshot(), SealedPurpose::kDevice, log_id_, sealed, now);
    if (!clear || clear->size() <= kIdSize) return std::nullopt;
    std::int64_t sealed_at_ms = 0;
    const char* const end = clear->data() + clear->size();
    const auto [read_to, error] = std::from_chars(clear->data() + kIdSize, end, sealed_at_ms);
    if (error != std::errc() || read_to != end) return std::nullopt;
    if (now - Instant::at_ms(sealed_at_ms) >= kDeviceLifetime) return std::nullopt;
    return clear->substr(0, kIdSize);
}

}  // namespace keyledger::security
