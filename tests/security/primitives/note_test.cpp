#include "security/primitives/note.hpp"

#include <gtest/gtest.h>

#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "tests/security/keys/weak_keys.hpp"

using namespace keyledger::security;

namespace {

// The example of the documentation of golang.org/x/mod/sumdb/note.
constexpr const char* kGoKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr const char* kGoNote =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

struct Signed : testing::Test {
    SigningKey key = SigningKey::generate(SigningAlgorithm::kEdDsa);
    NoteKey public_part = note_key("keyledger/log", key);
    std::string note = sign_note("one\ntwo\n", "keyledger/log", key);
    auto opened(std::string_view text) { return open_note(text, {&public_part, 1}); }
};

}  // namespace

TEST(Note, OpensTheExampleOfTheGoPackage) {
    const auto key = parse_note_key(kGoKey);
    ASSERT_TRUE(key) << key.error();
    EXPECT_EQ(key->to_string(), kGoKey);
    const auto text = open_note(kGoNote, {&*key, 1});
    ASSERT_TRUE(text) << text.error();
    EXPECT_TRUE(text->ends_with("your problem is.\n"));
}

TEST(Note, AVerifyingKeyWithAWrongLetterIsRefused) {
    std::string text = kGoKey;
    text[text.size() - 4] = 'A';
    EXPECT_FALSE(parse_note_key(text));
    for (const char* bad : {"", "name", "name+c74f20a3", "na me+c74f20a3+AQ==", "n+c74f20a3+!!!!", "n+zz+AQ=="})
        EXPECT_FALSE(parse_note_key(bad)) << bad;
    EXPECT_TRUE(parse_note_key(std::string(kGoKey) + "\n")) << "as read from a file";
}

TEST(Note, AVerifyingKeyUnderWhichAnybodyCouldSignIsRefused) {
    const auto line_of = [](std::string_view point) {
        NoteKey made;
        made.name = "keyledger/log";
        made.public_key = base64url_decode(point).value();
        const Digest digest = sha256({made.name, "\n", std::string_view("\x01"), made.public_key});
        made.hash = std::string(view_of(digest).substr(0, 4));
        return made.to_string();
    };
    for (const auto& point : weak::kEdwardsPoints) EXPECT_FALSE(parse_note_key(line_of(point.value))) << point.name;
    EXPECT_TRUE(parse_note_key(line_of(weak::kGoodPoint)));
}

TEST_F(Signed, OpensWithItsKeyAlone) {
    ASSERT_TRUE(opened(note));
    EXPECT_EQ(*opened(note), "one\ntwo\n");
    const SigningKey other = SigningKey::generate(SigningAlgorithm::kEdDsa);
    const NoteKey stranger = note_key("keyledger/log", other);
    EXPECT_EQ(open_note(note, {&stranger, 1}).error(), "no known key signed it");
    EXPECT_FALSE(open_note(note, {}));
}

TEST_F(Signed, EveryChangedByteIsRefused) {
    for (std::size_t i = 0; i < note.size(); ++i) {
        std::string changed = note;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        const auto text = opened(changed);
        EXPECT_FALSE(text && *text != "one\ntwo\n") << "byte " << i;
        EXPECT_FALSE(i < 8 && text) << "byte " << i;
    }
    for (std::size_t size = 0; size < note.size(); ++size) EXPECT_FALSE(opened(note.substr(0, size))) << size;
}

TEST_F(Signed, SignaturesOfOthersAreIgnoredButNotAForgedOneOfItsOwn) {
    const SigningKey other = SigningKey::generate(SigningAlgorithm::kEdDsa);
    const std::string more = sign_note("one\ntwo\n", "witness", other);
    const std::string line = more.substr(more.find("\u2014 "));
    EXPECT_TRUE(opened(note + line));
    const std::string other_text = sign_note("one\nthree\n", "keyledger/log", key);
    const std::string wrong = other_text.substr(other_text.find("\u2014 "));
    EXPECT_FALSE(opened(note + wrong)) << "one of its own signatures does not hold";
    std::string many = note;
    for (std::size_t i = 0; i < kMaxNoteSignatures; ++i) many += line;
    EXPECT_FALSE(opened(many));
}

TEST(Note, OnlyEd25519AndPlainNamesSign) {
    EXPECT_THROW((void)note_key("n", SigningKey::generate(SigningAlgorithm::kEs256)), std::invalid_argument);
    const SigningKey key = SigningKey::generate(SigningAlgorithm::kEdDsa);
    EXPECT_THROW((void)note_key("a+b", key), std::invalid_argument);
    EXPECT_THROW((void)note_key("a b", key), std::invalid_argument);
}
