// I9 without faults: what arrives, in which form, and how it goes on after a stop.
#include <gtest/gtest.h>

#include <random>

#include "eventstore/codec/jcs.hpp"
#include "eventstore/kafka/topics/position_record.hpp"
#include "tests/eventstore/kafka/rig.hpp"

namespace keyledger::test {
namespace {

using namespace eventstore::kafka;
using eventstore::Candidacy;

std::vector<PositionRecord> position_records(const Rig& rig) {
    std::vector<PositionRecord> records;
    for (const ConsumedRecord& one : read_topic(rig.brokers, rig.positions_topic())) {
        EXPECT_EQ(one.key, kEventsOutput);
        records.push_back(decode_position_record(one.value).value());
    }
    return records;
}

// The offsets in a record frame the events of its own transaction: those after the record before it come at
// or behind them, all earlier ones before them. The first is what a takeover relies on; the second spares it
// work.
void expect_frames(const Rig& rig, const std::vector<PositionRecord>& records) {
    const auto events = read_topic(rig.brokers, rig.events_topic());
    Position before = 0;
    for (const PositionRecord& record : records) {
        EXPECT_GT(record.cursor.position, before);
        for (const ConsumedRecord& event : events)
            EXPECT_EQ(event.position() > before,
                      event.offset >= record.offsets[static_cast<std::size_t>(event.partition)])
                << "event " << event.position() << " and the record of " << record.cursor.position;
        before = record.cursor.position;
    }
}

TEST(Publisher, PublishesEachEventOnceUnderItsSubjectInOrder) {
    Rig rig;
    rig.log.grow(3000);
    rig.publish_all();
    expect_each_event_once(rig);
    EXPECT_EQ(rig.cursors.cursor, rig.log.cursor_at(3000));
}

TEST(Publisher, GoesOnWhereItStoppedWithoutGapOrDouble) {
    Rig rig;
    for (int round = 0; round < 4; ++round) {
        rig.log.grow(250);
        rig.publish_all();
    }
    expect_each_event_once(rig);
}

TEST(Publisher, PublishesAtOnceWhatIsAppendedWhileItRuns) {
    Rig rig;
    const auto publisher = rig.publisher();
    publisher->start();
    ASSERT_TRUE(enters(*publisher, PublisherState::kPublishing));
    for (int round = 1; round <= 50; ++round) {
        rig.log.grow(3);
        ASSERT_TRUE(reaches(*publisher, 3 * round));
    }
    publisher->stop();
    EXPECT_EQ(publisher->status().state, PublisherState::kEnded);
    EXPECT_EQ(publisher->status().records, 150);
    expect_each_event_once(rig);
}

TEST(Publisher, HasNothingToDoForAnEmptyLog) {
    Rig rig;
    const auto publisher = rig.publisher();
    publisher->start();
    ASSERT_TRUE(enters(*publisher, PublisherState::kPublishing));
    publisher->stop();
    EXPECT_TRUE(read_topic(rig.brokers, rig.events_topic()).empty());
    EXPECT_TRUE(read_topic(rig.brokers, rig.positions_topic()).empty());
}

TEST(Publisher, CommitsItsPositionTogetherWithTheEvents) {
    Rig rig;
    rig.log.grow(120);
    auto options = rig.options();
    options.max_transaction_events = 50;
    const auto publisher = rig.publisher(options);
    publisher->start();
    ASSERT_TRUE(reaches(*publisher, 120));
    publisher->stop();
    const auto records = position_records(rig);
    ASSERT_GE(records.size(), 3U);
    EXPECT_EQ(records.back().log_id, rig.log.log_id());
    EXPECT_EQ(records.back().cursor, rig.log.cursor_at(120));
    expect_frames(rig, records);
}

// A setback, whatever its cause, cuts the transactions differently; what each record says holds nevertheless.
TEST(Publisher, FramesEachTransactionThoughItBeganAnewInBetween) {
    Rig rig;
    rig.log.grow(300);
    auto options = rig.options();
    options.max_transaction_events = 50;
    std::mt19937_64 random(seed_of_test());
    options.on_step = [&](Step) { return random() % 5 == 0 ? Then::kLoseAnswer : Then::kGoOn; };
    const auto publisher = rig.publisher(options);
    publisher->start();
    ASSERT_TRUE(reaches(*publisher, 300));
    publisher->stop();
    EXPECT_GT(publisher->status().setbacks, 0);
    const auto records = position_records(rig);
    EXPECT_EQ(records.back().cursor, rig.log.cursor_at(300));
    expect_frames(rig, records);
}

// Only a transaction can have been too large; a cluster that was not ready says nothing about that.
TEST(Publisher, SendsNoLessAtATimeBecauseItsStartFailed) {
    Rig rig;
    rig.log.grow(120);
    auto options = rig.options();
    options.max_transaction_events = 50;
    int starts = 0;
    options.on_step = [&](Step step) {
        return step == Step::kTookOver && ++starts < 3 ? Then::kLoseAnswer : Then::kGoOn;
    };
    const auto publisher = rig.publisher(options);
    publisher->start();
    ASSERT_TRUE(reaches(*publisher, 120));
    publisher->stop();
    EXPECT_EQ(position_records(rig).front().cursor.position, 50);
}

TEST(Publisher, SendsTheFirstEventAtOnceAndLetsThoseAfterItGather) {
    Rig rig;
    auto options = rig.options();
    options.visible_within = std::chrono::minutes(10);
    const auto publisher = rig.publisher(options);
    publisher->start();
    ASSERT_TRUE(enters(*publisher, PublisherState::kPublishing));
    rig.log.grow(1);
    ASSERT_TRUE(reaches(*publisher, 1));
    rig.log.grow(5);
    const auto is_beyond = [](const PublisherStatus& status) { return status.published > 1; };
    EXPECT_FALSE(publisher->await(is_beyond, std::chrono::milliseconds(300)));
    publisher->stop();  // does not wait for the pause
    EXPECT_EQ(publisher->status().transactions, 1);
    rig.publish_all();
    expect_each_event_once(rig);
}

TEST(Publisher, LetsNothingGatherWhileMoreWaitsThanOneTransactionTakes) {
    Rig rig;
    rig.log.grow(120);
    auto options = rig.options();
    options.max_transaction_events = 50;
    options.visible_within = std::chrono::minutes(10);
    const auto publisher = rig.publisher(options);
    publisher->start();
    ASSERT_TRUE(reaches(*publisher, 120));
    publisher->stop();
    EXPECT_EQ(publisher->status().transactions, 3);
    expect_each_event_once(rig);
}

// As under load: none is sent alone, and all are seen.
TEST(Publisher, TakesWhatGatheredInOneTransaction) {
    Rig rig;
    auto options = rig.options();
    options.visible_within = std::chrono::milliseconds(400);
    const auto publisher = rig.publisher(options);
    publisher->start();
    ASSERT_TRUE(enters(*publisher, PublisherState::kPublishing));
    rig.log.grow(1);
    ASSERT_TRUE(reaches(*publisher, 1));
    for (int appended = 0; appended < 50; ++appended) rig.log.grow(1);
    ASSERT_TRUE(reaches(*publisher, 51));
    publisher->stop();
    EXPECT_LE(publisher->status().transactions, 3);
    expect_each_event_once(rig);
}

TEST(Publisher, LeavesOutEveryPersonalFieldClearAndSealed) {
    Rig rig;
    rig.log.grow(500);
    rig.publish_all();
    bool log_has_sealed = false;
    for (Position position = 1; position <= rig.log.size(); ++position)
        log_has_sealed = log_has_sealed || rig.log.at(position).payload.find(kSealedMark) != std::string::npos;
    ASSERT_TRUE(log_has_sealed);
    for (const std::string& topic : {rig.events_topic(), rig.positions_topic()}) {
        for (const ConsumedRecord& record : read_topic(rig.brokers, topic, Isolation::kReadUncommitted)) {
            std::string all = record.key + record.value;
            for (const auto& [name, value] : record.headers) all += name + value;
            for (const std::string_view mark : {kClearMark, kSealedMark, std::string_view("client_address")})
                EXPECT_EQ(all.find(mark), std::string::npos) << "position " << record.position();
        }
    }
}

TEST(Publisher, PutsNoMoreBytesIntoATransactionThanItMay) {
    Rig rig;
    rig.log.grow(5);
    const std::string reason(60'000, 'x');
    for (int i = 0; i < 300; ++i)  // 18 MB
        rig.log.append("user", rig.log.at(1).stream_id, "user.disabled", "{\"reason\":\"" + reason + "\"}");
    const auto publisher = rig.publisher();
    publisher->start();
    ASSERT_TRUE(reaches(*publisher, rig.log.size()));
    publisher->stop();
    EXPECT_GE(publisher->status().transactions, 2);
    expect_each_event_once(rig);
}

TEST(Publisher, StandsByWhileAnotherLeads) {
    Rig rig;
    rig.log.grow(10);
    rig.leadership.answer = Candidacy::kOtherLeads;
    const auto publisher = rig.publisher();
    publisher->start();
    ASSERT_TRUE(enters(*publisher, PublisherState::kStandby));
    rig.leadership.answer = Candidacy::kLeading;
    ASSERT_TRUE(reaches(*publisher, 10));
    rig.leadership.answer = Candidacy::kOtherLeads;  // lost, as when its database session broke
    ASSERT_TRUE(enters(*publisher, PublisherState::kStandby));
    publisher->stop();
    expect_each_event_once(rig);
}

TEST(Publisher, WaitsForTheLogAndGoesOn) {
    Rig rig;
    rig.log.grow(10);
    const auto publisher = rig.publisher();
    publisher->start();
    ASSERT_TRUE(reaches(*publisher, 10));
    rig.log.go_away(true);
    ASSERT_TRUE(enters(*publisher, PublisherState::kWaitingForLog));
    rig.log.grow(10);
    rig.log.go_away(false);
    ASSERT_TRUE(reaches(*publisher, 20));
    publisher->stop();
    expect_each_event_once(rig);
}

}  // namespace
}  // namespace keyledger::test
