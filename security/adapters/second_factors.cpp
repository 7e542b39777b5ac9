#include "security/adapters/second_factors.hpp"

#include "security/factors/key_uri.hpp"
#include "security/factors/qr_code.hpp"
#include "security/factors/recovery_codes.hpp"
#include "security/factors/totp.hpp"
#include "security/keys/sealed_value.hpp"
#include "security/primitives/base32.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"

namespace keyledger::security {
namespace {

// In the key and in what is authenticated: opened for nothing else.
constexpr std::string_view kSecondFactor = "second factor";

// ---- what a half log-in is sealed as: length_prefixed(), ids as texts ----------------------------------------------

Secret base64_of(const Secret& bytes) {
    std::string text = base64_unpadded_encode(bytes.reveal());
    text.reserve(text.size() + 3);
    while (text.size() % 4 != 0) text += '=';
    return Secret::take(std::move(text));
}

// Behind the log's id where one follows: nodes of an older version don't know it, and begin such a log-in anew.
constexpr std::string_view kLinks = "links";

std::string clear_of(const Uuid& log_id, const commands::HalfLogin& half) {
    std::string clear = length_prefixed({log_id.to_string()});
    if (const auto& links = half.links)
        clear += length_prefixed({kLinks, links->provider, links->issuer, links->subject, links->shown_as});
    clear += length_prefixed({stored_name(half.purpose), half.user_id.to_string(), half.session_id.to_string(),
                              std::to_string(half.security_stamp), half.client_id, half.device,
                              std::to_string(half.made_at.ms()), std::to_string(half.expires_at.ms()),
                              std::to_string(half.proven.size())});
    for (const Proof& proof : half.proven)
        clear += length_prefixed({stored_name(proof.method), std::to_string(proof.at.ms())});
    for (const std::string& audience : half.audiences) clear += length_prefixed({audience});
    return clear;
}

std::optional<commands::HalfLogin> read(std::string_view clear, const Uuid& log_id) {
    PartsReader parts(clear);
    if (parts.part() != log_id.to_string()) return std::nullopt;
    commands::HalfLogin half;
    std::string_view named = parts.part();
    if (named == kLinks) {
        commands::IdentityToLink links;
        for (std::string* text : {&links.provider, &links.issuer, &links.subject, &links.shown_as})
            *text = parts.part();
        half.links = std::move(links);
        named = parts.part();
    }
    const auto purpose = stored_value<commands::HalfLogin::Purpose>(named);
    const auto user_id = UserId::parse(parts.part());
    const auto session_id = SessionId::parse(parts.part());
    if (!purpose || !user_id || !session_id) return std::nullopt;
    half.purpose = *purpose;
    half.user_id = *user_id;
    half.session_id = *session_id;
    half.security_stamp = parts.number();
    half.client_id = parts.part();
    half.device = parts.part();
    half.made_at = Instant::at_ms(parts.number());
    half.expires_at = Instant::at_ms(parts.number());
    for (std::int64_t left = parts.number(); left > 0 && parts.is_good(); --left) {
        const auto method = stored_value<ProofMethod>(parts.part());
        const Instant at = Instant::at_ms(parts.number());
        if (!method) return std::nullopt;
        half.proven.push_back({*method, at});
    }
    while (parts.is_good() && !parts.is_at_end()) half.audiences.emplace_back(parts.part());
    return parts.is_good() ? std::optional(std::move(half)) : std::nullopt;
}

}  // namespace

Secret LibraryFactorSecrets::new_totp_secret() { return security::new_totp_secret(); }

commands::ShownSecret LibraryFactorSecrets::shown(std::string_view account, const Secret& secret) {
    Secret uri = totp_key_uri(issuer_name_, account, secret);
    Secret svg = qr_code_svg(uri);
    Secret png = base64_of(qr_code_png(uri));
    return {Secret::take(base32_encode(secret.reveal())), std::move(uri), std::move(svg), std::move(png)};
}

std::optional<std::int64_t> LibraryFactorSecrets::matching_step(const Secret& secret, const Secret& typed,
                                                                Instant now) {
    return matching_totp_step(secret, typed, now);
}

Secret LibraryFactorSecrets::new_recovery_code() { return security::new_recovery_code(); }

std::optional<std::string> LibraryFactorSecrets::recovery_code_digest(const UserId& user_id, const Secret& typed) {
    return security::recovery_code_digest(user_id, typed);
}

std::string KeyringHalfLogins::seal(const commands::HalfLogin& half) {
    return seal_value(*keyring_.snapshot(), SealedPurpose::kPreAuthentication, kSecondFactor, clear_of(log_id_, half),
                      clock_.now());
}

std::optional<commands::HalfLogin> KeyringHalfLogins::open(const Secret& token) {
    const auto opened_now = [&] {
        return open_value(*keyring_.snapshot(), SealedPurpose::kPreAuthentication, kSecondFactor, token.reveal(),
                          clock_.now());
    };
    auto opened = opened_now();
    if (!opened && opened.error() == SealedValueError::kUnknownKey &&
        is_here_now(locate_key_, key_named_by_sealed_value(SealedPurpose::kPreAuthentication, token.reveal())))
        opened = opened_now();
    return opened ? read(*opened, log_id_) : std::nullopt;
}

}  // namespace keyledger::security
