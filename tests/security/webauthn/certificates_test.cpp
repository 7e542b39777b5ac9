// Attestations by a certificate (Web Authentication section 8.2.1): which certificates they may be of.
#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/x509v3.h>

#include "security/primitives/openssl.hpp"
#include "security/webauthn/ceremonies.hpp"
#include "tests/support/authenticator/software_authenticator.hpp"

namespace keyledger::security {
namespace {

using enum CeremonyError;
using test::SoftwareAuthenticator;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;

const std::string kChallenge(32, 'c');

// What the maker of an authenticator says of it.
struct Maker {
    const char* country = "DE";
    const char* organization = "Nobody's authenticators";
    const char* unit = "Authenticator Attestation";
    const char* common_name = "One of them";
    const char* constraints = "critical,CA:FALSE";
    long version = X509_VERSION_3;
    std::string aaguid_extension;  // its value; empty: none
    bool is_critical = false;
    const char* curve = "P-256";
};

void add(X509_NAME* name, const char* type, const char* value) {
    if (value != nullptr)
        X509_NAME_add_entry_by_txt(name, type, MBSTRING_UTF8, octets(std::string_view(value)), -1, -1, 0);
}

std::string certificate_of(const Maker& maker, EVP_PKEY* key) {
    const Certificate made(X509_new());
    X509_set_version(made.get(), maker.version);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_NAME* name = X509_get_subject_name(made.get());
    add(name, "C", maker.country);
    add(name, "O", maker.organization);
    add(name, "OU", maker.unit);
    add(name, "CN", maker.common_name);
    X509_set_issuer_name(made.get(), name);
    X509_set_pubkey(made.get(), key);
    if (maker.constraints != nullptr) {
        X509_EXTENSION* one = X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, maker.constraints);
        X509_add_ext(made.get(), one, -1);
        X509_EXTENSION_free(one);
    }
    if (!maker.aaguid_extension.empty()) {
        ASN1_OCTET_STRING* value = ASN1_OCTET_STRING_new();
        ASN1_OCTET_STRING_set(value, octets(std::string_view(maker.aaguid_extension)),
                              static_cast<int>(maker.aaguid_extension.size()));
        ASN1_OBJECT* type = OBJ_txt2obj("1.3.6.1.4.1.45724.1.1.4", 1);
        X509_EXTENSION* one = X509_EXTENSION_create_by_OBJ(nullptr, type, maker.is_critical, value);
        X509_add_ext(made.get(), one, -1);
        X509_EXTENSION_free(one);
        ASN1_OBJECT_free(type);
        ASN1_OCTET_STRING_free(value);
    }
    EXPECT_GT(X509_sign(made.get(), key, EVP_sha256()), 0);
    unsigned char* der = nullptr;
    const int size = i2d_X509(made.get(), &der);
    std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return text;
}

std::string signature_by(EVP_PKEY* key, std::string_view message) {
    const MessageDigestContext context(EVP_MD_CTX_new());
    EXPECT_EQ(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key), 1);
    std::string signature(256, '\0');
    std::size_t size = signature.size();
    EXPECT_EQ(EVP_DigestSign(context.get(), octets(signature), &size, octets(message), message.size()), 1);
    signature.resize(size);
    return signature;
}

Result<NewCredential, CeremonyError> registered(std::string_view format, const std::string& statement,
                                                const SoftwareAuthenticator& authenticator) {
    const std::string object =
        test::attestation_object(format, statement, authenticator.registering_authenticator_data());
    return verify_registration({authenticator.client_data("webauthn.create", kChallenge), object},
                               {kChallenge, {"example.org", {"https://example.org"}}});
}

std::string chain_of(std::initializer_list<std::string> certificates) {
    std::string chain = test::cbor_text("x5c") + test::cbor_head(4, certificates.size());
    for (const std::string& one : certificates) chain += test::cbor_bytes(one);
    return chain;
}

