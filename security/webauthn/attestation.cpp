#include "security/webauthn/attestation.hpp"

#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "security/primitives/base64url.hpp"
#include "security/primitives/openssl.hpp"
#include "security/tokens/jose.hpp"
#include "security/webauthn/cose_key.hpp"

namespace keyledger::security {
namespace {

using Kind = CborValue::Kind;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using ObjectName = std::unique_ptr<ASN1_OBJECT, FreeWith<ASN1_OBJECT_free>>;
using Constraints = std::unique_ptr<BASIC_CONSTRAINTS, FreeWith<BASIC_CONSTRAINTS_free>>;

constexpr std::size_t kMaxCertificates = 8;

Certificate certificate_from(std::string_view der) {
    const unsigned char* at = octets(der);
    Certificate read(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (read && at != octets(der) + der.size()) read.reset();
    forget_openssl_errors();
    return read;
}

// Signatures as certificates' keys make them: ECDSA in DER.
bool is_signed_by(X509* certificate, std::int64_t algorithm, std::string_view message, std::string_view signature) {
    EVP_PKEY* key = X509_get0_pubkey(certificate);
    int wanted = EVP_PKEY_NONE;
    if (algorithm == kCoseEs256) wanted = EVP_PKEY_EC;
    if (algorithm == kCoseRs256) wanted = EVP_PKEY_RSA;
    if (algorithm == kCoseEdDsa) wanted = EVP_PKEY_ED25519;
    bool good = false;
    if (key != nullptr && EVP_PKEY_get_base_id(key) == wanted) {
        MessageDigestContext context(ensured(EVP_MD_CTX_new(), "attestation"));
        const EVP_MD* digest = wanted == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
        good =
            EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
            EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(message), message.size()) == 1;
    }
    forget_openssl_errors();
    return good;
}

std::string subject_of(X509* certificate, int nid) {
    X509_NAME* name = X509_get_subject_name(certificate);
    const int at = X509_NAME_get_index_by_NID(name, nid, -1);
    if (at < 0) return {};
    const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
            static_cast<std::size_t>(ASN1_STRING_length(value))};
}

// The extension id-fido-gen-ce-aaguid: absent, or an octet string of this make, and not critical.
bool names_no_other_make(const X509* certificate, std::string_view aaguid) {
    const ObjectName name(ensured(OBJ_txt2obj("1.3.6.1.4.1.45724.1.1.4", 1), "attestation"));
    const int at = X509_get_ext_by_OBJ(certificate, name.get(), -1);
    if (at < 0) return true;
    X509_EXTENSION* extension = X509_get_ext(certificate, at);
    const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(extension);
    const std::string_view bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                                 static_cast<std::size_t>(ASN1_STRING_length(value)));
    return X509_EXTENSION_get_critical(extension) == 0 && bytes == std::string("\x04\x10") + std::string(aaguid);
}

// Section 8.2.1.
bool is_for_packed(X509* certificate, std::string_view aaguid) {
    const Constraints constraints(
        static_cast<BASIC_CONSTRAINTS*>(X509_get_ext_d2i(certificate, NID_basic_constraints, nullptr, nullptr)));
    const bool fits = X509_get_version(certificate) == X509_VERSION_3 && constraints && constraints->ca == 0 &&
                      subject_of(certificate, NID_countryName).size() == 2 &&
                      !subject_of(certificate, NID_organizationName).empty() &&
                      subject_of(certificate, NID_organizationalUnitName) == "Authenticator Attestation" &&
                      !subject_of(certificate, NID_commonName).empty() && names_no_other_make(certificate, aaguid);
    forget_openssl_errors();
    return fits;
}

// The first is that of the authenticator; all of them are certificates.
Result<Certificate, CeremonyError> leaf_of(const CborValue& chain) {
    if (chain.items.empty() || chain.items.size() > kMaxCertificates)
        return Unexpected(CeremonyError::kAttestationUnreadable);
    Certificate leaf;
    for (const CborValue& one : chain.items) {
        Certificate certificate = one.kind == Kind::kBytes ? certificate_from(one.bytes) : nullptr;
        if (!certificate) return Unexpected(CeremonyError::kAttestationUnreadable);
        if (!leaf) leaf = std::move(certificate);
    }
    return leaf;
}

