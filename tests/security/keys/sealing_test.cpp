#include "security/keys/sealing.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "security/primitives/aead.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/random.hpp"

using namespace keyledger;
using namespace keyledger::security;

namespace {

constexpr Instant kNow = Instant::at_ms(1'700'000'000'000);

Key key_for(KeyPurpose purpose, std::string id = "key-1") {
    Key key;
    key.id = std::move(id);
    key.purpose = purpose;
    key.material = random_secret(kAeadKeySize);
    return key;
}

FieldContext a_field() {
    return {.tenant = "default",
            .event_id = uuid_v7(kNow),
            .field = "email",
            .subject = uuid_v7(kNow),
            .key_id = uuid_v7(kNow)};
}

}  // namespace

TEST(SubjectKeys, AreUnwrappedByTheKeyThatWrappedThem) {
    SubjectKey made = new_subject_key(kNow);
    EXPECT_EQ(made.key.size(), kAeadKeySize);
    Key kek = key_for(KeyPurpose::kKeyEncryption);
    SubjectKeyContext context{"default", uuid_v7(kNow), made.id};
    std::string wrapped = wrap_subject_key(kek, context, made.key);
    auto opened = unwrap_subject_key(kek, context, wrapped);
    ASSERT_TRUE(opened);
    EXPECT_TRUE(equal(*opened, made.key));
    EXPECT_EQ(wrapped.find(made.key.reveal()), std::string::npos);
}

TEST(SubjectKeys, AreBoundToTenantSubjectKeyAndKek) {
    SubjectKey made = new_subject_key(kNow);
    Key kek = key_for(KeyPurpose::kKeyEncryption);
    SubjectKeyContext context{"default", uuid_v7(kNow), made.id};
    std::string wrapped = wrap_subject_key(kek, context, made.key);

    SubjectKeyContext other = context;
    other.tenant = "other";
    EXPECT_FALSE(unwrap_subject_key(kek, other, wrapped));
    other = context;
    other.subject = uuid_v7(kNow);
    EXPECT_FALSE(unwrap_subject_key(kek, other, wrapped));
    other = context;
    other.key_id = uuid_v7(kNow);
    EXPECT_FALSE(unwrap_subject_key(kek, other, wrapped));
    EXPECT_FALSE(unwrap_subject_key(key_for(KeyPurpose::kKeyEncryption), context, wrapped));
    Key renamed = key_for(KeyPurpose::kKeyEncryption, "key-2");
    renamed.material = kek.material.clone();
    EXPECT_FALSE(unwrap_subject_key(renamed, context, wrapped));
    EXPECT_FALSE(unwrap_subject_key(kek, context, wrapped + "x"));
    EXPECT_FALSE(unwrap_subject_key(kek, context, ""));
}

TEST(SubjectKeys, NeedAKeyOfTheRightPurposeThatIsNotRevoked) {
    SubjectKey made = new_subject_key(kNow);
    SubjectKeyContext context{"default", uuid_v7(kNow), made.id};
    EXPECT_THROW(wrap_subject_key(key_for(KeyPurpose::kClaims), context, made.key), std::invalid_argument);
    Key revoked = key_for(KeyPurpose::kKeyEncryption);
    revoked.material = Secret();
    EXPECT_THROW(wrap_subject_key(revoked, context, made.key), MissingKey);
    EXPECT_THROW(wrap_subject_key(key_for(KeyPurpose::kKeyEncryption), context, Secret("short")),
                 std::invalid_argument);
}

TEST(SealedField, OpensWhereItBelongs) {
    SubjectKey key = new_subject_key(kNow);
    FieldContext context = a_field();
    for (const std::string& clear : {std::string(), std::string("\"ann@example.com\""), random_bytes(5000)}) {
        std::string text = seal_field(key.key, context, clear);
        EXPECT_EQ(open_field(key.key, context, text), clear);
        EXPECT_NE(seal_field(key.key, context, clear), text);
    }
}

