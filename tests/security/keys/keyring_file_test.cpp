#include "security/keys/keyring_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <set>
#include <thread>
#include <vector>

#include "security/primitives/base64url.hpp"
#include "tests/security/keys/keyring_fixture.hpp"

using namespace keyledger;
using namespace keyledger::security;
using Code = KeyringError::Code;

namespace {

using KeyringFile = KeyringTest;

// One entry of a keyring; a member with an empty value is left out.
struct Entry {
    std::string id = R"("abcd")";
    std::string purpose = R"("claims")";
    std::string algorithm = R"("HMAC-SHA256")";
    std::string created_at = "1";
    std::string use_from = "1";
    std::string retired_at = "";
    std::string revoked_at = "";
    std::string material = R"("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")";
    std::string extra = "";

    std::string text() const {
        std::string members;
        auto add = [&](const char* name, const std::string& value) {
            if (value.empty()) return;
            members += (members.empty() ? "" : ",") + ('"' + std::string(name)) + "\":" + value;
        };
        add("id", id), add("purpose", purpose), add("algorithm", algorithm), add("created_at_ms", created_at);
        add("use_from_ms", use_from), add("retired_at_ms", retired_at), add("revoked_at_ms", revoked_at);
        add("material", material);
        return "{" + members + extra + "}";
    }
};

std::string keyring_of(const std::string& entries) { return R"({"keyring":1,"keys":[)" + entries + "]}"; }

// What the parser says about a text; empty if it takes it.
std::string refusal(std::string text) {
    auto keys = parse_keyring(std::move(text));
    if (keys) return {};
    EXPECT_EQ(keys.error().code, Code::kMalformed);
    return keys.error().message;
}

}  // namespace

TEST_F(KeyringFile, IsReadableByItsOwnerOnlyAndLeavesNoDraft) {
    generate();
    struct stat status = {};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    EXPECT_EQ(status.st_nlink, 1u);
    rotated(KeyPurpose::kClaims, Duration(), kNow);
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    auto folder = std::filesystem::path(path_).parent_path();
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
}

TEST_F(KeyringFile, IsNeverOverwrittenByGenerate) {
    generate();
    auto before = loaded()->list(kNow);
    auto again = generate_keyring(path_, SigningAlgorithm::kEs256, kNow);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Code::kExists);
    EXPECT_EQ(loaded()->list(kNow).front().id, before.front().id);
    auto folder = std::filesystem::path(path_).parent_path();
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
}

TEST_F(KeyringFile, IsRefusedWhenMissing) {
    auto keyring = Keyring::load(path_);
    ASSERT_FALSE(keyring);
    EXPECT_EQ(keyring.error().code, Code::kUnreadable);
    EXPECT_NE(keyring.error().message.find(path_), std::string::npos);
    EXPECT_FALSE(rotate_key(path_, KeyPurpose::kClaims, Duration(), kNow));
    EXPECT_FALSE(generate_keyring(folder_.file("no/such/folder"), SigningAlgorithm::kEs256, kNow));
}

TEST_F(KeyringFile, IsRefusedWhenItIsAFolder) {
    std::filesystem::create_directory(path_);
    auto keyring = Keyring::load(path_);
    ASSERT_FALSE(keyring);
    EXPECT_EQ(keyring.error().code, Code::kUnreadable);
}

TEST_F(KeyringFile, IsRefusedWhenGroupOrOthersMayTouchIt) {
    generate();
    for (unsigned mode : {0660u, 0604u, 0620u, 0602u, 0610u, 0601u}) {
        ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
        auto keyring = Keyring::load(path_);
        ASSERT_FALSE(keyring) << mode;
        EXPECT_EQ(keyring.error().code, Code::kUnsafePermissions);
        EXPECT_NE(keyring.error().message.find("chmod 600"), std::string::npos);
    }
    ASSERT_EQ(::chmod(path_.c_str(), 0400), 0);
    EXPECT_TRUE(Keyring::load(path_));
}

