#include "security/primitives/digest.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>

#include <algorithm>
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

MacContext new_hmac_context() {
    static EVP_MAC* const algorithm = ensured(EVP_MAC_fetch(nullptr, "HMAC", nullptr), "HMAC is missing");
    MacContext context(ensured(EVP_MAC_CTX_new(algorithm), "HMAC context"));
    char name[] = "SHA256";
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                               OSSL_PARAM_construct_end()};
    ensure(EVP_MAC_CTX_set_params(context.get(), parameters) == 1, "HMAC-SHA256 is missing");
    return context;
}

}  // namespace

Digest sha256(std::span<const std::string_view> parts) {
    thread_local MessageDigestContext context(ensured(EVP_MD_CTX_new(), "digest context"));
    ensure(EVP_DigestInit_ex2(context.get(), fetched_sha256(), nullptr) == 1, "SHA-256");
    for (std::string_view part : parts)
        ensure(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1, "SHA-256");
    Digest digest;
    ensure(EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1, "SHA-256");
    return digest;
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
    thread_local MacContext context = new_hmac_context();
    ensure(EVP_MAC_init(context.get(), octets(key), key.size(), nullptr) == 1, "HMAC-SHA256");
    for (std::string_view part : parts)
        ensure(EVP_MAC_update(context.get(), octets(part), part.size()) == 1, "HMAC-SHA256");
    Digest digest;
    std::size_t size = 0;
    ensure(EVP_MAC_final(context.get(), digest.data(), &size, digest.size()) == 1, "HMAC-SHA256");
    return digest;
}

// RFC 2104 by hand: what both hashes are before the text is the same each time.
struct HmacKey::States {
    MessageDigestContext inner{ensured(EVP_MD_CTX_new(), "digest context")};
    MessageDigestContext outer{ensured(EVP_MD_CTX_new(), "digest context")};
};

HmacKey::HmacKey(std::string_view key) {
    constexpr std::size_t kBlock = 64;
    if (key.empty()) throw std::invalid_argument("HmacKey: empty key");
    std::array<char, kBlock> padded{};
    if (key.size() > kBlock) {
        const Digest shorter = sha256(key);
        std::ranges::copy(view_of(shorter), padded.begin());
    } else {
        std::ranges::copy(key, padded.begin());
    }
    auto states = std::make_unique<States>();
    const auto begin = [&](EVP_MD_CTX* context, char pad) {
        std::array<char, kBlock> block = padded;
        for (char& byte : block) byte = static_cast<char>(byte ^ pad);
        ensure(EVP_DigestInit_ex2(context, fetched_sha256(), nullptr) == 1, "HMAC-SHA256");
        ensure(EVP_DigestUpdate(context, block.data(), block.size()) == 1, "HMAC-SHA256");
        OPENSSL_cleanse(block.data(), block.size());
    };
    begin(states->inner.get(), '\x36');
    begin(states->outer.get(), '\x5C');
    OPENSSL_cleanse(padded.data(), padded.size());
    states_ = std::move(states);
}

HmacKey::~HmacKey() = default;

Digest HmacKey::of(std::string_view bytes) const {
    thread_local MessageDigestContext context(ensured(EVP_MD_CTX_new(), "digest context"));
    Digest digest;
    const auto hash = [&](const EVP_MD_CTX* from, std::string_view rest) {
        ensure(EVP_MD_CTX_copy_ex(context.get(), from) == 1, "HMAC-SHA256");
        ensure(EVP_DigestUpdate(context.get(), rest.data(), rest.size()) == 1, "HMAC-SHA256");
        ensure(EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1, "HMAC-SHA256");
    };
    hash(states_->inner.get(), bytes);
    Digest inner = digest;
    hash(states_->outer.get(), view_of(inner));
    OPENSSL_cleanse(inner.data(), inner.size());  // under a key that is no secret it is as good as what is returned
    return digest;
}

namespace {

constexpr std::string_view kFirstBlock{"\x01", 1};

// Never freed, as above.
const HmacKey& no_salt() {
    static const HmacKey* const key = new HmacKey(view_of(Digest{}));
    return *key;
}

Digest extracted_from(std::string_view input_key, std::string_view salt) {
    return salt.empty() ? no_salt().of(input_key) : hmac_sha256(salt, {input_key});
}

Secret taken(Digest& digest) {
    Secret key(view_of(digest));
    OPENSSL_cleanse(digest.data(), digest.size());
    return key;
}

}  // namespace

Digest hkdf_sha256(std::string_view input_key, std::string_view salt, std::string_view info) {
    Digest extracted = extracted_from(input_key, salt);
    Digest expanded = hmac_sha256(view_of(extracted), {info, kFirstBlock});
    OPENSSL_cleanse(extracted.data(), extracted.size());
    return expanded;
}

Secret hkdf_key(const Secret& input_key, std::string_view salt, std::string_view info) {
    Digest derived = hkdf_sha256(input_key.reveal(), salt, info);
    return taken(derived);
}

Secret hkdf_extracted(const Secret& input_key, std::string_view salt) {
    Digest extracted = extracted_from(input_key.reveal(), salt);
    return taken(extracted);
}

Secret hkdf_expanded(const Secret& extracted, std::string_view info) {
    Digest expanded = hmac_sha256(extracted.reveal(), {info, kFirstBlock});
    return taken(expanded);
}

Secret hkdf_expanded(const HmacKey& extracted, std::string_view info) {
    std::string first_block(info);
    first_block += kFirstBlock;
    Digest expanded = extracted.of(first_block);
    return taken(expanded);
}

}  // namespace keyledger::security
