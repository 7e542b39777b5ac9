#include "security/webauthn/ceremonies.hpp"

#include <gtest/gtest.h>

#include "security/primitives/base64url.hpp"
#include "security/primitives/hex.hpp"
#include "security/webauthn/cose_key.hpp"
#include "tests/support/authenticator/software_authenticator.hpp"

namespace keyledger::security {
namespace {

using enum CeremonyError;
using test::MadeAssertion;
using test::MadeCredential;
using test::SoftwareAuthenticator;
using Statement = SoftwareAuthenticator::Statement;

const std::string kChallenge(32, 'c');

ExpectedCeremony expected() {
    return {kChallenge, {"example.org", {"https://example.org", "https://login.example.org"}}};
}
Result<NewCredential, CeremonyError> register_it(const MadeCredential& made) {
    return verify_registration({made.client_data_json, made.attestation_object}, expected());
}
Result<NewCredential, CeremonyError> register_it(const SoftwareAuthenticator& authenticator) {
    return register_it(authenticator.make(kChallenge));
}
Result<VerifiedAssertion, CeremonyError> assert_it(const MadeAssertion& made, const NewCredential& known) {
    return verify_assertion({made.client_data_json, made.authenticator_data, made.signature},
                            {known.public_key, known.backup_eligible}, expected());
}

template <class T>
void expect_refused(const Result<T, CeremonyError>& result, CeremonyError wanted) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error(), wanted) << sentence_of(result.error());
}

// Both ceremonies with one lie, and what is said to it.
void expect_lie(void (*lie)(SoftwareAuthenticator&), CeremonyError wanted) {
    SoftwareAuthenticator authenticator;
    const auto known = register_it(authenticator);
    ASSERT_TRUE(known);
    lie(authenticator);
    expect_refused(register_it(authenticator), wanted);
    expect_refused(assert_it(authenticator.sign(kChallenge), *known), wanted);
}

// An attestation whose authenticator data are these.
MadeCredential with_data(const SoftwareAuthenticator& authenticator, const std::string& data) {
    return {authenticator.client_data("webauthn.create", kChallenge),
            test::attestation_object("none", test::cbor_map(0, ""), data)};
}
// Authenticator data with this key in place of the credential's.
std::string data_with_key(const SoftwareAuthenticator& authenticator, const std::string& cose) {
    std::string data = authenticator.registering_authenticator_data();
    data.resize(data.size() - authenticator.cose_key().size());
    return data + cose;
}

class EveryAlgorithm : public testing::TestWithParam<SigningAlgorithm> {};

INSTANTIATE_TEST_SUITE_P(Offered, EveryAlgorithm,
                         testing::Values(SigningAlgorithm::kEs256, SigningAlgorithm::kRs256, SigningAlgorithm::kEdDsa),
                         [](const auto& tested) { return std::string(name_of(tested.param)); });

}  // namespace

TEST_P(EveryAlgorithm, RegistersAndAsserts) {
    SoftwareAuthenticator authenticator(GetParam());
    authenticator.flags |= SoftwareAuthenticator::kEligible;
    authenticator.counter = 6;
    authenticator.counts_by = 1;
    for (const auto statement : {Statement::kNone, Statement::kSelf}) {
        const auto known = register_it(authenticator.make(kChallenge, statement));
        ASSERT_TRUE(known) << sentence_of(known.error());
        EXPECT_EQ(known->id, authenticator.credential_id);
        EXPECT_EQ(known->aaguid, authenticator.aaguid);
        EXPECT_EQ(known->counter, authenticator.counter);
        EXPECT_TRUE(known->user_verified);
        EXPECT_TRUE(known->backup_eligible);
        EXPECT_FALSE(known->backed_up);
        EXPECT_EQ(known->attested_by, statement == Statement::kNone ? AttestedBy::kNobody : AttestedBy::kTheCredential);
        authenticator.flags |= SoftwareAuthenticator::kBackedUp;
        const auto asserted = assert_it(authenticator.sign(kChallenge), *known);
        ASSERT_TRUE(asserted) << sentence_of(asserted.error());
        EXPECT_EQ(asserted->counter, authenticator.counter);
        EXPECT_TRUE(asserted->backed_up);
        authenticator.flags &= ~SoftwareAuthenticator::kBackedUp;
    }
}

TEST_P(EveryAlgorithm, RefusesAnothersSignature) {
    SoftwareAuthenticator one(GetParam());
    SoftwareAuthenticator other(GetParam());
    const auto known = register_it(one);
    ASSERT_TRUE(known);
    expect_refused(assert_it(other.sign(kChallenge), *known), kWrongSignature);
    MadeAssertion made = one.sign(kChallenge);
    for (const std::string& signature :
         {std::string(), made.signature.substr(1), made.signature + '\0', std::string(made.signature.size(), '\0')}) {
        MadeAssertion changed = made;
        changed.signature = signature;
        expect_refused(assert_it(changed, *known), kWrongSignature);
    }
    MadeAssertion counted = made;
    counted.authenticator_data.back() ^= 1;
    expect_refused(assert_it(counted, *known), kWrongSignature);
}

