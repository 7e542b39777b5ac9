#pragma once
// SHA-256 (FIPS 180-4), HMAC (RFC 2104) and HKDF (RFC 5869) over SHA-256, one shot. Parts are hashed one
// after the other as they are; use length_prefixed() where their borders must count. Any thread. Failures of
// OpenSSL throw CryptoFailure.
#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>

#include "domain/base/secret.hpp"
#include "domain/base/uuid.hpp"

namespace keyledger::security {

using Digest = std::array<std::uint8_t, 32>;
using Parts = std::initializer_list<std::string_view>;

Digest sha256(std::span<const std::string_view> parts);
inline Digest sha256(Parts parts) { return sha256(std::span(parts.begin(), parts.size())); }
inline Digest sha256(std::string_view bytes) { return sha256(std::span(&bytes, 1)); }

// A UUID of version 8 (RFC 9562 section 5.8), of the digest's first bits: for ids that everybody derives alike.
Uuid uuid_of(const Digest& digest);

// An empty key is a bug in the caller and throws std::invalid_argument.
Digest hmac_sha256(std::string_view key, std::span<const std::string_view> parts);
inline Digest hmac_sha256(std::string_view key, Parts parts) {
    return hmac_sha256(key, std::span(parts.begin(), parts.size()));
}

// A key of HMAC-SHA-256 that is made ready once, for whoever needs very many of short texts. Any thread.
class HmacKey {
public:
    explicit HmacKey(std::string_view key);  // not empty
    ~HmacKey();
    HmacKey(const HmacKey&) = delete;
    HmacKey& operator=(const HmacKey&) = delete;
    Digest of(std::string_view bytes) const;

private:
    struct States;
    std::unique_ptr<const States> states_;
};

// Extract and expand to 32 bytes. An empty salt is RFC 5869's default of 32 zero bytes.
Digest hkdf_sha256(std::string_view input_key, std::string_view salt, std::string_view info);
// The same as a key: nothing of it stays behind in the caller's frame.
Secret hkdf_key(const Secret& input_key, std::string_view salt, std::string_view info);
// Its two steps, for whoever derives several keys from one: what is extracted is as secret as the key is. Made ready as
// an HmacKey, it expands for less.
Secret hkdf_extracted(const Secret& input_key, std::string_view salt);
Secret hkdf_expanded(const Secret& extracted, std::string_view info);
Secret hkdf_expanded(const HmacKey& extracted, std::string_view info);

}  // namespace keyledger::security
