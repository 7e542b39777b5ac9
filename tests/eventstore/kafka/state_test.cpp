// The compacted topics of state: equal to what the log comes to, whatever was killed in between, and nothing
// personal in them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "eventstore/codec/jcs.hpp"
#include "eventstore/kafka/publishing/state_output.hpp"
#include "tests/eventstore/kafka/accounts.hpp"
#include "tests/eventstore/kafka/killing.hpp"
#include "tests/eventstore/kafka/rig.hpp"

namespace keyledger::test {
namespace {

using namespace eventstore::kafka;
using eventstore::FollowedEvent;

struct StateRig : Rig {
    Accounts accounts{seed_of_test()};

    PublisherOptions options() const {
        PublisherOptions options = Rig::options();
        options.output = OutputKind::kState;
        return options;
    }
    void grow(int events) { accounts.grow(log, events); }
    void publish(PublisherOptions options) {
        const auto one = publisher(std::move(options));
        one->start();
        ASSERT_TRUE(reaches(*one, log.size()));
        one->stop();
    }
    std::string users_topic() const { return prefix.text() + ".users.v1"; }
    std::string sessions_topic() const { return prefix.text() + ".sessions.v1"; }
};

// Key to value, as compaction leaves it; and no (key, position) twice, no key going back.
std::map<std::string, std::string> latest(const std::string& brokers, const std::string& topic) {
    std::map<std::string, std::string> values;
    std::map<std::string, Position> last;
    for (const ConsumedRecord& record : read_topic(brokers, topic)) {
        EXPECT_LT(last[record.key], record.position()) << topic << ", key " << record.key;
        last[record.key] = record.position();
        record.value.empty() ? void(values.erase(record.key)) : void(values[record.key] = record.value);
    }
    return values;
}

void expect_state(const StateRig& rig, const Accounts& accounts) {
    const auto users = latest(rig.brokers, rig.users_topic());
    EXPECT_EQ(users.size(), accounts.status.size());
    for (const auto& [id, status] : accounts.status) {
        ASSERT_TRUE(users.contains(id)) << "user " << id;
        const auto json = eventstore::parse_json(users.at(id));
        EXPECT_EQ(json["status"].GetString(), status);
        EXPECT_EQ(json["user_id"].GetString(), id);
    }
    const auto sessions = latest(rig.brokers, rig.sessions_topic());
    EXPECT_EQ(sessions.size(), accounts.live.size());
    for (const auto& [id, session] : accounts.live) {
        ASSERT_TRUE(sessions.contains(id)) << "session " << id;
        const auto json = eventstore::parse_json(sessions.at(id));
        EXPECT_EQ(json["user_id"].GetString(), session.user);
        EXPECT_EQ(json["position"].GetInt64(), session.started);
        EXPECT_EQ(json["expires_at_ms"].GetInt64(), session.expires_at.ms());
    }
}

TEST(StateTopics, HoldUsersAndLiveSessionsAndTombstonesForTheRest) {
    StateRig rig;
    for (int round = 0; round < 3; ++round) {
        rig.grow(300);
        rig.publish(rig.options());
        expect_state(rig, rig.accounts);
    }
    std::size_t tombstones = 0;
    for (const ConsumedRecord& record : read_topic(rig.brokers, rig.sessions_topic()))
        tombstones += record.value.empty();
    EXPECT_GT(tombstones, 100U);
    EXPECT_GT(rig.accounts.live.size(), 5U);
}

// What comes during the pause waits for the next transaction, and a stop does not wait for the pause.
TEST(StateTopics, GatherWhatComesDuringAPause) {
    StateRig rig;
    PublisherOptions options = rig.options();
    options.visible_within = std::chrono::hours(1);
    rig.grow(20);
    const auto begun = std::chrono::steady_clock::now();
    const auto publisher = rig.publisher(options);
    publisher->start();
    ASSERT_TRUE(reaches(*publisher, 20));
    rig.grow(20);
    publisher->stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::minutes(10));
    EXPECT_EQ(publisher->status().published, 20);
    EXPECT_EQ(publisher->status().transactions, 1);
    rig.publish(rig.options());
    expect_state(rig, rig.accounts);
}

// The position record, the topics and the transactional id are the state's own: neither output disturbs the
// other.
TEST(StateTopics, AreWrittenBesideTheEvents) {
    StateRig rig;
    rig.grow(200);
    MemoryCursor cursors;
    AlwaysLeads leads;
    ScriptedLog same_log(seed_of_test());
    Accounts(seed_of_test()).grow(same_log, 200);
    Publisher events(rig.Rig::options(), {same_log, cursors, leads, same_log});
    const auto state = rig.publisher(rig.options());
    events.start();
    state->start();
    ASSERT_TRUE(reaches(events, 200));
    ASSERT_TRUE(reaches(*state, 200));
    rig.grow(100);
    ASSERT_TRUE(reaches(*state, 300));
    EXPECT_EQ(state->status().head, 300);
    events.stop();
    state->stop();
    EXPECT_EQ(events.status().takeovers, 1);
    EXPECT_EQ(state->status().takeovers, 1);
    EXPECT_EQ(read_topic(rig.brokers, rig.events_topic()).size(), 200U);
    expect_state(rig, rig.accounts);
}

TEST(StateTopics, AreTheSameHoweverManyAnswersAreLost) {
    StateRig rig;
    std::mt19937_64 random(seed_of_test());
    auto options = rig.options();
    options.max_transaction_events = 25;
    options.on_step = [&](Step) { return random() % 6 == 0 ? Then::kLoseAnswer : Then::kGoOn; };
    for (int round = 0; round < 4; ++round) {
        rig.grow(150);
        rig.publish(options);
    }
    expect_state(rig, rig.accounts);
}

// A delayed end of transaction commits a part of the next one, without its position record. It is not sent
// again, and what the fold held before is learned from the log, for the topic may not have it any more.
TEST(StateTopics, RecordsCommittedWithoutTheirPositionAreNotSentAgain) {
    StateRig rig;
    rig.grow(200);
    rig.publish(rig.options());
    rig.grow(100);
    StateOutput fold(rig.options().topics);
    for (Position position = 1; position <= 200; ++position) fold.replay(FollowedEvent(rig.log.at(position)));
    auto opened =
        TransactionalProducer::open(rig.options().client, transactional_id(rig.log.log_id(), OutputKind::kState),
                                    {{rig.users_topic(), rig.sessions_topic()}, rig.positions_topic()});
    ASSERT_TRUE(opened);
    TransactionalProducer& lost = **opened;
    ASSERT_TRUE(lost.init(kPatience));
    ASSERT_TRUE(lost.begin());
    int already_there = 0;
    for (Position position = 201; position <= 240; ++position) {
        for (auto& [topic, record] : fold.records_of(FollowedEvent(rig.log.at(position)), {rig.log.log_id(), ""})) {
            if (record.key[0] > '7') continue;  // whole keys, so each partition's order stays
            RecordMacs(rig.macs).sign(record, fold.topics().at(topic).name, rig.log.log_id());
            ASSERT_TRUE(lost.send_event(topic, position, record));
            ++already_there;
        }
    }
    ASSERT_GT(already_there, 0);
    ASSERT_TRUE(lost.commit());
    auto options = rig.options();
    options.max_transaction_events = 30;
    rig.publish(options);
    expect_state(rig, rig.accounts);
}

TEST(StateTopics, HoldNothingPersonal) {
    StateRig rig;
    rig.log.grow(500);
    rig.publish(rig.options());
    for (const std::string& topic : {rig.users_topic(), rig.sessions_topic()}) {
        const auto records = read_topic(rig.brokers, topic, Isolation::kReadUncommitted);
        EXPECT_FALSE(records.empty());
        for (const ConsumedRecord& record : records) {
            std::string all = record.key + record.value;
            for (const auto& [name, value] : record.headers) all += name + value;
            for (const std::string_view mark : {kClearMark, kSealedMark})
                EXPECT_EQ(all.find(mark), std::string::npos) << all;
        }
    }
}

TEST(StateTopics, AreRefusedWhereTheyAreNotCompacted) {
    StateRig rig;
    create_topic(rig.brokers, rig.users_topic(), kPartitions, {{"retention.ms", "-1"}});
    const auto publisher = rig.publisher(rig.options());
    publisher->start();
    EXPECT_TRUE(enters(*publisher, PublisherState::kStoppedTopicMismatch));
    EXPECT_NE(publisher->status().sentence.find("cleanup.policy=delete"), std::string::npos);
}

TEST(StateTopics, AreTheSameHoweverOftenItsProcessIsKilled) {
    constexpr int kKills = 15;
    const std::uint64_t seed = seed_of_test();
    StateRig rig;
    const std::string program = KEYLEDGER_KILLED_PUBLISHER;
    const std::string checkpoint = ::testing::TempDir() + "checkpoint-" + rig.prefix.text();
    const auto spawn = [&] {
        const std::string events = std::to_string(rig.log.size());
        const pid_t child = fork();
        if (child != 0) return child;
        execl(program.c_str(), program.c_str(), rig.brokers.c_str(), rig.prefix.text().c_str(),
              std::to_string(seed).c_str(), events.c_str(), checkpoint.c_str(), "state", static_cast<char*>(nullptr));
        _exit(127);
    };
    const Killed killed = kill_at_random(
        seed, kKills, [&] { rig.grow(300); }, spawn);
    unlink(checkpoint.c_str());
    EXPECT_EQ(killed.status, 0);
    EXPECT_EQ(killed.times, kKills);
    expect_state(rig, rig.accounts);
}

}  // namespace
}  // namespace keyledger::test