TEST_P(EveryAlgorithm, RefusesAnothersSelfAttestation) {
    const SoftwareAuthenticator authenticator(GetParam());
    MadeCredential made = authenticator.make(kChallenge, Statement::kSelf);
    made.client_data_json = authenticator.client_data("webauthn.create", kChallenge);
    ASSERT_TRUE(register_it(made));
    made.client_data_json.insert(1, " ");
    expect_refused(register_it(made), kAttestationWrong);
}

TEST(Ceremonies, RefuseEveryLie) {
    using A = SoftwareAuthenticator;
    expect_lie([](A& a) { std::swap(a.create_type, a.get_type); }, kWrongType);
    expect_lie([](A& a) { a.create_type = a.get_type = "webauthn.other"; }, kWrongType);
    expect_lie([](A& a) { a.origin = "https://example.org.evil.example"; }, kWrongOrigin);
    expect_lie([](A& a) { a.origin = "http://example.org"; }, kWrongOrigin);
    expect_lie([](A& a) { a.origin = "https://example.org/"; }, kWrongOrigin);
    expect_lie([](A& a) { a.origin = ""; }, kWrongOrigin);
    expect_lie([](A& a) { a.more_client_data = R"(,"crossOrigin":true)"; }, kCrossOrigin);
    expect_lie([](A& a) { a.more_client_data = R"(,"topOrigin":"https://example.org")"; }, kCrossOrigin);
    expect_lie([](A& a) { a.more_client_data = R"(,"crossOrigin":"false")"; }, kClientDataUnreadable);
    expect_lie([](A& a) { a.more_client_data = R"(,"origin":"https://example.org")"; }, kClientDataUnreadable);
    expect_lie([](A& a) { a.more_client_data = "}"; }, kClientDataUnreadable);
    expect_lie([](A& a) { a.relying_party_id = "evil.example"; }, kWrongRelyingParty);
    expect_lie([](A& a) { a.relying_party_id = ""; }, kWrongRelyingParty);
    expect_lie([](A& a) { a.flags &= ~A::kPresent; }, kUserNotPresent);
    expect_lie([](A& a) { a.flags &= ~A::kVerified; }, kUserNotVerified);
    expect_lie([](A& a) { a.flags |= A::kBackedUp; }, kBackedUpButNotEligible);
    expect_lie([](A& a) { a.extensions = "\xa0x"; }, kAuthenticatorDataUnreadable);
    expect_lie([](A& a) { a.extensions = test::cbor_integer(1); }, kAuthenticatorDataUnreadable);
    expect_lie([](A& a) { a.extensions = "\xa2\x01\x01\x01\x01"; }, kAuthenticatorDataUnreadable);
}

TEST(Ceremonies, TakeExtensionsAndOtherMembersForWhatTheyAre) {
    SoftwareAuthenticator authenticator;
    authenticator.extensions = test::cbor_map(1, test::cbor_text("credProtect") + test::cbor_integer(2));
    authenticator.more_client_data = R"(,"crossOrigin":false,"another":{"origin":"https://evil.example"})";
    authenticator.origin = "https://login.example.org";
    const auto known = register_it(authenticator);
    ASSERT_TRUE(known);
    EXPECT_TRUE(assert_it(authenticator.sign(kChallenge), *known));
}

TEST(Ceremonies, AreAboutTheirChallengeAlone) {
    SoftwareAuthenticator authenticator;
    const auto known = register_it(authenticator);
    ASSERT_TRUE(known);
    for (const std::string& other : {std::string(32, 'd'), kChallenge + 'c', kChallenge.substr(1), std::string()}) {
        expect_refused(register_it(authenticator.make(other)), kWrongChallenge);
        expect_refused(assert_it(authenticator.sign(other), *known), kWrongChallenge);
    }
    ExpectedCeremony nothing = expected();
    nothing.challenge.clear();
    const MadeAssertion made = authenticator.sign("");
    expect_refused(verify_assertion({made.client_data_json, made.authenticator_data, made.signature},
                                    {known->public_key, false}, nothing),
                   kWrongChallenge);
}

TEST(Ceremonies, AreNotEachOthers) {
    SoftwareAuthenticator authenticator;
    const auto known = register_it(authenticator);
    ASSERT_TRUE(known);
    expect_refused(register_it(with_data(authenticator, authenticator.authenticator_data())), kNoCredential);
    MadeAssertion made = authenticator.sign(kChallenge);
    made.authenticator_data = authenticator.registering_authenticator_data();
    made.signature =
        authenticator.signature_of(authenticator.signed_message(made.authenticator_data, made.client_data_json));
    expect_refused(assert_it(made, *known), kUnexpectedCredential);
}

TEST(Ceremonies, HoldACredentialToItsKind) {
    SoftwareAuthenticator authenticator;
    const auto known = register_it(authenticator);
    ASSERT_TRUE(known);
    authenticator.flags |= SoftwareAuthenticator::kEligible;
    expect_refused(assert_it(authenticator.sign(kChallenge), *known), kEligibilityChanged);
}

TEST(Ceremonies, TakeIdsOf1023BytesAtMost) {
    SoftwareAuthenticator authenticator;
    authenticator.credential_id = std::string(kMaxCredentialIdBytes, 'i');
    EXPECT_TRUE(register_it(authenticator));
    authenticator.credential_id += 'i';
    expect_refused(register_it(authenticator), kCredentialIdTooLong);
    authenticator.credential_id.clear();
    expect_refused(register_it(authenticator), kCredentialIdTooLong);
}

TEST(Ceremonies, RefuseEveryBeginningAndWhatFollows) {
    SoftwareAuthenticator authenticator;
    const auto known = register_it(authenticator);
    ASSERT_TRUE(known);
    const std::string data = authenticator.registering_authenticator_data();
    for (std::size_t size = 0; size < data.size(); ++size)
        EXPECT_FALSE(register_it(with_data(authenticator, data.substr(0, size)))) << size;
    expect_refused(register_it(with_data(authenticator, data + '\0')), kAuthenticatorDataUnreadable);
    const MadeCredential whole = authenticator.make(kChallenge);
    for (std::size_t size = 0; size < whole.attestation_object.size(); ++size) {
        MadeCredential part = whole;
        part.attestation_object.resize(size);
        expect_refused(register_it(part), kAttestationUnreadable);
    }
    MadeCredential more = whole;
    more.attestation_object += '\0';
    expect_refused(register_it(more), kAttestationUnreadable);
    MadeAssertion made = authenticator.sign(kChallenge);
    made.authenticator_data += '\0';
    expect_refused(assert_it(made, *known), kAuthenticatorDataUnreadable);
    made.authenticator_data.assign(36, '\0');
    expect_refused(assert_it(made, *known), kAuthenticatorDataUnreadable);
}

TEST(Ceremonies, RefuseAttestationsOfOtherForms) {
    const SoftwareAuthenticator authenticator;
    const std::string data = authenticator.registering_authenticator_data();
    const std::string client_data = authenticator.client_data("webauthn.create", kChallenge);
    const auto attested = [&](std::string_view format, const std::string& statement) {
        return register_it(MadeCredential{client_data, test::attestation_object(format, statement, data)});
    };
    const std::string sig = test::cbor_text("sig") + test::cbor_bytes("x");
    const std::string alg = test::cbor_text("alg") + test::cbor_integer(-7);
    const std::string empty_chain = test::cbor_text("x5c") + test::cbor_head(4, 0);
    const std::string bad_chain = test::cbor_text("x5c") + test::cbor_head(4, 1) + test::cbor_bytes("x");
    expect_refused(attested("none", test::cbor_map(1, sig)), kAttestationUnreadable);
    expect_refused(attested("tpm", test::cbor_map(0, "")), kAttestationUnknown);
    expect_refused(attested("", test::cbor_map(0, "")), kAttestationUnknown);
    expect_refused(attested("packed", test::cbor_map(0, "")), kAttestationUnreadable);
    expect_refused(attested("packed", test::cbor_map(1, sig)), kAttestationUnreadable);
    expect_refused(attested("packed", test::cbor_map(2, alg + sig)), kAttestationWrong);
    expect_refused(attested("packed", test::cbor_map(3, alg + sig + empty_chain)), kAttestationUnreadable);
    expect_refused(attested("packed", test::cbor_map(3, alg + sig + bad_chain)), kAttestationUnreadable);
    expect_refused(attested("fido-u2f", test::cbor_map(1, sig)), kAttestationUnreadable);
    expect_refused(attested("fido-u2f", test::cbor_map(2, sig + empty_chain)), kAttestationUnreadable);
    expect_refused(attested("fido-u2f", test::cbor_map(2, sig + bad_chain)), kAttestationUnreadable);
    // The algorithm that a self attestation names is the key's.
    const std::string signature = authenticator.signature_of(authenticator.signed_message(data, client_data));
    const std::string other = test::cbor_text("alg") + test::cbor_integer(-257) + test::cbor_text("sig");
    expect_refused(attested("packed", test::cbor_map(2, other + test::cbor_bytes(signature))), kAttestationWrong);
}

// ---- keys -------------------------------------------------------------------------------------------------
TEST(CoseKeys, AreOfWhatIsOffered) {
    const SoftwareAuthenticator authenticator;
    const auto with_key = [&](const std::string& cose) {
        return register_it(with_data(authenticator, data_with_key(authenticator, cose)));
    };
    const auto integers = [](std::initializer_list<std::int64_t> numbers) {
        std::string all;
        for (const std::int64_t number : numbers) all += test::cbor_integer(number);
        return all;
    };
    const std::string x = test::cbor_integer(-2) + test::cbor_bytes(std::string(32, 'x'));
    const std::string y = test::cbor_integer(-3) + test::cbor_bytes(std::string(32, 'y'));
    for (const std::int64_t algorithm : {-35, -36, -47, -37, -65535, 5, 0})
        expect_refused(with_key(test::cbor_map(5, integers({1, 2, 3, algorithm, -1, 1}) + x + y)),
                       kAlgorithmNotOffered);
    expect_refused(with_key(test::cbor_map(5, integers({1, 2, 3, -7, -1, 1}) + x + y)), kWeakKey);        // on no curve
    expect_refused(with_key(test::cbor_map(5, integers({1, 2, 3, -7, -1, 2}) + x + y)), kKeyUnreadable);  // P-384
    expect_refused(with_key(test::cbor_map(5, integers({1, 3, 3, -7, -1, 1}) + x + y)), kKeyUnreadable);
    expect_refused(with_key(test::cbor_map(4, integers({1, 2, 3, -7, -1, 1}) + x)), kKeyUnreadable);
    expect_refused(with_key(test::cbor_map(6, integers({1, 2, 3, -7, -1, 1, 4, 2}) + x + y)), kKeyUnreadable);
    expect_refused(with_key(test::cbor_map(5, integers({1, 2, 3, -7, -1, 1}) + x + test::cbor_integer(-3) + "\xf5")),
                   kKeyUnreadable);  // a compressed point
    expect_refused(with_key(test::cbor_map(4, integers({1, 1, 3, -8, -1, 7}) + x)), kKeyUnreadable);  // Ed448
    expect_refused(with_key(test::cbor_map(
                       4, integers({1, 1, 3, -8, -1, 6, -2}) + test::cbor_bytes("\x01" + std::string(31, '\0')))),
                   kWeakKey);  // the identity
    expect_refused(with_key(test::cbor_map(4, integers({1, 3, 3, -257, -1}) + test::cbor_bytes(std::string(128, 'n')) +
                                                  test::cbor_integer(-2) + test::cbor_bytes("\x01\x00\x01"))),
                   kWeakKey);  // 1024 bits
    expect_refused(with_key(test::cbor_integer(1)), kKeyUnreadable);
    expect_refused(with_key("\xff"), kKeyUnreadable);
}

// An ECDSA signature has two values of `s`; authenticators take either. DER has one form of each.
TEST(Signatures, AreTakenWithEitherSAndInNoOtherForm) {
    const SoftwareAuthenticator authenticator;
    const auto known = register_it(authenticator);
    ASSERT_TRUE(known);
    const auto key = judged_key(known->public_key);
    ASSERT_TRUE(key);
    const std::string fixed = authenticator.key.sign("message");
    // n - s, n being the order of P-256.
    const std::string order = hex_decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").value();
    std::string other = fixed;
    int borrow = 0;
    for (int i = 31; i >= 0; --i) {
        const auto at = static_cast<std::size_t>(i);
        int digit = static_cast<unsigned char>(order[at]) - static_cast<unsigned char>(fixed[32 + at]) - borrow;
        borrow = digit < 0;
        other[32 + at] = static_cast<char>(digit + 256 * borrow);
    }
    EXPECT_TRUE(verify_as_authenticator(*key, "message", test::der_of(fixed)));
    EXPECT_TRUE(verify_as_authenticator(*key, "message", test::der_of(other)));
    EXPECT_FALSE(verify_as_authenticator(*key, "massage", test::der_of(fixed)));
    EXPECT_FALSE(verify_as_authenticator(*key, "message", fixed)) << "JOSE's form";
    const std::string der = test::der_of(fixed);
    const std::string long_length = "\x30\x81" + der.substr(1);
    EXPECT_FALSE(verify_as_authenticator(*key, "message", long_length));
    std::string padded = der;
    padded.insert(4, 1, '\0');
    ++padded[1];
    ++padded[3];
    EXPECT_FALSE(verify_as_authenticator(*key, "message", padded)) << "a number with a zero too many";
}

TEST(CeremonyErrors, HaveASentenceEach) {
    std::string before;
    for (int i = 0; i <= static_cast<int>(kWrongSignature); ++i) {
        const std::string_view sentence = sentence_of(static_cast<CeremonyError>(i));
        EXPECT_NE(sentence, before);
        EXPECT_NE(sentence, "the answer is not accepted");
        before = sentence;
    }
}

}  // namespace keyledger::security
