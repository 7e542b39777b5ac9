// What a node says of keys that others have. Whoever has the service's role in the database may tell of any.
#include "app/core/keyring_watch.hpp"

#include <gtest/gtest.h>

#include "domain/base/plain_text.hpp"
#include "tests/support/world/stand_ins.hpp"

using namespace keyledger;
using namespace keyledger::test;
using app::KeyringWatch;
using security::KeyLocation;

namespace {

constexpr Instant kNow = Instant::at_ms(1'800'000'000'000);

struct Node {
    security::LiveKeyring keyring{std::make_shared<const security::Keyring>(std::vector<security::Key>{})};
    FixedClock clock{kNow};
    KeyringWatch watch{keyring, clock};

    void is_told(std::vector<eventstore::postgres::AnnouncedKey> keys) { watch.learn({{}, std::move(keys)}); }
    bool is_good() const { return watch.check().good; }
    std::string detail() const { return watch.check().detail; }
};

}  // namespace

TEST(KeyringWatch, OfAKeyThatIsNoLongerToldIsGoodAgain) {
    Node node;
    for (const Instant use_from : {kNow - milliseconds(1), kNow + seconds(1)}) {
        node.is_told({{"told", use_from, {}}});
        EXPECT_EQ(node.watch.locate_key("told"), KeyLocation::kOtherNode);
        EXPECT_FALSE(node.is_good());
        node.is_told({{"told", use_from, {}}});
        EXPECT_FALSE(node.is_good()) << "it is still told";
        node.is_told({});
        EXPECT_TRUE(node.is_good()) << node.detail();
        EXPECT_EQ(node.watch.locate_key("told"), KeyLocation::kUnknown);
        EXPECT_TRUE(node.is_good()) << node.detail();
    }
}

TEST(KeyringWatch, OfAToldKeyThatHasEndedIsGoodAgain) {
    Node node;
    node.is_told({{"told", kNow - milliseconds(1), kNow + seconds(1)}});
    EXPECT_EQ(node.watch.locate_key("told"), KeyLocation::kOtherNode);
    EXPECT_FALSE(node.is_good());
    node.clock.advance(seconds(1));
    EXPECT_TRUE(node.is_good()) << node.detail();
}

TEST(KeyringWatch, OfAKeyThatTheLogNamesStaysBadWhateverIsTold) {
    Node node;
    EXPECT_FALSE(node.watch.is_lacking("used"));
    node.is_told({{"used", kNow - milliseconds(1), {}}});
    EXPECT_EQ(node.watch.locate_key("used"), KeyLocation::kOtherNode);
    node.is_told({});
    EXPECT_FALSE(node.is_good());
}

TEST(KeyringWatch, SaysWhatTheLogNamesHoweverManyKeysAreTold) {
    Node node;
    std::vector<eventstore::postgres::AnnouncedKey> many;
    for (int i = 0; i < 200; ++i) many.push_back({"told" + std::to_string(i), kNow - milliseconds(1), {}});
    node.is_told(many);
    for (const auto& key : many) (void)node.watch.locate_key(key.id);
    EXPECT_FALSE(node.watch.is_lacking("used"));
    node.is_told({});
    EXPECT_FALSE(node.is_good());
    EXPECT_NE(node.detail().find("lacks key used"), std::string::npos) << node.detail();
}

TEST(KeyringWatch, SaysNamesThatOthersChoseAsPlainText) {
    Node node;
    const std::string name = "inj\n[2026] [error] forged \x1b[31mred\xFF";
    for (const bool is_presented : {false, true}) {
        node.is_told({{name, kNow - milliseconds(1), {}}});
        if (is_presented) (void)node.watch.locate_key(name);
        EXPECT_TRUE(is_plain_text(node.detail())) << node.detail();
        EXPECT_NE(node.detail().find("inj?[2026] [error] forged ?[31mred?"), std::string::npos) << node.detail();
    }
    EXPECT_FALSE(node.watch.is_lacking(name));
    EXPECT_TRUE(is_plain_text(node.detail())) << node.detail();
}
