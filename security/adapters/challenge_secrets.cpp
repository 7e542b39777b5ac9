#include "security/adapters/challenge_secrets.hpp"

#include <charconv>

#include "security/keys/sealed_value.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/derivation.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::security {
namespace {

// ---- codes -----------------------------------------------------------------------------------------------------
// A number below `bound`, each as likely: words of the digest that lie above the last whole multiple are passed over.
std::uint64_t uniform_below(std::uint64_t bound, const Secret& key, std::string_view message) {
    const std::uint64_t last_whole = UINT64_MAX - UINT64_MAX % bound;
    for (std::uint8_t round = 0;; ++round) {
        const std::array<std::uint8_t, 1> counted{round};
        const Digest digest = hmac_sha256(key.reveal(), {message, view_of(counted)});
        for (std::size_t word = 0; word < digest.size(); word += sizeof(std::uint64_t)) {
            std::uint64_t number = 0;
            for (std::size_t i = 0; i < sizeof number; ++i) number = number << 8 | digest[word + i];
            if (number < last_whole) return number % bound;
        }
    }
}

std::string in_digits(std::uint64_t number, int digits) {
    std::string text = std::to_string(number);
    text.insert(0, static_cast<std::size_t>(digits) - text.size(), '0');
    return text;
}

// ---- what is sealed --------------------------------------------------------------------------------------------
// The parts of length_prefixed().
std::optional<std::vector<std::string>> parts_of(std::string_view bytes) {
    constexpr std::size_t kLengthSize = 4;
    std::vector<std::string> parts;
    while (!bytes.empty()) {
        if (bytes.size() < kLengthSize) return std::nullopt;
        std::size_t size = 0;
        for (const char byte : bytes.substr(0, kLengthSize)) size = size << 8 | static_cast<std::uint8_t>(byte);
        bytes.remove_prefix(kLengthSize);
        if (bytes.size() < size) return std::nullopt;
        parts.emplace_back(bytes.substr(0, size));
        bytes.remove_prefix(size);
    }
    return parts;
}

std::optional<Uuid> uuid_of(std::string_view bytes) {
    Uuid id;
    if (bytes.size() != id.bytes.size()) return std::nullopt;
    std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
    return id;
}

std::optional<std::int64_t> number_of(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// The log, the purpose and the expiry are the same in all of them.
constexpr std::size_t kCommonParts = 3;
std::string common_of(const Uuid& log_id, ChallengePurpose purpose, Instant expires_at) {
    return length_prefixed({view_of(log_id), stored_name(purpose), std::to_string(expires_at.ms())});
}

struct Opening {
    SealedPurpose sealed_for;
    ChallengePurpose purpose;
    const Uuid& log_id;
    Instant now;
};

// What stands behind the common parts, and the expiry; nullopt: it is good for nothing here and now.
struct Opened {
    std::vector<std::string> parts;
    Instant expires_at;
};
std::optional<Opened> read_common(const Opening& of, std::string_view clear) {
    auto parts = parts_of(clear);
    if (!parts || parts->size() < kCommonParts) return std::nullopt;
    const auto log_id = uuid_of(parts->at(0));
    const auto expires_at = number_of(parts->at(2));
    if (!log_id || *log_id != of.log_id || parts->at(1) != stored_name(of.purpose) || !expires_at) return std::nullopt;
    Opened opened{{parts->begin() + kCommonParts, parts->end()}, Instant::at_ms(*expires_at)};
    if (of.now >= opened.expires_at) return std::nullopt;
    return opened;
}

std::optional<Opened> open(const LiveKeyring& keyring, const LocateKey& locate_key, const Opening& of,
                           std::string_view sealed) {
    const std::string_view context = stored_name(of.purpose);
    auto clear = open_value(*keyring.snapshot(), of.sealed_for, context, sealed, of.now);
    if (!clear && clear.error() == SealedValueError::kUnknownKey &&
        is_here_now(locate_key, key_named_by_sealed_value(of.sealed_for, sealed)))
        clear = open_value(*keyring.snapshot(), of.sealed_for, context, sealed, of.now);
    if (!clear) return std::nullopt;
    return read_common(of, *clear);
}

}  // namespace

std::string KeyringChallengeSecrets::current_key() {
    return keyring_.snapshot()->require_current(KeyPurpose::kSealingRoot, clock_.now()).id;
}

std::optional<std::string> KeyringChallengeSecrets::code(const commands::CodeSource& source) {
    const auto keyring = keyring_.snapshot();
    const Key* root = keyring->find(KeyPurpose::kSealingRoot, source.key_id, clock_.now());
    if (root == nullptr && is_here_now(locate_key_, source.key_id)) {
        const auto newer = keyring_.snapshot();
        if (newer->find(KeyPurpose::kSealingRoot, source.key_id, clock_.now()) != nullptr) return code(source);
    }
    if (root == nullptr) return std::nullopt;
    const Secret key = derived_key(*root, "challenge code", stored_name(source.purpose));
    const std::string message = length_prefixed(
        {view_of(log_id_), eventstore::kDefaultTenant, stored_name(source.purpose), view_of(source.subject),
         std::to_string(source.security_stamp), view_of(source.challenge_id), source.address_digest});
    const int digits = code_digits(source.purpose);
    std::uint64_t bound = 1;
    for (int i = 0; i < digits; ++i) bound *= 10;
    return in_digits(uniform_below(bound, key, message), digits);
}

std::string KeyringChallengeSecrets::seal(const commands::ChallengeHandle& handle) {
    std::string clear = common_of(log_id_, handle.purpose, handle.expires_at) +
                        length_prefixed({view_of(handle.challenge_id), view_of(handle.subject)});
    for (const auto& [key_id, digest] : handle.address) clear += length_prefixed({key_id, digest});
    return seal_value(*keyring_.snapshot(), SealedPurpose::kChallengeHandle, stored_name(handle.purpose), clear,
                      clock_.now());
}

std::string KeyringChallengeSecrets::seal(const commands::MailLink& link) {
    const std::string clear = common_of(log_id_, link.purpose, link.expires_at) +
                              length_prefixed({view_of(link.challenge_id), view_of(link.about), view_of(link.subject),
                                               std::to_string(link.security_stamp), link.address_digest});
    return seal_value(*keyring_.snapshot(), SealedPurpose::kMailLink, stored_name(link.purpose), clear, clock_.now());
}

std::optional<commands::ChallengeHandle> KeyringChallengeSecrets::open_handle(ChallengePurpose purpose,
                                                                              std::string_view sealed) {
    const Opening of{SealedPurpose::kChallengeHandle, purpose, log_id_, clock_.now()};
    const auto opened = open(keyring_, locate_key_, of, sealed);
    if (!opened || opened->parts.size() < 2 || opened->parts.size() % 2 != 0) return std::nullopt;
    const auto challenge_id = uuid_of(opened->parts[0]);
    const auto subject = uuid_of(opened->parts[1]);
    if (!challenge_id || !subject) return std::nullopt;
    commands::ChallengeHandle handle{purpose, ChallengeId{*challenge_id}, {}, *subject, opened->expires_at};
    for (std::size_t i = 2; i < opened->parts.size(); i += 2)
        handle.address.push_back({opened->parts[i], opened->parts[i + 1]});
    return handle;
}

std::optional<commands::MailLink> KeyringChallengeSecrets::open_link(ChallengePurpose purpose,
                                                                     std::string_view sealed) {
    const Opening of{SealedPurpose::kMailLink, purpose, log_id_, clock_.now()};
    const auto opened = open(keyring_, locate_key_, of, sealed);
    if (!opened || opened->parts.size() != 5) return std::nullopt;
    const auto challenge_id = uuid_of(opened->parts[0]);
    const auto about = uuid_of(opened->parts[1]);
    const auto subject = uuid_of(opened->parts[2]);
    const auto stamp = number_of(opened->parts[3]);
    if (!challenge_id || !about || !subject || !stamp) return std::nullopt;
    return commands::MailLink{purpose,          ChallengeId{*challenge_id}, *about, *subject, *stamp,
                              opened->parts[4], opened->expires_at};
}

}  // namespace keyledger::security
