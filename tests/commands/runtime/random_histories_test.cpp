// Random histories, seeded by the test's name: what a node remembers of a stream is what anybody would read of it, and
// the log keeps its promises, whatever happened.
#include <map>
#include <set>

#include "domain/anonymous_callers/anonymous_callers.hpp"
#include "domain/authorization/device_authorization.hpp"
#include "domain/clients/service_token.hpp"
#include "eventstore/codec/states_codec.hpp"
#include "eventstore/subscription.hpp"
#include "tests/commands/runtime/chance.hpp"

namespace keyledger::commands {
namespace {

using test::Chance;
using test::kOtherPassword;
using test::kPassword;
using test::run;
using test::seed_of;

std::string text_of(const AnonymousCallers& callers) {
    return "anonymous callers " + std::to_string(static_cast<int>(callers.status));
}
std::string text_of(const ServiceToken& token) {
    return "service token " + std::to_string(static_cast<int>(token.status)) + ' ' +
           token.service_account_id.to_string() + ' ' + token.credential + ' ' + std::to_string(token.expires_at.ms());
}
std::string text_of(const DeviceAuthorization& device) {
    return "device authorization " + std::string(stored_name(device.status)) + ' ' + device.user_id.to_string() + ' ' +
           std::to_string(device.expires_at.ms());
}
// What snapshots keep of a state, or of those that have none what is said above.
std::string text_of(const Fold& fold) {
    std::string state = eventstore::encode_state(*fold.state);
    eventstore::Subscription<AnonymousCallers, ServiceToken, DeviceAuthorization>::deliver(
        *fold.state, [&](const auto& one) { state = text_of(one); });
    EXPECT_NE(state, "") << "say how states of " << stream_type_of(*fold.state) << " are compared";
    return std::to_string(fold.version) + ": " + state;
}

// ---- promises --------------------------------------------------------------------------------------------------
// Every stream as a node remembers it, if it does, against a reader who never heard of it.
void expect_memories_equal_the_log(test::Stage& stage, std::initializer_list<test::Node*> nodes) {
    std::map<Uuid, std::string> heads;
    for (const auto& event : stage.world.events()) heads[event.stream_id] = event.stream_type;
    test::Node reader(stage.world, stage.store);
    for (const auto& [stream_id, type] : heads) {
        const std::vector<LoadStream> streams{{stream_id, type}};
        auto read = run(reader.executor.folder().load(streams, Freshness::kAtHead, Deadline::max()));
        ASSERT_TRUE(read);
        for (test::Node* node : nodes) {
            const auto remembered = node->cache.find(stream_id);
            if (remembered && remembered->version == read->front().version) {
                EXPECT_EQ(text_of(*remembered), text_of(read->front()));
            }
            auto caught_up = run(node->executor.folder().load(streams, Freshness::kAtHead, Deadline::max()));
            ASSERT_TRUE(caught_up);
            EXPECT_EQ(text_of(caught_up->front()), text_of(read->front()));
        }
    }
}

void expect_dense(test::Stage& stage) {
    Position position = 0;
    std::map<Uuid, std::int32_t> versions;
    std::set<Uuid> ids;
    for (const auto& event : stage.world.events()) {
        EXPECT_EQ(event.position, ++position);
        EXPECT_EQ(event.version, ++versions[event.stream_id]);
        EXPECT_TRUE(ids.insert(event.event_id).second);
    }
}

// I10: of all that was said and typed, nothing is readable in the log or in the journal.
void expect_no_secrets(test::Stage& stage) {
    std::string all;
    for (const auto& event : stage.world.events()) all += event.payload + event.metadata;
    for (const std::string& line : stage.world.operator_log.lines()) all += line;
    for (const char* secret : {kPassword, kOtherPassword, "not the password", "person0@", "person1@", "root@", "name0",
                               "name1", "192.0.2.1", "laptop"})
        EXPECT_EQ(all.find(secret), std::string::npos) << secret;
}

class RandomHistories : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Seeds, RandomHistories, testing::Range(0, test::kBreadth.histories));

TEST_P(RandomHistories, AreRememberedAsTheyAreRead) {
    const std::uint64_t seed = seed_of(*testing::UnitTest::GetInstance()->current_test_info());
    SCOPED_TRACE("seed " + std::to_string(seed));
    test::Stage stage;
    for (test::Node* node : {&stage.node, &stage.other}) node->services.settings.attempts = {4, 3, test::kMinute, {}};
    Chance chance(seed, stage, stage.node, stage.other);
    chance.begin();
    for (int i = 0; i < 80; ++i) run(chance.act());
    expect_memories_equal_the_log(stage, {&stage.node, &stage.other});
    expect_dense(stage);
    expect_no_secrets(stage);
    EXPECT_GT(stage.world.head(), 30);
}

// The same with four histories at once on four threads, over both nodes: what is refused for being busy is refused,
// and nothing is half done.
TEST_P(RandomHistories, AreRememberedAsTheyAreReadWhenManyActAtOnce) {
    const std::uint64_t seed = seed_of(*testing::UnitTest::GetInstance()->current_test_info());
    SCOPED_TRACE("seed " + std::to_string(seed));
    test::Stage stage;
    test::Node third(stage.world, stage.store);  // the stage's first one is for one thread
    Chance first(seed, stage, stage.other, third);
    first.begin();
    auto act_often = [](Chance& chance) -> asio::awaitable<int> {
        for (int i = 0; i < 30; ++i) co_await chance.act();
        co_return 0;
    };
    std::vector<Chance> others(4, first);  // each its own copy of the beginning
    std::vector<asio::awaitable<int>> all;
    for (std::size_t i = 0; i < others.size(); ++i) {
        others[i].reseed(seed + i);
        all.push_back(act_often(others[i]));
    }
    test::run_all(std::move(all));
    expect_memories_equal_the_log(stage, {&stage.other, &third});
    expect_dense(stage);
    expect_no_secrets(stage);
}

}  // namespace
}  // namespace keyledger::commands