Result<NewCredential, CeremonyError> packed(const Maker& maker, std::int64_t algorithm = -7) {
    const SoftwareAuthenticator authenticator;
    const PrivateKey key(EVP_EC_gen(maker.curve));
    const std::string message = authenticator.signed_message(authenticator.registering_authenticator_data(),
                                                             authenticator.client_data("webauthn.create", kChallenge));
    return registered(
        "packed",
        test::cbor_map(3, test::cbor_text("alg") + test::cbor_integer(algorithm) + test::cbor_text("sig") +
                              test::cbor_bytes(signature_by(key.get(), message)) +
                              chain_of({certificate_of(maker, key.get())})),
        authenticator);
}

void expect_unfit(void (*change)(Maker&)) {
    Maker maker;
    change(maker);
    const auto made = packed(maker);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error(), kCertificateUnfit);
}

const std::string kOwnMake = "\x04\x10" + std::string(16, '\x07');

}  // namespace

TEST(Certificates, AreThoseOfAuthenticators) {
    const auto made = packed({});
    ASSERT_TRUE(made) << sentence_of(made.error());
    EXPECT_EQ(made->attested_by, AttestedBy::kACertificate);
    Maker named;
    named.aaguid_extension = kOwnMake;
    EXPECT_TRUE(packed(named));
}

TEST(Certificates, AreNoOthers) {
    expect_unfit([](Maker& m) { m.country = nullptr; });
    expect_unfit([](Maker& m) { m.organization = nullptr; });
    expect_unfit([](Maker& m) { m.unit = nullptr; });
    expect_unfit([](Maker& m) { m.unit = "Authenticators"; });
    expect_unfit([](Maker& m) { m.common_name = nullptr; });
    expect_unfit([](Maker& m) { m.constraints = nullptr; });
    expect_unfit([](Maker& m) { m.constraints = "critical,CA:TRUE"; });
    expect_unfit([](Maker& m) { m.aaguid_extension = "\x04\x10" + std::string(16, '\x08'); });
    expect_unfit([](Maker& m) { m.aaguid_extension = std::string(16, '\x07'); });
    expect_unfit([](Maker& m) {
        m.aaguid_extension = kOwnMake;
        m.is_critical = true;
    });
}

TEST(Certificates, SignByTheAlgorithmThatTheySay) {
    for (const std::int64_t other : {-257, -8, -35, 0}) {
        const auto made = packed({}, other);
        ASSERT_FALSE(made);
        EXPECT_EQ(made.error(), kAttestationWrong);
    }
}

TEST(Certificates, OfU2fAreOneOnP256) {
    SoftwareAuthenticator authenticator;
    const auto attested = [&](const char* curve, int certificates) {
        const PrivateKey key(EVP_EC_gen(curve));
        const std::string client_data = authenticator.client_data("webauthn.create", kChallenge);
        const std::string data = authenticator.registering_authenticator_data();
        std::string point = "\x04";
        const std::string cose = authenticator.cose_key();
        point += cose.substr(10, 32) + cose.substr(45, 32);
        const std::string message = std::string(1, '\0') + data.substr(0, 32) +
                                    authenticator.signed_message("", client_data) + authenticator.credential_id + point;
        const std::string certificate = certificate_of({}, key.get());
        const std::string chain = certificates == 1 ? chain_of({certificate}) : chain_of({certificate, certificate});
        const std::string signature = test::cbor_bytes(signature_by(key.get(), message));
        return registered("fido-u2f", test::cbor_map(2, test::cbor_text("sig") + signature + chain), authenticator);
    };
    const auto made = attested("P-256", 1);
    ASSERT_TRUE(made) << sentence_of(made.error());
    EXPECT_EQ(made->attested_by, AttestedBy::kACertificate);
    const auto two = attested("P-256", 2);
    ASSERT_FALSE(two);
    EXPECT_EQ(two.error(), kAttestationUnreadable);
    const auto other = attested("P-384", 1);
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error(), kCertificateUnfit);
}

}  // namespace keyledger::security