Result<AttestedBy, CeremonyError> check_none(const AttestationObject& object) {
    if (object.statement.members() != 0) return Unexpected(CeremonyError::kAttestationUnreadable);
    return AttestedBy::kNobody;
}

Result<AttestedBy, CeremonyError> check_packed(const AttestationObject& object,
                                               const AttestedRegistration& registration) {
    const CborValue* algorithm = object.statement.find("alg", Kind::kInteger);
    const CborValue* signature = object.statement.find("sig", Kind::kBytes);
    if (algorithm == nullptr || signature == nullptr) return Unexpected(CeremonyError::kAttestationUnreadable);
    const std::string message = std::string(object.authenticator_data) + std::string(registration.client_data_sha256);
    if (object.statement.members() == 2) {
        if (algorithm->number != cose_algorithm(registration.key.algorithm()) ||
            !verify_as_authenticator(registration.key, message, signature->bytes))
            return Unexpected(CeremonyError::kAttestationWrong);
        return AttestedBy::kTheCredential;
    }
    const CborValue* chain = object.statement.find("x5c", Kind::kList);
    if (chain == nullptr || object.statement.members() != 3) return Unexpected(CeremonyError::kAttestationUnreadable);
    KEYLEDGER_TRY(leaf, leaf_of(*chain));
    if (!is_signed_by(leaf->get(), algorithm->number, message, signature->bytes))
        return Unexpected(CeremonyError::kAttestationWrong);
    if (!is_for_packed(leaf->get(), registration.data.credential->aaguid))
        return Unexpected(CeremonyError::kCertificateUnfit);
    return AttestedBy::kACertificate;
}

// The point of an ES256 key as U2F writes it (section 8.6).
std::string point_of(const PublicKey& key) {
    const auto jwk = JoseObject::parse(key.canonical());
    return '\x04' + base64url_decode(*jwk->text("x")).value() + base64url_decode(*jwk->text("y")).value();
}

bool is_on_p256(X509* certificate) {
    EVP_PKEY* key = X509_get0_pubkey(certificate);
    char group[32] = {};
    const bool is = key != nullptr && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
                    EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) == 1 &&
                    std::string_view(group) == "prime256v1";
    forget_openssl_errors();
    return is;
}

Result<AttestedBy, CeremonyError> check_u2f(const AttestationObject& object, const AttestedRegistration& registration) {
    const CborValue* chain = object.statement.find("x5c", Kind::kList);
    const CborValue* signature = object.statement.find("sig", Kind::kBytes);
    if (chain == nullptr || signature == nullptr || object.statement.members() != 2 || chain->items.size() != 1)
        return Unexpected(CeremonyError::kAttestationUnreadable);
    KEYLEDGER_TRY(leaf, leaf_of(*chain));
    if (!is_on_p256(leaf->get())) return Unexpected(CeremonyError::kCertificateUnfit);
    if (registration.key.algorithm() != SigningAlgorithm::kEs256) return Unexpected(CeremonyError::kAttestationWrong);
    std::string message(1, '\0');
    message.append(registration.data.relying_party_sha256).append(registration.client_data_sha256);
    message.append(registration.data.credential->id).append(point_of(registration.key));
    if (!is_signed_by(leaf->get(), kCoseEs256, message, signature->bytes))
        return Unexpected(CeremonyError::kAttestationWrong);
    return AttestedBy::kACertificate;
}

}  // namespace

Result<AttestationObject, CeremonyError> read_attestation_object(std::string_view bytes) {
    auto object = read_cbor(bytes);
    if (!object || object->kind != Kind::kMap || object->members() != 3)
        return Unexpected(CeremonyError::kAttestationUnreadable);
    const CborValue* format = object->find("fmt", Kind::kText);
    const CborValue* statement = object->find("attStmt", Kind::kMap);
    const CborValue* data = object->find("authData", Kind::kBytes);
    if (format == nullptr || statement == nullptr || data == nullptr)
        return Unexpected(CeremonyError::kAttestationUnreadable);
    return AttestationObject{format->bytes, *statement, data->bytes};
}

Result<AttestedBy, CeremonyError> check_attestation(const AttestationObject& object,
                                                    const AttestedRegistration& registration) {
    if (object.format == "none") return check_none(object);
    if (object.format == "packed") return check_packed(object, registration);
    if (object.format == "fido-u2f") return check_u2f(object, registration);
    return Unexpected(CeremonyError::kAttestationUnknown);
}

}  // namespace keyledger::security
