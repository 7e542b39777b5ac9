#include "commands/clients/dpop.hpp"

#include <algorithm>

#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::commands {
namespace {

constexpr std::string_view kNonce = "DPoP nonce";

// RFC 3986 section 6.2, as far as what the service calls itself needs it: scheme and host without regard to case, the
// scheme's own port as good as none, and neither query nor fragment (RFC 9449 section 4.3, point 9).
std::string comparable(std::string_view uri) {
    uri = uri.substr(0, uri.find_first_of("?#"));
    const auto scheme_end = uri.find("://");
    if (scheme_end == std::string_view::npos) return std::string(uri);
    const auto path = std::min(uri.find('/', scheme_end + 3), uri.size());
    std::string origin(uri.substr(0, path));
    for (char& c : origin)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    for (const auto& [scheme, port] : {std::pair("https://", ":443"), std::pair("http://", ":80")})
        if (origin.starts_with(scheme) && origin.ends_with(port))
            origin.resize(origin.size() - std::string(port).size());
    return origin + std::string(uri.substr(path));
}

std::string digest_of(std::string_view token) {
    const auto digest = security::sha256(token);
    return security::base64url_encode(security::view_of(digest));
}

Unexpected<DpopFault> invalid(std::string why) {
    return Unexpected(DpopFault{DpopFault::Kind::kInvalid, std::move(why)});
}

}  // namespace

std::string DpopChecker::nonce() {
    const std::string made_at = std::to_string(clock_.now().ms());
    return cursors_.seal(kNonce, security::length_prefixed({security::view_of(log_id_), made_at}));
}

std::optional<Instant> DpopChecker::given_at(std::string_view nonce) {
    const auto clear = cursors_.open(kNonce, nonce);
    if (!clear) return std::nullopt;
    security::PartsReader parts(*clear);
    const Uuid log_id = parts.uuid();
    const Instant made_at = Instant::at_ms(parts.number());
    if (!parts.is_at_end() || log_id != log_id_) return std::nullopt;
    return made_at;
}

bool DpopChecker::is_taken_before(const DpopProof& proof) {
    const auto digest = security::sha256(security::length_prefixed({"DPoP proof", proof.thumbprint, proof.id}));
    const std::string key(security::view_of(digest));
    const std::lock_guard lock(mutex_);
    if (taken_.peek(key) != nullptr) return true;
    taken_.put(key, {});
    return false;
}

asio::awaitable<Result<Possession, DpopFault>> DpopChecker::check(std::string text, DpopRequest request) {
    const auto proof = keys_.read(text);
    if (!proof) co_return invalid(proof.error());
    if (request.expected_thumbprint && proof->thumbprint != *request.expected_thumbprint)
        co_return invalid("The DPoP proof is of another key than the one that this is bound to.");
    if (proof->method != request.method)
        co_return invalid("The DPoP proof has another 'htm' than this request's method.");
    if (comparable(proof->uri) != comparable(request.uri))
        co_return invalid("The DPoP proof has another 'htu' than " + request.uri + ".");
    const Instant now = clock_.now();
    const auto nonce_made_at = proof->nonce ? given_at(*proof->nonce) : std::nullopt;
    if (!nonce_made_at || now - *nonce_made_at > kDpopNonceLasts || *nonce_made_at - now > kMaxClockDifference)
        co_return Unexpected(
            DpopFault{DpopFault::Kind::kNonceWanted, "Sign a DPoP proof with the nonce of this answer."});
    if (proof->made_at > now + kDpopSkew || proof->made_at < now - kDpopSkew)
        co_return invalid("The DPoP proof has an 'iat' that is minutes away from the time of this server.");
    if (request.access_token && proof->token_digest != digest_of(*request.access_token))
        co_return invalid("The DPoP proof has no 'ath' that is the digest of the access token.");
    const bool is_signed = co_await keys_.is_signed_by_its_key(std::move(text));
    if (!is_signed) co_return invalid("The DPoP proof is not signed by the key in its 'jwk', or that is no good key.");
    if (is_taken_before(*proof)) co_return invalid("This DPoP proof was used before: sign one for each request.");
    co_return Possession{proof->thumbprint, now - *nonce_made_at > kDpopNonceLasts / 2};
}

}  // namespace keyledger::commands
