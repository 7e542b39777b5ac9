#pragma once
// Refresh tokens that nobody stores (design 9): "klr_" and base64url of version | key id | session | sealed
// content, sealed under a key derived for refresh tokens and that session. Equal contents under one root give
// equal bytes, so that a response lost on the way can be given again. Whether a token is good is for the
// session to say: by its generation. Any thread.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/id.hpp"
#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "security/keys/keyring.hpp"

namespace keyledger::security {

inline constexpr std::string_view kRefreshTokenPrefix = "klr_";
inline constexpr std::size_t kMaxRefreshTokenSize = 8 * 1024;

struct RefreshTokenContent {
    SessionId session = {};
    Uuid log_id = {};
    std::int64_t generation = 0;
    std::string client_id = {};
    std::vector<std::string> audiences = {};  // their order counts
    std::string key_thumbprint = {};          // of the key that it is bound to (RFC 9449 section 5); empty: to none
    friend bool operator==(const RefreshTokenContent&, const RefreshTokenContent&) = default;
};

// `root` is current(kSealingRoot) at the time the generation was made, not at the time of asking: else a
// rotation in between would change the bytes. A content out of its limits (those of access tokens) throws
// std::invalid_argument.
std::string seal_refresh_token(const Key& root, const RefreshTokenContent& content);

enum class RefreshTokenError {
    kMalformed,
    kUnknownKey,  // also revoked and ended ones
    kForged,      // changed, or put together from others
};

struct OpenedRefreshToken {
    RefreshTokenContent content;
    std::string key_id;
};
Result<OpenedRefreshToken, RefreshTokenError> open_refresh_token(const Keyring& keyring, std::string_view token,
                                                                 Instant now);
// The key that it names, whether there is one or not.
std::optional<std::string> key_named_by_refresh_token(std::string_view token);

}  // namespace keyledger::security
