// The test vectors of W3C Web Authentication Level 3: all of them, also of what is not offered here.
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "security/primitives/hex.hpp"
#include "security/webauthn/ceremonies.hpp"

namespace keyledger::security {
namespace {

using enum CeremonyError;

struct Vector {
    std::string name;
    std::map<std::string, std::string> bytes;
};

std::vector<Vector> read_vectors() {
    std::ifstream in("tests/security/webauthn/w3c_vectors.txt");
    EXPECT_TRUE(in) << "run this in the root of the repository, as ctest does";
    std::vector<Vector> vectors;
    for (std::string line; std::getline(in, line);) {
        const auto space = line.find(' ');
        if (line.empty() || line.front() == '#') continue;
        if (line.front() == '[') vectors.push_back({line.substr(1, line.size() - 2), {}});
        else vectors.back().bytes[line.substr(0, space)] = hex_decode(line.substr(space + 1)).value();
    }
    return vectors;
}

struct Wanted {
    CeremonyError refused = kWrongSignature;  // where it is not accepted
    AttestedBy attested_by = AttestedBy::kNobody;
    bool is_accepted = true;
};
// What is not offered is refused for what it is.
const std::map<std::string, Wanted> kWanted = {
    {"none-es256", {}},
    {"packed-self-es256", {kWrongSignature, AttestedBy::kTheCredential}},
    {"none-es256-crossOrigin", {kCrossOrigin, {}, false}},
    {"none-es256-topOrigin", {kCrossOrigin, {}, false}},
    {"none-es256-long-credential-id", {}},
    {"packed-es256", {kWrongSignature, AttestedBy::kACertificate}},
    {"packed-es384", {kAlgorithmNotOffered, {}, false}},
    {"packed-es512", {kAlgorithmNotOffered, {}, false}},
    {"packed-rs256", {kWrongSignature, AttestedBy::kACertificate}},
    {"packed-eddsa", {kWrongSignature, AttestedBy::kACertificate}},
    {"packed-ed448", {kAlgorithmNotOffered, {}, false}},
    {"tpm-es256", {kAttestationUnknown, {}, false}},
    {"android-key-es256", {kAttestationUnknown, {}, false}},
    {"apple-es256", {kAttestationUnknown, {}, false}},
    {"fido-u2f-es256", {kWrongSignature, AttestedBy::kACertificate}},
};

ExpectedCeremony expecting(const std::string& challenge, UserVerification verification) {
    return {challenge, {"example.org", {"https://example.org"}}, verification};
}

Result<NewCredential, CeremonyError> registration(const Vector& vector,
                                                  UserVerification verification = UserVerification::kPreferred) {
    return verify_registration(
        {vector.bytes.at("registration.clientDataJSON"), vector.bytes.at("registration.attestationObject")},
        expecting(vector.bytes.at("registration.challenge"), verification));
}
Result<VerifiedAssertion, CeremonyError> assertion(const Vector& vector, const NewCredential& credential,
                                                   UserVerification verification = UserVerification::kPreferred) {
    return verify_assertion({vector.bytes.at("assertion.clientDataJSON"),
                             vector.bytes.at("assertion.authenticatorData"), vector.bytes.at("assertion.signature")},
                            {credential.public_key, credential.backup_eligible},
                            expecting(vector.bytes.at("assertion.challenge"), verification));
}

}  // namespace

TEST(W3cVectors, AreAcceptedWhereTheyAreOffered) {
    const auto vectors = read_vectors();
    ASSERT_EQ(vectors.size(), kWanted.size());
    int accepted = 0;
    for (const Vector& vector : vectors) {
        SCOPED_TRACE(vector.name);
        const Wanted& wanted = kWanted.at(vector.name);
        const auto made = registration(vector);
        ASSERT_EQ(made.has_value(), wanted.is_accepted) << (made ? "" : sentence_of(made.error()));
        if (!made) {
            EXPECT_EQ(made.error(), wanted.refused) << sentence_of(made.error());
            continue;
        }
        EXPECT_EQ(made->attested_by, wanted.attested_by);
        const auto asserted = assertion(vector, *made);
        EXPECT_TRUE(asserted) << sentence_of(asserted ? kWrongSignature : asserted.error());
        ++accepted;
    }
    EXPECT_EQ(accepted, 7);
}

TEST(W3cVectors, AreRefusedWhereTheirUserWasNotVerified) {
    int verified = 0;
    for (const Vector& vector : read_vectors()) {
        if (!kWanted.at(vector.name).is_accepted) continue;
        SCOPED_TRACE(vector.name);
        const auto made = registration(vector);
        ASSERT_TRUE(made);
        const auto strict = registration(vector, UserVerification::kRequired);
        EXPECT_EQ(strict.has_value(), made->user_verified);
        if (!strict) {
            EXPECT_EQ(strict.error(), kUserNotVerified);
        }
        const auto asserted = assertion(vector, *made);
        ASSERT_TRUE(asserted);
        const auto strictly = assertion(vector, *made, UserVerification::kRequired);
        EXPECT_EQ(strictly.has_value(), asserted->user_verified);
        if (!strictly) {
            EXPECT_EQ(strictly.error(), kUserNotVerified);
        }
        verified += strict && strictly;
    }
    EXPECT_GT(verified, 0);
}

// One bit of what is signed, or of the signature, makes it another.
TEST(W3cVectors, AreRefusedWithOneBitChanged) {
    for (const Vector& vector : read_vectors()) {
        if (!kWanted.at(vector.name).is_accepted) continue;
        SCOPED_TRACE(vector.name);
        const auto made = registration(vector);
        ASSERT_TRUE(made);
        for (const char* part : {"assertion.authenticatorData", "assertion.signature", "assertion.clientDataJSON"}) {
            for (const std::size_t at : {std::size_t{0}, vector.bytes.at(part).size() - 1}) {
                Vector changed = vector;
                changed.bytes[part][at] ^= 1;
                EXPECT_FALSE(assertion(changed, *made)) << part << ' ' << at;
            }
        }
        Vector longer = vector;
        longer.bytes["assertion.signature"] += '\0';
        const auto asserted = assertion(longer, *made);
        ASSERT_FALSE(asserted);
        EXPECT_EQ(asserted.error(), kWrongSignature);
    }
}

// Where a statement is signed, its last byte but the authenticator data's is of a signature or a certificate.
TEST(W3cVectors, AreRefusedWithAnotherStatement) {
    for (const Vector& vector : read_vectors()) {
        const Wanted& wanted = kWanted.at(vector.name);
        if (!wanted.is_accepted || wanted.attested_by == AttestedBy::kNobody) continue;
        SCOPED_TRACE(vector.name);
        Vector changed = vector;
        std::string& object = changed.bytes["registration.attestationObject"];
        const auto signature = object.find("csig");
        ASSERT_NE(signature, object.npos);
        object[signature + 30] ^= 1;
        const auto made = registration(changed);
        ASSERT_FALSE(made);
        EXPECT_EQ(made.error(), kAttestationWrong);
    }
}

}  // namespace keyledger::security
