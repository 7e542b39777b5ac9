// Access tokens: raw text, and claims under any header, rightly signed. The same as a client's assertion, as a DPoP
// proof and as another provider's ID token, and the claims as a JWK and as a set of them.
#include "security/primitives/base64url.hpp"
#include "security/tokens/client_assertion.hpp"
#include "security/tokens/dpop_proof.hpp"
#include "security/tokens/id_token.hpp"
#include "security/tokens/jwt.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/keys.hpp"

namespace keyledger::fuzz {
namespace {

void read(std::string_view token) {
    const auto found = security::read_access_token(test_keys(), token, kNow);
    if (!found) return;
    const auto& claims = found->claims;
    promise(!claims.issuer.empty() && claims.issuer.size() <= security::kMaxTokenTextSize, "an issuer");
    promise(!claims.audiences.empty() && claims.audiences.size() <= security::kMaxAudiences, "audiences");
    const security::TokenExpectation expectation{claims.issuer};
    if (security::check_access_token(*found, expectation, kNow))
        promise(claims.expires_at > kNow && found->not_before <= kNow, "a time");
    const security::TokenExpectation other{"another issuer"};
    if (claims.issuer != other.issuer)
        promise(!security::check_access_token(*found, other, kNow), "the issuer is looked at");
}

void read_as_a_clients(std::string_view token) {
    const auto found = security::read_client_assertion(token);
    if (!found) {
        promise(found.error().find_first_of("\"\\\r\n") == std::string::npos, "an error is a description of RFC 6749");
        return;
    }
    promise(!found->id.empty(), "an id");
    promise(found->issuer == found->subject, "one client");
}

void read_as_a_proof(std::string_view token) {
    const auto found = security::read_dpop_proof(token);
    if (!found) {
        promise(found.error().find_first_of("\"\\\r\n") == std::string::npos, "an error is a description of RFC 6749");
        return;
    }
    promise(!found->id.empty() && !found->method.empty() && !found->uri.empty(), "all claims");
    promise(found->thumbprint.size() == 43, "a thumbprint");
    const auto key = security::PublicKey::parse(found->jwk);
    promise(!key || key->thumbprint() == found->thumbprint, "it is that of the key");
}

void read_as_a_key(std::string_view jwk) {
    const auto key = security::PublicKey::parse(jwk);
    if (!key) return promise(!key.error().empty(), "a reason");
    promise(key->key_id().size() <= security::kMaxKeyIdSize, "a name is bounded");
    const auto again = security::PublicKey::parse(key->canonical());
    promise(again && again->thumbprint() == key->thumbprint(), "the canonical form is of the same key");
}

// As another provider's: whatever is let through says who it is about, and to whom.
void read_as_an_id_token(std::string_view token, const security::KeySet& keys) {
    const security::IdTokenExpectation expected{"https://a.example/{tenantid}", "a", "a"};
    const auto found = security::check_id_token(token, keys, expected, kNow);
    if (!found) return;
    promise(!found->subject.empty() && found->subject.size() <= security::kMaxSubjectSize, "a subject");
    promise(found->issuer == "https://a.example/" + found->tenant, "the issuer of a tenant");
}

security::KeySet set_of(const security::SigningKey& key) {
    std::string members;
    for (const auto& [name, value] : key.public_members()) members += ",\"" + name + "\":\"" + value + "\"";
    return *security::KeySet::parse("{\"keys\":[{" + members.substr(1) + "}]}");
}

}  // namespace

void token(std::string_view text) {
    read(text);
    read_as_a_clients(text);
    read_as_a_proof(text);
    // The first line is the header, the rest the claims.
    const std::size_t line = text.find('\n');
    if (line == text.npos) return;
    const std::string signed_part =
        security::base64url_encode(text.substr(0, line)) + "." + security::base64url_encode(text.substr(line + 1));
    read_as_a_clients(signed_part + ".AA");
    read_as_a_proof(signed_part + ".AA");
    read_as_a_key(text.substr(line + 1));
    const auto& key = *test_keys().require_current(security::KeyPurpose::kTokenSigning, kNow).signing;
    const std::string signed_token = signed_part + "." + security::base64url_encode(key.sign(signed_part));
    static const security::KeySet keys = set_of(key);
    read(signed_token);
    read_as_an_id_token(signed_token, keys);
    if (const auto others = security::KeySet::parse(text.substr(line + 1)))
        promise(others->size() <= security::kMaxKeysOfSet, "keys are bounded");
}

}  // namespace keyledger::fuzz
