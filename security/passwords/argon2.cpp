#include "security/passwords/argon2.hpp"

#include <argon2.h>

#include <charconv>
#include <new>
#include <stdexcept>

#include "security/passwords/hashing_memory.hpp"
#include "security/passwords/sodium_argon2.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/crypto_failure.hpp"
#include "security/primitives/random.hpp"

namespace keyledger::security {
namespace {

constexpr std::string_view kPrefix = "$argon2id$v=19$m=";

// Takes a number without sign or leading zero from the front of `text`.
std::optional<std::uint32_t> take_number(std::string_view& text) {
    std::uint32_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || text.front() == '0') return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

bool take(std::string_view& text, std::string_view expected) {
    if (!text.starts_with(expected)) return false;
    text.remove_prefix(expected.size());
    return true;
}

// The library takes pointers to mutable bytes, but writes to none of these without its clearing flags.
std::uint8_t* mutable_octets(std::string_view bytes) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(bytes.data()));
}

std::uint32_t size32(std::string_view bytes) { return static_cast<std::uint32_t>(bytes.size()); }

}  // namespace

bool is_acceptable(const Argon2Parameters& parameters) {
    return parameters.memory_kib >= kMinArgon2MemoryKib && parameters.memory_kib <= kMaxArgon2MemoryKib &&
           parameters.passes >= 1 && parameters.passes <= kMaxArgon2Passes && parameters.lanes >= 1 &&
           parameters.lanes <= kMaxArgon2Lanes && parameters.memory_kib >= 8 * parameters.lanes;
}

std::optional<Phc> parse_phc(std::string_view text) {
    if (text.size() > kMaxPhcSize || !take(text, kPrefix)) return std::nullopt;
    auto memory_kib = take_number(text);
    if (!memory_kib || !take(text, ",t=")) return std::nullopt;
    auto passes = take_number(text);
    if (!passes || !take(text, ",p=")) return std::nullopt;
    auto lanes = take_number(text);
    if (!lanes || !take(text, "$")) return std::nullopt;
    std::size_t border = text.find('$');
    if (border == std::string_view::npos) return std::nullopt;
    auto salt = base64_unpadded_decode(text.substr(0, border));
    auto tag = base64_unpadded_decode(text.substr(border + 1));
    if (!salt || salt->size() < 8 || salt->size() > 64) return std::nullopt;
    if (!tag || tag->size() < 16 || tag->size() > 64) return std::nullopt;
    Argon2Parameters parameters{*memory_kib, *passes, *lanes};
    if (!is_acceptable(parameters)) return std::nullopt;
    return Phc{parameters, std::move(*salt), std::move(*tag)};
}

std::string phc_text(const Phc& phc) {
    std::string text(kPrefix);
    text += std::to_string(phc.parameters.memory_kib);
    text += ",t=" + std::to_string(phc.parameters.passes);
    text += ",p=" + std::to_string(phc.parameters.lanes);
    text += '$' + base64_unpadded_encode(phc.salt);
    text += '$' + base64_unpadded_encode(phc.tag);
    return text;
}

std::string argon2id(const Argon2Input& input, const Argon2Parameters& parameters, std::size_t tag_size) {
    return is_for_sodium(input, parameters, tag_size) ? sodium_argon2id(input, parameters, tag_size)
                                                      : reference_argon2id(input, parameters, tag_size);
}

std::string reference_argon2id(const Argon2Input& input, const Argon2Parameters& parameters, std::size_t tag_size) {
    std::string tag(tag_size, '\0');
    argon2_context context = {};
    context.out = mutable_octets(tag);
    context.outlen = size32(tag);
    context.pwd = mutable_octets(input.password);
    context.pwdlen = size32(input.password);
    context.salt = mutable_octets(input.salt);
    context.saltlen = size32(input.salt);
    context.secret = mutable_octets(input.secret);
    context.secretlen = size32(input.secret);
    context.ad = mutable_octets(input.associated_data);
    context.adlen = size32(input.associated_data);
    context.t_cost = parameters.passes;
    context.m_cost = parameters.memory_kib;
    context.lanes = parameters.lanes;
    // Lanes one after the other: the pool decides how many cores hash, not a stored string.
    context.threads = 1;
    context.version = ARGON2_VERSION_13;
    use_hashing_memory(context);
    int outcome = argon2_ctx(&context, Argon2_id);
    if (outcome == ARGON2_MEMORY_ALLOCATION_ERROR) throw std::bad_alloc();
    if (outcome != ARGON2_OK) throw CryptoFailure(std::string("argon2id: ") + argon2_error_message(outcome));
    return tag;
}

Secret argon2_hash(const Secret& password, const Argon2Parameters& parameters) {
    if (!is_acceptable(parameters)) throw std::invalid_argument("argon2_hash: parameters out of bounds");
    if (password.size() > kMaxPasswordSize) throw std::invalid_argument("argon2_hash: the password is too long");
    std::string salt = random_bytes(kArgon2SaltSize);
    Argon2Input input{password.reveal(), salt, {}, {}};
    std::string tag = argon2id(input, parameters, kArgon2TagSize);
    return Secret::take(phc_text({parameters, std::move(salt), std::move(tag)}));
}

bool argon2_verify(const Secret& password, std::string_view phc) {
    auto parsed = parse_phc(phc);
    if (!parsed || password.size() > kMaxPasswordSize) return false;
    Argon2Input input{password.reveal(), parsed->salt, {}, {}};
    return Secret::equal(argon2id(input, parsed->parameters, parsed->tag.size()), parsed->tag);
}

bool needs_renewal(std::string_view phc, const Argon2Parameters& parameters) {
    auto parsed = parse_phc(phc);
    if (!parsed) return true;
    const Argon2Parameters& made_with = parsed->parameters;
    // More lanes don't make it stronger, and only the slower library knows them. But nothing is renewed to be weaker.
    const bool is_no_stronger = made_with.memory_kib <= parameters.memory_kib && made_with.passes <= parameters.passes;
    return made_with.memory_kib < parameters.memory_kib || made_with.passes < parameters.passes ||
           made_with.lanes < parameters.lanes || (made_with.lanes > parameters.lanes && is_no_stronger) ||
           parsed->salt.size() < kArgon2SaltSize || parsed->tag.size() < kArgon2TagSize;
}

}  // namespace keyledger::security
