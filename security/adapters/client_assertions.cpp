#include "security/adapters/client_assertions.hpp"

#include "security/client_assertion.hpp"

namespace keyledger::security {
namespace {

KeyAlgorithm port_algorithm(SigningAlgorithm algorithm) {
    switch (algorithm) {
        case SigningAlgorithm::kRs256: return KeyAlgorithm::kRs256;
        case SigningAlgorithm::kEs256: return KeyAlgorithm::kEs256;
        case SigningAlgorithm::kEdDsa: return KeyAlgorithm::kEdDsa;
    }
    return KeyAlgorithm::kEs256;
}

}  // namespace

std::optional<ServiceAccount::PublicKey> JwtClientAssertions::read_key(std::string_view jwk) {
    const auto key = PublicKey::parse(jwk);
    if (!key) return std::nullopt;
    return ServiceAccount::PublicKey{key->thumbprint(), port_algorithm(key->algorithm()), key->canonical()};
}

std::optional<JwtClientAssertions::Claims> JwtClientAssertions::read(std::string_view assertion) {
    auto read = read_client_assertion(assertion);
    if (!read) return std::nullopt;
    Claims claims;
    claims.algorithm = port_algorithm(read->algorithm);
    claims.key_id = std::move(read->key_id);
    claims.issuer = std::move(read->issuer);
    claims.subject = std::move(read->subject);
    claims.audience = std::move(read->audience);
    claims.id = std::move(read->id);
    claims.expires_at_ms = read->expires_at_ms;
    claims.issued_at_ms = read->issued_at_ms;
    claims.not_before_ms = read->not_before_ms;
    return claims;
}

bool JwtClientAssertions::is_signed_by(std::string_view assertion, const ServiceAccount::PublicKey& key) {
    const auto parsed = PublicKey::parse_again(key.jwk);
    return parsed && port_algorithm(parsed->algorithm()) == key.algorithm && security::is_signed_by(assertion, *parsed);
}

}  // namespace keyledger::security
