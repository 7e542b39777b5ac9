// Memory says of a session's grounds what its streams say (I6), and keeps what was withdrawn alone.
#include "projections/hot/grounds_state.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "domain/sessions/grounds.hpp"
#include "projections/hot/snapshot_file.hpp"
#include "tests/support/world/given.hpp"
#include "tests/support/world/sealing.hpp"

namespace keyledger::projections::test {
namespace {

using namespace keyledger::test;

const UserId kAnn{uuid(1)};
const ApplicationId kShop{uuid(2)};
const SessionId kSession{uuid(3)}, kBrowser{uuid(4)};

class GroundsStateTest : public testing::Test {
protected:
    void SetUp() override { state_.apply(kShop, ApplicationRegistered{}, at(1)); }
    static Recorded at(Position position) { return {position, kNow + seconds(position)}; }
    static Session session(Position first = 10) {
        Session one;
        one.user_id = kAnn;
        one.client_id = kShop.to_string();
        one.first_position = first;
        return one;
    }
    bool hold(Position first = 10) { return state_.hold(kSession, session(first)); }
    void sweep(Instant now) {
        for (std::size_t shard = 0; shard < Sharded<SessionId, Instant>::kShards; ++shard) state_.sweep(shard, now);
    }
    GroundsState state_;
};

TEST_F(GroundsStateTest, HoldOfWhatNoApplicationHas) {
    Session own = session();
    own.client_id = "keyledger";
    EXPECT_TRUE(state_.hold(kSession, own));
}

TEST_F(GroundsStateTest, EndWithTheApplication) {
    EXPECT_TRUE(hold());
    state_.apply(kShop, ApplicationDisabled{}, at(20));
    EXPECT_FALSE(hold());
    state_.apply(kShop, ApplicationEnabled{}, at(21));
    EXPECT_FALSE(hold()) << "for good";
    EXPECT_TRUE(hold(22));
    state_.apply(kShop, ApplicationDeleted{}, at(30));
    EXPECT_FALSE(hold(31));
    Session of_nobody = session();
    of_nobody.client_id = uuid(99).to_string();
    EXPECT_FALSE(state_.hold(kSession, of_nobody)) << "there is no such application";
}

TEST_F(GroundsStateTest, EndWithWhatIsTakenFromTheApplicationAndNotWithItsName) {
    ApplicationDefinition definition;
    definition.authentication = ClientAuthentication::kNone;
    definition.scopes = {"email", "openid"};
    state_.apply(kShop, ApplicationChanged{definition}, at(5));
    definition.name = "Another name";
    state_.apply(kShop, ApplicationChanged{definition}, at(20));
    EXPECT_TRUE(hold());
    definition.scopes = {"openid"};
    state_.apply(kShop, ApplicationChanged{definition}, at(21));
    EXPECT_FALSE(hold());
    EXPECT_TRUE(hold(22));
}

TEST_F(GroundsStateTest, EndWithTheConsent) {
    state_.apply(ConsentGiven{kAnn, kShop, {"openid"}}, at(5));
    state_.apply(ConsentWithdrawn{UserId{uuid(7)}, kShop}, at(20));
    state_.apply(ConsentWithdrawn{kAnn, ApplicationId{uuid(8)}}, at(21));
    EXPECT_TRUE(hold()) << "somebody else's, and another application's";
    state_.apply(ConsentWithdrawn{kAnn, kShop}, at(22));
    EXPECT_FALSE(hold());
    state_.apply(ConsentGiven{kAnn, kShop, {"openid"}}, at(23));
    EXPECT_FALSE(hold()) << "for good";
    EXPECT_TRUE(hold(24));
}

TEST_F(GroundsStateTest, EndWithTheSessionOfTheBrowserForAsLongAsAnythingCanLast) {
    state_.rest(kSession, kBrowser);
    EXPECT_TRUE(hold());
    state_.end_browser_session(kBrowser, kNow + days(30));
    EXPECT_FALSE(hold());
    EXPECT_TRUE(state_.hold(SessionId{uuid(5)}, session())) << "it rests on none";
    sweep(kNow + days(30) - milliseconds(1));
    EXPECT_FALSE(hold());
    sweep(kNow + days(30));
    EXPECT_TRUE(hold()) << "nothing that began in it is left";
}

// ---- origins of pages ------------------------------------------------------------------------------------------
ApplicationDefinition page_at(const std::string& origin, ConsentRule consent) {
    ApplicationDefinition definition;
    definition.type = ApplicationType::kSpa;
    definition.authentication = ClientAuthentication::kNone;
    definition.consent = consent;
    definition.redirect_uris = {origin + "/callback"};
    return definition;
}

TEST_F(GroundsStateTest, KnowWhosePagesAreOfAnOriginAsLongAsOneOfThemIs) {
    const ApplicationId other{uuid(8)};
    const std::string origin = "https://app.example";
    EXPECT_EQ(state_.page_origin(origin), std::nullopt);
    state_.apply(kShop, ApplicationChanged{page_at(origin, ConsentRule::kRequired)}, at(2));
    EXPECT_EQ(state_.page_origin(origin), ConsentRule::kRequired);
    state_.apply(other, ApplicationRegistered{page_at(origin, ConsentRule::kFirstParty)}, at(3));
    EXPECT_EQ(state_.page_origin(origin), ConsentRule::kFirstParty);
    for (const char* like : {"https://app.example/", "https://app.example:443", "http://app.example", "null", "",
                             "https://APP.example", "https://app.example.evil", "*"})
        EXPECT_EQ(state_.page_origin(like), std::nullopt) << like;
    state_.apply(other, ApplicationDisabled{}, at(4));
    EXPECT_EQ(state_.page_origin(origin), ConsentRule::kRequired);
    state_.apply(kShop, ApplicationChanged{page_at("https://new.example", ConsentRule::kRequired)}, at(5));
    EXPECT_EQ(state_.page_origin(origin), std::nullopt);
    EXPECT_EQ(state_.page_origin("https://new.example"), ConsentRule::kRequired);
    state_.apply(other, ApplicationEnabled{}, at(6));
    EXPECT_EQ(state_.page_origin(origin), ConsentRule::kFirstParty);
    state_.apply(other, ApplicationDeleted{}, at(7));
    state_.apply(kShop, ApplicationDeleted{}, at(8));
    EXPECT_EQ(state_.page_origin(origin), std::nullopt);
    EXPECT_EQ(state_.page_origin("https://new.example"), std::nullopt);
}

TEST_F(GroundsStateTest, KnowOriginsAgainFromASnapshot) {
    const std::string path = testing::TempDir() + "grounds-" + std::to_string(::getpid());
    keyledger::test::TestCipher cipher;
    state_.apply(kShop, ApplicationChanged{page_at("https://app.example", ConsentRule::kRequired)}, at(2));
    {
        SnapshotWriter out(path, {uuid(20), uuid(21), "grounds.1"}, cipher);
        state_.write(out);
        const auto done = out.finish();
        ASSERT_TRUE(done) << done.error();
    }
    auto in = SnapshotReader::open(path, uuid(21), "grounds.1", cipher);
    std::filesystem::remove(path);
    ASSERT_TRUE(in);
    GroundsState read;
    read.read(*in);
    EXPECT_EQ(read.page_origin("https://app.example"), ConsentRule::kRequired);
    read.apply(kShop, ApplicationDeleted{}, at(30));
    EXPECT_EQ(read.page_origin("https://app.example"), std::nullopt);
}

}  // namespace
}  // namespace keyledger::projections::test