TEST(SealedField, NamesItsSubjectInItsText) {
    FieldContext context = a_field();
    std::string text = seal_field(new_subject_key(kNow).key, context, "clear");
    EXPECT_TRUE(text.starts_with("s2." + base64url_encode(view_of(context.subject)) + "."));
    EXPECT_EQ(parse_sealed(text), (SealedName{context.subject, std::nullopt}));
}

// Written by the first release. It stands in logs and is read for ever.
TEST(SealedField, OpensTheFirstForm) {
    const std::string text = "s1.0192e4a0-0000-7abc-8def-000000000001.0192e4a0-0000-7abc-8def-000000000009."
                             "E_dhLwIxQVTzKowSEwjL_VIDh-oxJ5dZmLLWvoapzWWkFXulsfs7CxnMat9O";
    const Secret key(std::string(kAeadKeySize, 'k'));
    FieldContext context = a_field();
    context.event_id = *Uuid::parse("0192e4a0-0000-7abc-8def-000000000003");
    context.subject = *Uuid::parse("0192e4a0-0000-7abc-8def-000000000001");
    context.key_id = *Uuid::parse("0192e4a0-0000-7abc-8def-000000000009");
    EXPECT_EQ(parse_sealed(text), (SealedName{context.subject, context.key_id}));
    EXPECT_EQ(open_field(key, context, text), "\"ann@example.com\"");
    const std::string as_second = "s2." + base64url_encode(view_of(context.subject)) + text.substr(3 + 2 * 37 - 1);
    EXPECT_TRUE(parse_sealed(as_second));
    EXPECT_FALSE(open_field(key, context, as_second)) << "a text of one form is none of the other";
    for (std::size_t size = 0; size < text.size(); ++size)
        EXPECT_FALSE(open_field(key, context, text.substr(0, size))) << size;
    for (const auto moved : {&FieldContext::event_id, &FieldContext::subject, &FieldContext::key_id}) {
        FieldContext elsewhere = context;
        elsewhere.*moved = uuid_v7(kNow);
        EXPECT_FALSE(open_field(key, elsewhere, text));
    }
}

TEST(SealedField, IsNothingElsewhere) {
    SubjectKey key = new_subject_key(kNow);
    const FieldContext context = a_field();
    std::string text = seal_field(key.key, context, "clear");

    FieldContext moved = context;
    moved.tenant = "other";
    EXPECT_FALSE(open_field(key.key, moved, text));
    moved = context;
    moved.event_id = uuid_v7(kNow);
    EXPECT_FALSE(open_field(key.key, moved, text));
    moved = context;
    moved.field = "name";
    EXPECT_FALSE(open_field(key.key, moved, text));
    moved = context;
    moved.subject = uuid_v7(kNow);
    EXPECT_FALSE(open_field(key.key, moved, text));
    moved = context;
    moved.key_id = uuid_v7(kNow);
    EXPECT_FALSE(open_field(key.key, moved, text));
    EXPECT_FALSE(open_field(new_subject_key(kNow).key, context, text));
    EXPECT_TRUE(open_field(key.key, context, text));
}

// The names in the text are what the reader looks the key up by; changing them must not help anybody.
TEST(SealedField, CanNotBeGivenToAnotherSubjectByItsText) {
    SubjectKey key = new_subject_key(kNow);
    FieldContext context = a_field();
    std::string text = seal_field(key.key, context, "clear");
    FieldContext thief = context;
    thief.subject = uuid_v7(kNow);
    std::string renamed = "s2." + base64url_encode(view_of(thief.subject)) + text.substr(3 + 22);
    EXPECT_EQ(parse_sealed(renamed)->subject, thief.subject);
    EXPECT_FALSE(open_field(key.key, thief, renamed));
}

