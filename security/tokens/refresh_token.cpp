#include "security/tokens/refresh_token.hpp"

#include <memory>
#include <stdexcept>
#include <utility>

#include "security/keys/envelope.hpp"
#include "security/primitives/aead.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/derivation.hpp"
#include "security/tokens/jwt.hpp"

namespace keyledger::security {
namespace {

constexpr char kVersion = 1;
constexpr std::string_view kPurpose = "refresh";
constexpr std::size_t kUuidSize = 16;

KeptAeads::Pointer aead_for(const Key& root, std::string_view session) {
    return std::make_unique<const DeterministicAead>(derived_key(root, kPurpose, session), kPurpose);
}

std::string bound_to(std::string_view head, std::string_view session) {
    return length_prefixed({kPurpose, head, session});
}

// log id | generation (8 bytes) | client id | audiences, each text behind its length (2 bytes); of one that is bound to
// a key also 0 (2 bytes), which no text has, and the key's thumbprint.
void put_number(std::string& bytes, std::uint64_t number, int size) {
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xFF);
}

void put_text(std::string& bytes, std::string_view text) {
    if (text.empty() || text.size() > kMaxTokenTextSize)
        throw std::invalid_argument("refresh token: client id and audiences must have 1 to 512 bytes");
    put_number(bytes, text.size(), 2);
    bytes += text;
}

std::string content_bytes(const RefreshTokenContent& content) {
    if (content.generation < 0) throw std::invalid_argument("refresh token: the generation is negative");
    if (content.audiences.size() > kMaxAudiences) throw std::invalid_argument("refresh token: at most 16 audiences");
    std::size_t room = kUuidSize + 8 + 2 + content.client_id.size() + 4 + content.key_thumbprint.size();
    for (const std::string& audience : content.audiences) room += 2 + audience.size();
    std::string bytes;
    bytes.reserve(room);
    bytes += view_of(content.log_id);
    put_number(bytes, static_cast<std::uint64_t>(content.generation), 8);
    put_text(bytes, content.client_id);
    for (const std::string& audience : content.audiences) put_text(bytes, audience);
    if (content.key_thumbprint.empty()) return bytes;
    put_number(bytes, 0, 2);
    put_text(bytes, content.key_thumbprint);
    return bytes;
}

// Reads back what was authenticated, yet as strictly as if it were not: another version might seal it
// differently.
class ContentReader {
public:
    explicit ContentReader(std::string_view bytes) : rest_(bytes) {}
    bool at_end() const { return rest_.empty(); }
    bool good() const { return good_; }

    std::string_view take(std::size_t size) {
        good_ = good_ && rest_.size() >= size;
        if (!good_) return {};
        std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }
    std::uint64_t number(std::size_t size) {
        std::uint64_t value = 0;
        for (char byte : take(size)) value = value << 8 | static_cast<std::uint8_t>(byte);
        return value;
    }
    std::string text() {
        std::string read = text_or_nothing();
        good_ = good_ && !read.empty();
        return read;
    }
    std::string text_or_nothing() {
        std::size_t size = static_cast<std::size_t>(number(2));
        good_ = good_ && size <= kMaxTokenTextSize;
        return std::string(take(size));
    }

private:
    std::string_view rest_;
    bool good_ = true;
};

Uuid uuid_from(std::string_view bytes) {
    Uuid id;
    for (std::size_t i = 0; i < bytes.size() && i < kUuidSize; ++i) id.bytes[i] = static_cast<std::uint8_t>(bytes[i]);
    return id;
}

std::optional<RefreshTokenContent> read_content(std::string_view bytes) {
    ContentReader reader(bytes);
    RefreshTokenContent content;
    content.log_id = uuid_from(reader.take(kUuidSize));
    content.generation = static_cast<std::int64_t>(reader.number(8));
    content.client_id = reader.text();
    while (reader.good() && !reader.at_end() && content.key_thumbprint.empty()) {
        std::string audience = reader.text_or_nothing();
        if (audience.empty()) content.key_thumbprint = reader.text();
        else content.audiences.push_back(std::move(audience));
    }
    bool good =
        reader.good() && reader.at_end() && content.generation >= 0 && content.audiences.size() <= kMaxAudiences;
    return good ? std::optional(std::move(content)) : std::nullopt;
}

}  // namespace

std::string seal_refresh_token(const Key& root, const RefreshTokenContent& content) {
    std::string head = envelope_head(kVersion, root.id);
    std::string_view session = view_of(content.session);
    // Most are sealed where the one before was opened just now.
    auto aead = root.sessions ? root.sessions->take(content.session) : nullptr;
    if (!aead) aead = aead_for(root, session);
    std::string sealed = aead->seal(bound_to(head, session), content_bytes(content));
    head += session;
    head += sealed;
    std::string token = std::string(kRefreshTokenPrefix) + base64url_encode(head);
    if (token.size() > kMaxRefreshTokenSize) throw std::invalid_argument("refresh token: above 8 KiB");
    return token;
}

Result<OpenedRefreshToken, RefreshTokenError> open_refresh_token(const Keyring& keyring, std::string_view token,
                                                                 Instant now) {
    if (token.size() > kMaxRefreshTokenSize || !token.starts_with(kRefreshTokenPrefix))
        return Unexpected(RefreshTokenError::kMalformed);
    auto bytes = base64url_decode(token.substr(kRefreshTokenPrefix.size()));
    auto envelope = bytes ? read_envelope(kVersion, *bytes) : std::nullopt;
    if (!envelope || envelope->body.size() < kUuidSize + kAeadOverhead)
        return Unexpected(RefreshTokenError::kMalformed);
    const Key* root = keyring.find(KeyPurpose::kSealingRoot, envelope->key_id, now);
    if (!root) return Unexpected(RefreshTokenError::kUnknownKey);
    std::string_view session = envelope->body.substr(0, kUuidSize);
    auto aead = aead_for(*root, session);
    auto clear = aead->open(bound_to(envelope->head, session), envelope->body.substr(kUuidSize));
    auto content = clear ? read_content(*clear) : std::nullopt;
    if (!content) return Unexpected(RefreshTokenError::kForged);
    content->session = SessionId{uuid_from(session)};
    if (root->sessions) root->sessions->put(content->session, std::move(aead));
    return OpenedRefreshToken{std::move(*content), root->id};
}

std::optional<std::string> key_named_by_refresh_token(std::string_view token) {
    if (token.size() > kMaxRefreshTokenSize || !token.starts_with(kRefreshTokenPrefix)) return std::nullopt;
    return key_named_in(kVersion, token.substr(kRefreshTokenPrefix.size()));
}

}  // namespace keyledger::security