// Two operators rotate at the same moment: neither's key is lost.
TEST_F(KeyringFile, KeepsEveryKeyOfConcurrentRotations) {
    generate();
    std::vector<std::string> made(6);
    {
        std::vector<std::jthread> operators;
        for (std::string& id : made)
            operators.emplace_back([this, &id] { id = rotated(KeyPurpose::kClaims, Duration(), kNow); });
    }
    std::set<std::string> ids;
    auto keyring = loaded();
    for (const Key& key : keyring->keys()) ids.insert(key.id);
    for (const std::string& id : made) EXPECT_TRUE(ids.contains(id));
}

TEST_F(KeyringFile, HoldsAtMostItsLimitOfKeys) {
    generate();
    for (std::size_t keys = kAllKeyPurposes.size(); keys < kMaxKeys; ++keys)
        rotated(KeyPurpose::kClaims, Duration(), kNow);
    auto more = rotate_key(path_, KeyPurpose::kClaims, Duration(), kNow);
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().code, Code::kTooManyKeys);
    EXPECT_EQ(loaded()->keys().size(), kMaxKeys);
}

TEST(KeyringText, RoundTripsEveryKind) {
    std::vector<Key> keys;
    for (const char* text : {"RS256", "ES256", "EdDSA"}) {
        Key key;
        key.id = text;
        key.purpose = KeyPurpose::kTokenSigning;
        key.algorithm = text;
        key.signing = std::make_shared<const SigningKey>(SigningKey::generate(*signing_algorithm_named(text)));
        key.use_from = Instant::at_ms(7);
        key.retired_at = Instant::at_ms(9);
        keys.push_back(std::move(key));
    }
    Key root;
    root.id = "root";
    root.purpose = KeyPurpose::kSealingRoot;
    root.algorithm = algorithm_for(root.purpose);
    root.material = random_secret(32);
    keys.push_back(std::move(root));

    auto read = parse_keyring(std::string(keyring_text(keys).reveal()));
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(read->size(), keys.size());
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ((*read)[i].signing->thumbprint(), keys[i].signing->thumbprint());
    EXPECT_TRUE(equal((*read)[3].material, keys[3].material));
    EXPECT_EQ((*read)[0].use_from, Instant::at_ms(7));
    EXPECT_EQ((*read)[0].retired_at, Instant::at_ms(9));
    EXPECT_EQ((*read)[0].revoked_at, std::nullopt);
}

TEST(KeyringText, TakesAGoodEntry) { EXPECT_EQ(refusal(keyring_of(Entry{}.text())), ""); }

TEST(KeyringText, NamesWhatIsWrongWithAnEntry) {
    struct Case {
        Entry entry;
        const char* says;
    };
    const Case cases[] = {
        {{.id = "7"}, "\"id\""},
        {{.id = R"("a b c")"}, "base64url"},
        {{.id = R"("abc")"}, "base64url"},
        {{.id = ""}, "\"id\""},
        {{.purpose = R"("o t")"}, "purpose"},
        {{.algorithm = R"("AES")"}, "HMAC-SHA256"},
        {{.algorithm = ""}, "algorithm"},
        {{.created_at = "-1"}, "created_at_ms"},
        {{.created_at = "1.5"}, "created_at_ms"},
        {{.use_from = ""}, "use_from_ms"},
        {{.use_from = "1e300"}, "use_from_ms"},
        {{.retired_at = "null"}, "retired_at_ms"},
        {{.revoked_at = R"("1")"}, "revoked_at_ms"},
        {{.revoked_at = "1"}, "still there"},
        {{.material = ""}, "material"},
        {{.material = R"("AAEC")"}, "32 bytes"},
        {{.material = R"("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9")"}, "32 bytes"},
        {{.extra = R"(,"note":1)"}, "unknown member"},
        {{.extra = R"(,"id":"efgh")"}, "twice"},
        {{.purpose = R"("token-signing")", .algorithm = R"("HS256")"}, "RS256, ES256 or EdDSA"},
        {{.purpose = R"("token-signing")", .algorithm = R"("ES256")"}, "PKCS#8"},
    };
    for (const Case& bad : cases) {
        std::string said = refusal(keyring_of(bad.entry.text()));
        EXPECT_NE(said.find(bad.says), std::string::npos) << bad.entry.text() << " was answered by: " << said;
        EXPECT_EQ(said.find("AAEC"), std::string::npos) << "material in an error: " << said;
    }
}

