#include "security/primitives/digest.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include "security/primitives/bytes.hpp"
#include "security/primitives/openssl.hpp"

namespace keyledger::security {
namespace {

// Fetched once and never freed: a fetch costs more than hashing a short text, and threads may hash until the
// end.
const EVP_MD* fetched_sha256() {
    static const EVP_MD* const algorithm = ensured(EVP_MD_fetch(nullptr, "SHA256", nullptr), "SHA-256 is missing");
    return algorithm;
}

constexpr std::size_t kBlock = 64;

// RFC 2104 by hand: OpenSSL's HMAC takes a quarter longer for short texts.
class HmacBlock {
public:
    explicit HmacBlock(std::string_view key) {
        if (key.size() > kBlock) {
            const Digest shorter = sha256(key);
            std::ranges::copy(view_of(shorter), padded_.begin());
        } else {
            std::ranges::copy(key, padded_.begin());
        }
    }
    ~HmacBlock() { OPENSSL_cleanse(padded_.data(), padded_.size()); }
    HmacBlock(const HmacBlock&) = delete;
    HmacBlock& operator=(const HmacBlock&) = delete;

    void begin_inner(EVP_MD_CTX* context) { begin(context, '\x36'); }
    void begin_outer(EVP_MD_CTX* context) { begin(context, '\x5C'); }

private:
    void begin(EVP_MD_CTX* context, char pad) {
        for (char& byte : padded_) byte = static_cast<char>(byte ^ pad ^ applied_);
        applied_ = pad;
        ensure(EVP_DigestInit_ex2(context, fetched_sha256(), nullptr) == 1, "HMAC-SHA256");
        ensure(EVP_DigestUpdate(context, padded_.data(), padded_.size()) == 1, "HMAC-SHA256");
    }

    std::array<char, kBlock> padded_{};
    char applied_ = 0;
};

// One for each thread; what a hash was of is not in it any more when the hash is done.
EVP_MD_CTX* own_context() {
    thread_local const MessageDigestContext context(ensured(EVP_MD_CTX_new(), "digest context"));
    return context.get();
}

void hash_on(EVP_MD_CTX* context, std::string_view bytes) {
    ensure(EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1, "SHA-256");
}

Digest finish(EVP_MD_CTX* context) {
    Digest digest;
    ensure(EVP_DigestFinal_ex(context, digest.data(), nullptr) == 1, "SHA-256");
    return digest;
}

}  // namespace

Digest sha256(std::span<const std::string_view> parts) {
    EVP_MD_CTX* const context = own_context();
    ensure(EVP_DigestInit_ex2(context, fetched_sha256(), nullptr) == 1, "SHA-256");
    for (std::string_view part : parts) hash_on(context, part);
    return finish(context);
}

Uuid uuid_of(const Digest& digest) {
    Uuid id;
    std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
    id.bytes[6] = static_cast<std::uint8_t>(0x80 | (id.bytes[6] & 0x0F));
    id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3F));
    return id;
}

Digest hmac_sha256(std::string_view key, std::span<const std::string_view> parts) {
    if (key.empty()) throw std::invalid_argument("hmac_sha256: empty key");
    HmacBlock block(key);
    EVP_MD_CTX* const context = own_context();
    block.begin_inner(context);
    for (std::string_view part : parts) hash_on(context, part);
    const Digest inner = finish(context);
    block.begin_outer(context);
    hash_on(context, view_of(inner));
    return finish(context);
}

// What both hashes are before the text is the same each time.
struct HmacKey::States {
    MessageDigestContext inner{ensured(EVP_MD_CTX_new(), "digest context")};
    MessageDigestContext outer{ensured(EVP_MD_CTX_new(), "digest context")};
};

HmacKey::HmacKey(std::string_view key) {
    if (key.empty()) throw std::invalid_argument("HmacKey: empty key");
    HmacBlock block(key);
    auto states = std::make_unique<States>();
    block.begin_inner(states->inner.get());
    block.begin_outer(states->outer.get());
    states_ = std::move(states);
}

HmacKey::~HmacKey() = default;

Digest HmacKey::of(std::string_view bytes) const {
    // Its own: what it copies takes the place of the context's own state, so that the next hash would make one anew.
    thread_local const MessageDigestContext own(ensured(EVP_MD_CTX_new(), "digest context"));
    EVP_MD_CTX* const context = own.get();
    const auto hash = [&](const EVP_MD_CTX* from, std::string_view rest) {
        ensure(EVP_MD_CTX_copy_ex(context, from) == 1, "HMAC-SHA256");
        hash_on(context, rest);
        return finish(context);
    };
    const Digest inner = hash(states_->inner.get(), bytes);
    return hash(states_->outer.get(), view_of(inner));
}

Digest hkdf_sha256(std::string_view input_key, std::string_view salt, std::string_view info) {
    static constexpr Digest kNoSalt{};
    Digest extracted = hmac_sha256(salt.empty() ? view_of(kNoSalt) : salt, {input_key});
    Digest expanded = hmac_sha256(view_of(extracted), {info, std::string_view("\x01", 1)});
    OPENSSL_cleanse(extracted.data(), extracted.size());
    return expanded;
}

Secret hkdf_key(const Secret& input_key, std::string_view salt, std::string_view info) {
    Digest derived = hkdf_sha256(input_key.reveal(), salt, info);
    Secret key(view_of(derived));
    OPENSSL_cleanse(derived.data(), derived.size());
    return key;
}

}  // namespace keyledger::security
