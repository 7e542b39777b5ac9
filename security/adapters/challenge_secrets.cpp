#include "security/adapters/challenge_secrets.hpp"

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
// The log, the purpose and the expiry are the same in all of them.
std::string common_of(const Uuid& log_id, ChallengePurpose purpose, Instant expires_at) {
    return length_prefixed({view_of(log_id), stored_name(purpose), std::to_string(expires_at.ms())});
}

struct Opening {
    SealedPurpose sealed_for;
    ChallengePurpose purpose;
    const Uuid& log_id;
    Instant now;
};

std::optional<std::string> open(const LiveKeyring& keyring, const LocateKey& locate_key, const Opening& of,
                                std::string_view sealed) {
    const std::string_view context = stored_name(of.purpose);
    auto clear = open_value(*keyring.snapshot(), of.sealed_for, context, sealed, of.now);
    if (!clear && clear.error() == SealedValueError::kUnknownKey &&
        is_here_now(locate_key, key_named_by_sealed_value(of.sealed_for, sealed)))
        clear = open_value(*keyring.snapshot(), of.sealed_for, context, sealed, of.now);
    return clear ? std::optional(std::move(*clear)) : std::nullopt;
}

// Reads the common parts; the expiry, or nullopt: it is good for nothing here and now.
std::optional<Instant> read_common(const Opening& of, PartsReader& parts) {
    const Uuid log_id = parts.uuid();
    const std::string_view purpose = parts.part();
    const Instant expires_at = Instant::at_ms(parts.number());
    const bool is_ours = parts.is_good() && log_id == of.log_id && purpose == stored_name(of.purpose);
    if (!is_ours || of.now >= expires_at) return std::nullopt;
    return expires_at;
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
                        length_prefixed({view_of(handle.challenge_id), view_of(handle.subject), handle.new_email});
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
    const auto clear = open(keyring_, locate_key_, of, sealed);
    PartsReader parts(clear ? *clear : std::string_view());
    const auto expires_at = read_common(of, parts);
    if (!expires_at) return std::nullopt;
    const ChallengeId challenge_id{parts.uuid()};
    const Uuid subject = parts.uuid();
    commands::ChallengeHandle handle{purpose, challenge_id, {}, subject, *expires_at, std::string(parts.part())};
    while (parts.is_good() && !parts.is_at_end()) {
        const std::string_view key_id = parts.part();
        handle.address.push_back({std::string(key_id), std::string(parts.part())});
    }
    return parts.is_good() ? std::optional(std::move(handle)) : std::nullopt;
}

std::optional<commands::MailLink> KeyringChallengeSecrets::open_link(ChallengePurpose purpose,
                                                                     std::string_view sealed) {
    const Opening of{SealedPurpose::kMailLink, purpose, log_id_, clock_.now()};
    const auto clear = open(keyring_, locate_key_, of, sealed);
    PartsReader parts(clear ? *clear : std::string_view());
    const auto expires_at = read_common(of, parts);
    if (!expires_at) return std::nullopt;
    commands::MailLink link;
    link.purpose = purpose;
    link.challenge_id = ChallengeId{parts.uuid()};
    link.about = parts.uuid();
    link.subject = parts.uuid();
    link.security_stamp = parts.number();
    link.address_digest = parts.part();
    link.expires_at = *expires_at;
    return parts.is_at_end() ? std::optional(std::move(link)) : std::nullopt;
}

}  // namespace keyledger::security