TEST(KeyringText, RefusesWhatIsNoKeyring) {
    for (const char* text :
         {"", "nothing", "[]", "{}", R"({"keyring":2,"keys":[]})", R"({"keyring":1})", R"({"keyring":1,"keys":{}})",
          R"({"keyring":1,"keys":[],"more":1})", R"({"keyring":1,"keys":[1]})", R"({"keyring":1,"keys":[]} trailing)",
          "{\"keyring\":1,\"keys\":[\"\xff\"]}"})
        EXPECT_NE(refusal(text), "") << text;
    // ASan sees what is read behind the text: each fills its memory.
    for (const char* cut : {"{\"\xC3", "{\"\xE2", "{\"\xE2\x82", "{\"\xF4", "{\"\xF4\x8F", "{\"\xF4}"}) {
        std::string text = std::string(40, ' ') + cut;
        text.shrink_to_fit();
        EXPECT_NE(refusal(std::move(text)), "") << cut;
    }
    EXPECT_NE(refusal(std::string(kMaxKeyringSize + 1, ' ')), "");
    EXPECT_NE(refusal(keyring_of(Entry{}.text()) + '\0'), "");
    EXPECT_NE(refusal(std::string(100'000, '[')), "");
}

TEST(KeyringText, RefusesAnIdThatOccursTwice) {
    EXPECT_NE(refusal(keyring_of(Entry{}.text() + "," + Entry{}.text())).find("twice"), std::string::npos);
}

TEST(KeyringText, RefusesTooManyKeys) {
    std::string entries = "{}";
    for (std::size_t i = 0; i < kMaxKeys; ++i) entries += ",{}";
    EXPECT_NE(refusal(keyring_of(entries)).find("100"), std::string::npos);
}

// During an update some nodes know more purposes than others, and all have one keyring.
TEST(KeyringText, KeepsKeysOfPurposesThatItDoesNotKnow) {
    const std::string text = keyring_of(
        Entry{.purpose = R"("of-tomorrow")", .algorithm = R"("X9")", .material = R"("whatever it is")"}.text());
    auto keys = parse_keyring(std::string(text));
    ASSERT_TRUE(keys) << keys.error().message;
    ASSERT_EQ(keys->size(), 1U);
    EXPECT_EQ(keys->front().purpose, KeyPurpose::kUnknown);
    auto again = parse_keyring(std::string(keyring_text(*keys).reveal()));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->front().unknown_purpose, "of-tomorrow");
    EXPECT_EQ(again->front().algorithm, "X9");
    EXPECT_EQ(again->front().material.reveal(), "whatever it is");
}

TEST_F(KeyringFile, CompletesWhatIsMissingAndNothingElse) {
    generate();
    auto keys = read_keyring_file(path_);
    ASSERT_TRUE(keys);
    std::erase_if(*keys, [](const Key& key) { return key.purpose == KeyPurpose::kEventMacs; });
    const std::string text(keyring_text(*keys).reveal());
    std::ofstream(path_, std::ios::trunc) << text;
    EXPECT_FALSE(LiveKeyring::open(path_, kNow)) << "the service says which command helps";
    auto made = complete_keyring(path_, kNow);
    ASSERT_TRUE(made);
    EXPECT_FALSE(made->empty());
    EXPECT_TRUE(LiveKeyring::open(path_, kNow));
    EXPECT_EQ(read_keyring_file(path_)->size(), keys->size() + 1);
    EXPECT_EQ(complete_keyring(path_, kNow).value(), "");
}

TEST_F(KeyringFile, NeverRevokesAKeyThatEventsAreBelievedBy) {
    generate();
    rotated(KeyPurpose::kEventMacs, Duration(), kNow);
    const auto keys = read_keyring_file(path_).value();
    for (const Key& key : keys) {
        if (key.purpose != KeyPurpose::kEventMacs) continue;
        EXPECT_EQ(revoke_key(path_, key.id, kNow + milliseconds(1)).error().code, KeyringError::Code::kInUse);
    }
}
