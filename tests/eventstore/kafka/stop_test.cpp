// Where going on could lose, double or misorder events, the publisher stops and says what happened: databases
// restored behind Kafka, topics deleted or changed, records that Kafka refuses, events that can't be read.
// Each stop is tried twice: a restart of the process alone changes nothing.
#include <gtest/gtest.h>

#include "eventstore/kafka/topics/position_record.hpp"
#include "tests/eventstore/kafka/rig.hpp"

namespace keyledger::test {
namespace {

using namespace eventstore::kafka;
using State = PublisherState;

const char* const kOtherMetadata =
    R"({"actor_id":"","actor_type":"system","causation_id":"","client_address":null,"command_id":"",)"
    R"("correlation_id":"","device":null,"occurred_at_ms":1,"request_id":"","session_id":null,)"
    R"("traceparent":"","user_agent":null})";

void expect_stop(Rig& rig, State state, const std::string& word) {
    for (int attempt = 0; attempt < 2; ++attempt) {
        const std::string sentence = rig.state_after_start(state);
        EXPECT_NE(sentence.find(word), std::string::npos) << sentence;
    }
}

Rig& published(Rig& rig, std::size_t events = 100) {
    rig.log.grow(events);
    rig.publish_all();
    return rig;
}

TEST(PublisherStops, WhenKafkaIsBehindTheCheckpoint) {
    Rig rig;
    published(rig);
    rig.log.grow(50);
    rig.cursors.cursor = rig.log.cursor_at(120);  // as if Kafka had been restored
    expect_stop(rig, State::kStoppedBehindCheckpoint, "published up to 120");
}

TEST(PublisherStops, WhenKafkaIsAheadOfTheLog) {
    Rig rig;
    published(rig);
    rig.log.cut_after(60);  // restored, its checkpoint with it
    rig.cursors.cursor = rig.log.cursor_at(50);
    expect_stop(rig, State::kStoppedAheadOfLog, "the log ends at 60");
}

TEST(PublisherStops, WhenTheRestoredLogHasGrownPastKafkaAgain) {
    Rig rig;
    published(rig);
    rig.log.cut_after(60);
    rig.cursors.cursor = rig.log.cursor_at(50);
    rig.log.grow(90);  // other events at the same positions
    expect_stop(rig, State::kStoppedOtherHistory, "history");
}

TEST(PublisherStops, WhenTheLastEventWasChanged) {
    Rig rig;
    published(rig);
    rig.log.rewrite(100, kOtherMetadata);
    expect_stop(rig, State::kStoppedOtherHistory, "100");
}

TEST(PublisherStops, WhenTheCheckpointNamesAnotherEvent) {
    Rig rig;
    published(rig);
    rig.cursors.cursor.leaf_hash.fill(1);
    expect_stop(rig, State::kStoppedOtherHistory, "disagree");
}

TEST(PublisherStops, WhenKafkaHoldsAnotherLog) {
    Rig rig;
    published(rig);
    rig.log.be(*Uuid::parse("0190163d-8694-739b-aea5-966c26f8ad91"));  // `keyledger migrate restored`
    expect_stop(rig, State::kStoppedOtherLog, "0190163d-8694-739b-aea5-966c26f8ad91");
}

TEST(PublisherStops, WhenThePositionTopicIsDeleted) {
    Rig rig;
    published(rig);
    delete_topic(rig.brokers, rig.positions_topic());
    expect_stop(rig, State::kStoppedTopicMissing, rig.positions_topic());
}

TEST(PublisherStops, WhenTheEventsTopicIsDeleted) {
    Rig rig;
    published(rig);
    delete_topic(rig.brokers, rig.events_topic());
    expect_stop(rig, State::kStoppedTopicMissing, rig.events_topic());
}

TEST(PublisherStops, WhenTheEventsTopicIsDeletedWhileItRuns) {
    Rig rig;
    rig.log.grow(100);
    const auto publisher = rig.publisher();
    publisher->start();
    ASSERT_TRUE(reaches(*publisher, 100));
    delete_topic(rig.brokers, rig.events_topic());
    rig.log.grow(100);
    EXPECT_TRUE(enters(*publisher, State::kStoppedTopicMissing));
    EXPECT_EQ(publisher->status().published, 100);
}

TEST(PublisherStops, WhenThePositionTopicWasMadeAnew) {
    Rig rig;
    published(rig);
    delete_topic(rig.brokers, rig.positions_topic());
    create_topic(rig.brokers, rig.positions_topic(), 1, {{"cleanup.policy", "compact"}, {"segment.bytes", "1048576"}});
    expect_stop(rig, State::kStoppedPositionMissing, "no position record");
}

TEST(PublisherStops, WhenTheEventsTopicWasMadeAnew) {
    Rig rig;
    published(rig, 50);  // its first transaction: the record's offsets are all 0 and fit any topic
    delete_topic(rig.brokers, rig.events_topic());
    create_topic(rig.brokers, rig.events_topic(), kPartitions, {{"retention.ms", "-1"}});
    expect_stop(rig, State::kStoppedEventsMissing, "position 50");
}

TEST(PublisherStops, WhenTheEventsTopicEndsBeforeItsOffsets) {
    Rig rig;
    published(rig, 50);
    published(rig, 50);
    delete_topic(rig.brokers, rig.events_topic());
    create_topic(rig.brokers, rig.events_topic(), kPartitions, {{"retention.ms", "-1"}});
    expect_stop(rig, State::kStoppedEventsMissing, "ends at offset 0");
}

TEST(PublisherStops, WhenTheNewestPositionRecordCannotBeRead) {
    Rig rig;
    published(rig);
    Record newer{std::string(kEventsOutput), "{\"format\":2}", {}};  // by a newer version of the service
    RecordMacs(rig.macs).sign(newer, rig.positions_topic(), rig.log.log_id());
    produce(rig.brokers, rig.positions_topic(), newer.key, *newer.value,
            {{std::string(newer.headers[0].first), newer.headers[0].second}});
    expect_stop(rig, State::kStoppedPositionUnreadable, rig.positions_topic());
}

TEST(PublisherGoesOn, ThoughOtherOutputsKeepTheirPositionsBesideIts) {
    Rig rig;
    published(rig);
    produce(rig.brokers, rig.positions_topic(), "tree-heads", "anything");
    published(rig);
    expect_each_event_once(rig);
}

TEST(PublisherStops, WhenATopicHasOtherSettings) {
    const Settings kept{{"retention.ms", "-1"}};
    const Settings compacted{{"cleanup.policy", "compact"}, {"segment.bytes", "1048576"}};
    struct Case {
        bool events;
        std::int32_t partitions;
        Settings settings;
        std::string word;
    };
    const std::vector<Case> cases{
        {true, kPartitions + 1, kept, "5 partitions"},
        {true, kPartitions, {{"retention.ms", "60000"}}, "retention.ms=60000"},
        {true, kPartitions, {{"retention.ms", "-1"}, {"cleanup.policy", "compact"}}, "cleanup.policy=compact"},
        {true, kPartitions, {{"retention.ms", "-1"}, {"max.message.bytes", "9999"}}, "max.message.bytes=9999"},
        {false, 2, compacted, "2 partitions"},
        {false, 1, {{"segment.bytes", "1048576"}}, "cleanup.policy=delete"},
        {false, 1, {{"cleanup.policy", "compact"}}, "segment.bytes=1073741824"}};
    for (const Case& one : cases) {
        Rig rig;
        create_topic(rig.brokers, one.events ? rig.events_topic() : rig.positions_topic(), one.partitions,
                     one.settings);
        const std::string sentence = rig.state_after_start(State::kStoppedTopicMismatch);
        EXPECT_NE(sentence.find(one.word), std::string::npos) << sentence;
    }
}

TEST(PublisherStops, WhenATopicHasFewerCopiesThanAreAskedFor) {
    struct Case {
        Replication wanted;
        std::string words;
    };
    const std::vector<Case> cases{{{2, 0}, "a replication factor of 1, but must have 2 or more"},
                                  {{1, 2}, "min.insync.replicas=1, but must have 2 or more"}};
    Rig rig;
    published(rig);
    for (const Case& one : cases) {
        auto options = rig.options();
        options.topics.replication = one.wanted;
        const auto publisher = rig.publisher(options);
        publisher->start();
        EXPECT_TRUE(enters(*publisher, State::kStoppedTopicMismatch));
        const std::string sentence = publisher->status().sentence;
        EXPECT_NE(sentence.find(one.words), std::string::npos) << sentence;
    }
}

TEST(PublisherGoesOn, OnTopicsThatItMadeWithTheCopiesThatAreAskedFor) {
    Rig rig;
    rig.log.grow(10);
    auto options = rig.options();
    options.topics.replication = {1, 1};
    for (int start = 0; start < 2; ++start) {  // the second one looks at what the first one made
        const auto publisher = rig.publisher(options);
        publisher->start();
        ASSERT_TRUE(reaches(*publisher, rig.log.size()));
        publisher->stop();
    }
    expect_each_event_once(rig);
}

TEST(PublisherStops, WhenThePartitionsWereChangedInBothPlaces) {
    Rig rig;
    published(rig);
    auto options = rig.options();
    options.topics.partitions = kPartitions + 1;
    delete_topic(rig.brokers, rig.events_topic());
    create_topic(rig.brokers, rig.events_topic(), kPartitions + 1, {{"retention.ms", "-1"}});
    const auto publisher = rig.publisher(options);
    publisher->start();
    EXPECT_TRUE(enters(*publisher, State::kStoppedTopicMismatch));
}

std::string reason_of(std::size_t size) { return "{\"reason\":\"" + std::string(size, 'x') + "\"}"; }

TEST(PublisherStops, AtARecordThatIsTooLargeAndNamesItsPosition) {
    Rig rig;
    rig.log.grow(10);
    rig.log.append("user", rig.log.at(1).stream_id, "user.disabled", reason_of(1'100'000));
    rig.log.grow(10);
    expect_stop(rig, State::kStoppedRecordRefused, "event 11");
}

TEST(PublisherStops, AtARecordThatTheBrokerRefuses) {
    Rig rig;
    rig.log.grow(10);
    const auto publisher = rig.publisher();
    publisher->start();
    ASSERT_TRUE(reaches(*publisher, 10));
    alter_topic(rig.brokers, rig.events_topic(), {{"retention.ms", "-1"}, {"max.message.bytes", "2000"}});
    // The broker answers before it heeds the new setting: a record or two may still pass.
    Position last = 10;
    do {
        rig.log.append("user", rig.log.at(1).stream_id, "user.disabled", reason_of(60'000));
        ++last;
    } while (reaches(*publisher, last) && last < 1000);
    EXPECT_TRUE(enters(*publisher, State::kStoppedRecordRefused));
    EXPECT_NE(publisher->status().sentence.find("event " + std::to_string(last)), std::string::npos)
        << publisher->status().sentence;
    EXPECT_EQ(publisher->status().published, last - 1);
}

TEST(PublisherStops, AtAnEventThatItCannotRead) {
    Rig rig;
    rig.log.grow(10);
    rig.log.append("user", rig.log.at(1).stream_id, "user.cloned", "{}");
    expect_stop(rig, State::kStoppedEventUnreadable, "position 11: unknown event type 'user.cloned'");
}

TEST(PublisherStops, AtASettingThatKafkaDoesNotKnow) {
    Rig rig;
    auto options = rig.options();
    options.client.properties = {{"security.protocol", "carrier-pigeon"}};
    const auto publisher = rig.publisher(options);
    publisher->start();
    EXPECT_TRUE(enters(*publisher, State::kStoppedRecordRefused));
    EXPECT_NE(publisher->status().sentence.find("security.protocol"), std::string::npos);
}

}  // namespace
}  // namespace keyledger::test
