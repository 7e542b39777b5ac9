#include "projections/hot/access_state.hpp"

#include "eventstore/codec/jcs.hpp"
#include "tests/commands/runtime/chance.hpp"
#include "tests/projections/hot/asked.hpp"

namespace keyledger::projections::test {
namespace {

AccessState::Change read_change(const eventstore::RecordedEvent& event) {
    return AccessState::read_change(eventstore::FollowedEvent(event));
}

class AccessStateTest : public testing::TestWithParam<int> {
protected:
    void SetUp() override { chance_.begin(); }
    void follow(AccessState& state, Position& position) {
        for (const auto& event : stage_.world.events(position)) {
            state.apply(read_change(event));
            position = event.position;
        }
    }
    Stage stage_;
    Chance chance_{seed_of(*testing::UnitTest::GetInstance()->current_test_info()), stage_, stage_.node, stage_.other};
};
INSTANTIATE_TEST_SUITE_P(Seeds, AccessStateTest, testing::Range(0, 6));

// I6, I7: whatever happens, memory says what the streams say.
TEST_P(AccessStateTest, I6SaysWhatTheStreamsFoldTo) {
    AccessState state({});
    Position position = 0;
    for (int round = 0; round < 8; ++round) {
        for (int i = 0; i < 15; ++i) run(chance_.act());
        follow(state, position);
        expect_as_folded(stage_.world, stage_.store,
                         [&](const auto& user, const auto& session) { return state.find(user, session); });
        if (HasFailure()) break;
    }
    EXPECT_GT(position, 40);
}

TEST(AccessState, LetsSessionsGoThatEndedOrExpired) {
    Stage stage;
    const UserId ann = stage.world.register_user(stage.node, kAnnsEmail);
    const auto laptop = stage.world.log_in(stage.node, kAnnsEmail);
    const auto phone = stage.world.log_in(stage.node, kAnnsEmail);
    SessionLifetimes lifetimes;
    AccessState state(lifetimes);
    for (const auto& event : stage.world.events()) state.apply(read_change(event));
    EXPECT_EQ(state.sessions(), 2U);
    EXPECT_EQ(state.users(), 1U);

    const auto sweep_all = [&](Instant now) {
        std::size_t gone = 0;
        for (std::size_t shard = 0; shard < Sharded<Uuid, int>::kShards; ++shard) gone += state.sweep(shard, now);
        return gone;
    };
    const Instant idle_at = stage.clock.now() + lifetimes.idle;
    EXPECT_EQ(sweep_all(idle_at + kExpiredSessionsStay - milliseconds(1)), 0U) << "another node's clock may be behind";
    EXPECT_EQ(state.find(ann, laptop.session_id).session().status, Session::Status::kLive);
    EXPECT_EQ(sweep_all(idle_at + kExpiredSessionsStay), 2U);
    EXPECT_EQ(state.sessions(), 0U);

    // Ended together with others by an event on the user, and one by its own.
    AccessState other(lifetimes);
    auto done = run(commands::change_password(stage.node.services, password_change(bearer_of(laptop)),
                                              commands::Caller(caller_of(laptop))));
    ASSERT_TRUE(succeeds(done));
    for (const auto& event : stage.world.events()) other.apply(read_change(event));
    EXPECT_EQ(other.sessions(), 2U);
    for (std::size_t shard = 0; shard < Sharded<Uuid, int>::kShards; ++shard) other.sweep(shard, stage.clock.now());
    EXPECT_EQ(other.sessions(), 1U);
    EXPECT_EQ(other.find(ann, laptop.session_id).session().status, Session::Status::kLive);
    EXPECT_EQ(other.find(ann, phone.session_id).session().status, Session::Status::kAbsent);
}

// Whoever has the service's role in the database may append what they like; here nothing comes of it.
TEST(AccessState, IsNotChangedByWhatTheServiceDidNotWrite) {
    Stage stage;
    const UserId root = stage.world.create_administrator(stage.node, kAnnsEmail);
    AccessState with({});
    AccessState without({});
    for (auto event : stage.world.events()) {
        with.apply(read_change(event));
        if (event.type == RoleAssigned::kType) {
            event.trust = eventstore::RecordedEvent::Trust::kInert;
            event.payload = "not even JSON";
        }
        without.apply(read_change(event));
    }
    EXPECT_FALSE(with.find(root, std::nullopt).roles.empty());
    EXPECT_TRUE(without.find(root, std::nullopt).roles.empty());
}

TEST(AccessState, DoesNotTakeAnEventThatItDoesNotKnow) {
    Stage stage;
    stage.world.register_user(stage.node, kAnnsEmail);
    auto event = stage.world.events().front();
    event.type = "user.knighted";
    EXPECT_THROW((void)read_change(event), eventstore::CodecError);
    event = stage.world.events().front();
    event.schema_version = 99;
    EXPECT_THROW((void)read_change(event), eventstore::CodecError);
}

// Design section 12: under 400 bytes an active session. A user is counted beside the session.
TEST(AccessState, TakesLessThanTwoHundredBytesASession) {
    constexpr int kSessions = 200'000;
    AccessState state({});
    std::mt19937_64 random(1);
    const auto some_id = [&] {
        keyledger::test::TestId id;
        for (std::uint8_t& byte : id.bytes) byte = static_cast<std::uint8_t>(random());
        return id;
    };
    const SessionStarted started{some_id(), "shop", {"https://shop.example"}, 1, "device", Instant::at_ms(1LL << 50)};
    std::size_t most = 0;
    for (int i = 1; i <= kSessions; ++i) {
        state.apply({some_id(), {i, Instant::at_ms(i)}, eventstore::any_event<Session>(started)});
        if (i % 10'000 == 0) most = std::max(most, state.bytes() / static_cast<std::size_t>(i));
    }
    EXPECT_EQ(state.sessions(), static_cast<std::size_t>(kSessions));
    std::cout << "at most " << most << " bytes a session\n";
    EXPECT_LT(most, 200U);
}

}  // namespace
}  // namespace keyledger::projections::test