TEST(SealedField, CanNotShiftLettersBetweenTenantAndField) {
    SubjectKey key = new_subject_key(kNow);
    FieldContext context = a_field();
    context.tenant = "ab";
    context.field = "c";
    std::string text = seal_field(key.key, context, "clear");
    context.tenant = "a";
    context.field = "bc";
    EXPECT_FALSE(open_field(key.key, context, text));
}

TEST(SealedField, RefusesEveryCutAndEveryForeignForm) {
    SubjectKey key = new_subject_key(kNow);
    FieldContext context = a_field();
    std::string text = seal_field(key.key, context, "clear");
    for (std::size_t size = 0; size < text.size(); ++size)
        EXPECT_FALSE(open_field(key.key, context, text.substr(0, size))) << size;
    EXPECT_FALSE(open_field(key.key, context, "s1" + text.substr(2)));
    EXPECT_FALSE(open_field(key.key, context, "s3" + text.substr(2)));
    EXPECT_FALSE(open_field(key.key, context, text + "="));
    std::string dotless = text;
    dotless[3 + 22] = ':';
    EXPECT_FALSE(parse_sealed(dotless));
    for (const char* other : {"", "clear text", "s1.", "s1.x.y.z", "s2.", "s2.x.y", "s2.AAAAAAAAAAAAAAAAAAAAAB.AAAA"})
        EXPECT_FALSE(parse_sealed(other)) << other;
    EXPECT_FALSE(parse_sealed(text + std::string(200'000, 'A')));
}

TEST(SealedField, HasALimit) {
    SubjectKey key = new_subject_key(kNow);
    FieldContext context = a_field();
    std::string largest(kMaxSealedClearSize, 'x');
    EXPECT_EQ(open_field(key.key, context, seal_field(key.key, context, largest)), largest);
    EXPECT_THROW(seal_field(key.key, context, largest + "x"), std::length_error);
}

TEST(SealedCredential, OpensForItsOwnerKindAndIdOnly) {
    SubjectKey key = new_subject_key(kNow);
    const CredentialContext context{"default", uuid_v7(kNow), "password", CredentialId{uuid_v7(kNow)}};
    std::string sealed = seal_credential(key.key, context, Secret("$argon2id$..."));
    auto opened = open_credential(key.key, context, sealed);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->reveal(), "$argon2id$...");

    CredentialContext other = context;
    other.tenant = "other";
    EXPECT_FALSE(open_credential(key.key, other, sealed));
    other = context;
    other.owner = uuid_v7(kNow);
    EXPECT_FALSE(open_credential(key.key, other, sealed));
    other = context;
    other.kind = "totp";
    EXPECT_FALSE(open_credential(key.key, other, sealed));
    other = context;
    other.credential_id = CredentialId{uuid_v7(kNow)};
    EXPECT_FALSE(open_credential(key.key, other, sealed));
    EXPECT_FALSE(open_credential(new_subject_key(kNow).key, context, sealed));
}

TEST(ClaimDigest, DependsOnKeyTenantKindAndValue) {
    Key key = key_for(KeyPurpose::kClaims);
    std::string digest = claim_digest(key, "default", "email", "ann@example.com");
    EXPECT_EQ(digest.size(), 32u);
    EXPECT_EQ(claim_digest(key, "default", "email", "ann@example.com"), digest);
    EXPECT_NE(claim_digest(key_for(KeyPurpose::kClaims), "default", "email", "ann@example.com"), digest);
    EXPECT_NE(claim_digest(key, "other", "email", "ann@example.com"), digest);
    EXPECT_NE(claim_digest(key, "default", "username", "ann@example.com"), digest);
    EXPECT_NE(claim_digest(key, "default", "email", "ann@example.org"), digest);
    EXPECT_NE(claim_digest(key, "default", "emaila", "nn@example.com"), digest);
    EXPECT_THROW(claim_digest(key_for(KeyPurpose::kSealingRoot), "", "", ""), std::invalid_argument);
}
