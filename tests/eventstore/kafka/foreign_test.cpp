// Somebody else may write to the topics, too (a leaked password, a wrong access control list). What they
// write is passed over: it stops nothing, is taken for nobody's state, and an operator is told of it.
#include <gtest/gtest.h>

#include <algorithm>

#include "eventstore/codec/jcs.hpp"
#include "eventstore/kafka/topics/position_record.hpp"
#include "eventstore/kafka/topics/topic_events.hpp"
#include "eventstore/kafka/topics/tree_head_topic.hpp"
#include "tests/eventstore/kafka/accounts.hpp"
#include "tests/eventstore/kafka/rig.hpp"

namespace keyledger::test {
namespace {

using namespace eventstore::kafka;
using State = PublisherState;

constexpr const char* kForged = "forged";
const Settings kOurPartitioner{{"partitioner", "murmur2_random"}};

void publish_more(Rig& rig, std::size_t events) {
    rig.log.grow(events);
    rig.publish_all();
}

// What a consumer sees of the log, without what was forged.
void expect_each_event_once_beside_forgeries(const Rig& rig) {
    auto records = read_topic(rig.brokers, rig.events_topic());
    std::erase_if(records, [](const ConsumedRecord& one) { return one.value == kForged; });
    expect_each_event_once(records, rig.log);
}

Settings headers_of(const Rig& rig, Position position) {
    return {{"ce_logid", rig.log.log_id().to_string()},
            {"ce_sequence", sequence_of(position)},
            {"ce_id", Uuid{}.to_string()}};
}

// In their order: a copy has a good MAC.
Settings all_headers_of(const ConsumedRecord& record) { return record.headers_in_order; }

PublisherStatus took_over(Rig& rig) {
    const auto publisher = rig.publisher();
    publisher->start();
    EXPECT_TRUE(enters(*publisher, State::kPublishing));
    return publisher->status();
}

TEST(ForeignRecords, InTheEventsTopicStopNothing) {
    Rig rig;
    publish_more(rig, 100);
    produce(rig.brokers, rig.events_topic(), "key", kForged);
    produce(rig.brokers, rig.events_topic(), "key", kForged, headers_of(rig, 100));
    produce(rig.brokers, rig.events_topic(), "key", kForged, headers_of(rig, 101));
    Settings with_mac = headers_of(rig, 102);
    with_mac.emplace_back(kMacHeader, "key1.AAAAAAAAAAAAAAAAAAAAAA");
    produce(rig.brokers, rig.events_topic(), "key", kForged, with_mac);
    with_mac.back().second = "another.AAAAAAAAAAAAAAAAAAAAAA";
    produce(rig.brokers, rig.events_topic(), "key", kForged, with_mac);
    Settings of_another_log = headers_of(rig, 1);
    of_another_log.front().second = Uuid{}.to_string();
    produce(rig.brokers, rig.events_topic(), "key", kForged, of_another_log);
    const PublisherStatus status = took_over(rig);
    EXPECT_EQ(status.foreign, 6);
    EXPECT_NE(status.sentence.find("somebody else"), std::string::npos) << status.sentence;
    publish_more(rig, 50);
    expect_each_event_once_beside_forgeries(rig);
}

TEST(ForeignRecords, InThePositionTopicStopNothing) {
    Rig rig;
    publish_more(rig, 50);
    publish_more(rig, 50);
    const std::string key(kEventsOutput);
    PositionRecord forged{rig.log.log_id(), rig.log.cursor_at(10), std::vector<std::int64_t>(kPartitions), 0};
    produce(rig.brokers, rig.positions_topic(), key, "{\"format\":2}");
    produce(rig.brokers, rig.positions_topic(), key, "anything");
    produce(rig.brokers, rig.positions_topic(), key, encode(forged));
    forged.log_id = Uuid{};
    produce(rig.brokers, rig.positions_topic(), key, encode(forged));
    const auto records = read_topic(rig.brokers, rig.positions_topic());
    produce(rig.brokers, rig.positions_topic(), key, records.front().value, all_headers_of(records.front()));
    EXPECT_EQ(took_over(rig).foreign, 5);
    publish_more(rig, 50);
    expect_each_event_once(rig);
}

// The same bytes in another topic, under another key or with another value are not what was signed.
TEST(ForeignRecords, AreNotMadeOursByTheMacOfAnother) {
    Rig rig;
    publish_more(rig, 100);
    const ConsumedRecord last = read_topic(rig.brokers, rig.events_topic()).back();
    produce(rig.brokers, rig.events_topic(), last.key, kForged, all_headers_of(last));
    produce(rig.brokers, rig.events_topic(), "another key", last.value, all_headers_of(last));
    Settings later = all_headers_of(last);
    for (auto& [name, value] : later)
        if (name == "ce_sequence") value = sequence_of(101);
    produce(rig.brokers, rig.events_topic(), last.key, last.value, later);
    EXPECT_EQ(took_over(rig).foreign, 3);
}

struct StateRig : Rig {
    Accounts accounts{seed_of_test()};

    PublisherStatus publish() {
        PublisherOptions options = Rig::options();
        options.output = OutputKind::kState;
        const auto one = publisher(std::move(options));
        one->start();
        EXPECT_TRUE(reaches(*one, log.size()));
        one->stop();
        return one->status();
    }
    std::string users_topic() const { return prefix.text() + ".users.v1"; }
    std::string sessions_topic() const { return prefix.text() + ".sessions.v1"; }
};

// A forged record says that everybody is disabled and their sessions are over. The publisher asks the log
// instead, and goes on from what is so: else it would not tell that a user was disabled, nor take away the
// sessions that ended.
TEST(ForeignRecords, AreTakenForNobodysState) {
    StateRig rig;
    rig.accounts.grow(rig.log, 300);
    rig.publish();
    const auto before = rig.accounts;
    for (const auto& [id, status] : before.status)
        produce(rig.brokers, rig.users_topic(), id,
                R"({"position":1,"registered_at_ms":1,"status":"disabled","tenant":"default","user_id":")" + id + "\"}",
                headers_of(rig, 1), kOurPartitioner);
    for (const auto& [id, session] : before.live)
        produce(rig.brokers, rig.sessions_topic(), id, "", headers_of(rig, 1), kOurPartitioner);
    rig.accounts.grow(rig.log, 300);
    const PublisherStatus status = rig.publish();
    EXPECT_EQ(status.foreign, std::ssize(before.status) + std::ssize(before.live));
    // What was told after the forgeries is what changed by the log.
    std::map<std::string, std::string> told;
    for (const ConsumedRecord& record : read_topic(rig.brokers, rig.users_topic()))
        if (record.position() > 300) told[record.key] = record.value;
    int changed = 0;
    for (const auto& [id, now] : rig.accounts.status) {
        const auto was = before.status.find(id);
        if (was != before.status.end() && was->second == now) continue;
        ++changed;
        ASSERT_TRUE(told.contains(id)) << id << " became " << now;
        EXPECT_EQ(eventstore::parse_json(told.at(id))["status"].GetString(), now);
    }
    EXPECT_GT(changed, 5);
    std::set<std::string> gone;
    for (const ConsumedRecord& record : read_topic(rig.brokers, rig.sessions_topic()))
        if (record.position() > 300 && record.value.empty()) gone.insert(record.key);
    for (const auto& [id, session] : before.live)
        EXPECT_EQ(gone.contains(id), !rig.accounts.live.contains(id)) << "session " << id;
}

TEST(ForeignRecords, AreNotReplayed) {
    Rig rig;
    publish_more(rig, 100);
    produce(rig.brokers, rig.events_topic(), "key", kForged);
    auto records = read_topic(rig.brokers, rig.events_topic());
    std::erase_if(records, [](const ConsumedRecord& one) { return one.value == kForged; });
    const ConsumedRecord& any = records.front();
    produce(rig.brokers, rig.events_topic(), any.key, any.value, all_headers_of(any), kOurPartitioner);
    Settings without = all_headers_of(any);
    std::erase_if(without, [](const auto& header) { return header.first == kMacHeader; });
    produce(rig.brokers, rig.events_topic(), any.key, any.value, without, kOurPartitioner);
    Position last = 0;
    const auto read =
        read_events(rig.options().client, rig.options().topics, rig.macs, [&](const eventstore::RecordedEvent& event) {
            EXPECT_EQ(event.position, ++last);
            return TopicReader::Then::kGoOn;
        });
    ASSERT_TRUE(read);
    EXPECT_EQ(read->events, 100);
    EXPECT_EQ(read->foreign, 3);
}

TEST(ForeignRecords, HideNoTreeHead) {
    Rig rig;
    TreeHeadTopic heads(rig.options().client, tree_head_topic(rig.prefix.text()));
    const auto is_ours = [](const std::string& note) { return note.starts_with("ours"); };
    ASSERT_TRUE(heads.send("log", "ours, older"));
    ASSERT_TRUE(heads.send("log", "ours, newer"));
    for (std::int64_t i = 0; i < kTreeHeadsReadAtOnce + 1; ++i) ASSERT_TRUE(heads.send("log", kForged));
    const auto read = heads.read(is_ours);
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(*read, (std::vector<std::string>{"ours, older", "ours, newer"}));
    delete_topic(rig.brokers, tree_head_topic(rig.prefix.text()));
}

TEST(RecordMacs, OfAnEarlierKeyAreGoodWhileTheKeyringHasIt) {
    Rig rig;
    publish_more(rig, 50);
    rig.macs = std::make_shared<RecordKeys>(std::vector<std::string>{"key2", "key1"});
    publish_more(rig, 50);
    EXPECT_EQ(took_over(rig).foreign, 0);
    expect_each_event_once(rig);
    rig.macs = std::make_shared<RecordKeys>(std::vector<std::string>{"key3"});
    EXPECT_NE(rig.state_after_start(State::kStoppedPositionMissing).find("keyring"), std::string::npos);
}

// Topics as a publisher of before there were MACs left them: its first transaction has a position record, and
// of those after it there are only events.
void make_old(Rig& rig) {
    auto events = read_topic(rig.brokers, rig.events_topic());
    auto before = decode_position_record(read_topic(rig.brokers, rig.positions_topic()).front().value);
    ASSERT_TRUE(before);
    before->signed_from = 0;
    delete_topic(rig.brokers, rig.events_topic());
    delete_topic(rig.brokers, rig.positions_topic());
    create_topic(rig.brokers, rig.events_topic(), kPartitions, {{"retention.ms", "-1"}});
    create_topic(rig.brokers, rig.positions_topic(), 1, {{"cleanup.policy", "compact"}, {"segment.bytes", "1048576"}});
    std::ranges::sort(events, {}, &ConsumedRecord::position);
    for (ConsumedRecord& record : events) {
        std::erase_if(record.headers_in_order, [](const auto& header) { return header.first == kMacHeader; });
        produce(rig.brokers, rig.events_topic(), record.key, record.value, all_headers_of(record), kOurPartitioner);
    }
    produce(rig.brokers, rig.positions_topic(), std::string(kEventsOutput), encode(*before));
    rig.cursors.cursor = before->cursor;
}

TEST(RecordMacs, AreNotAskedOfRecordsFromBefore) {
    Rig rig;
    publish_more(rig, 50);
    make_old(rig);
    EXPECT_EQ(took_over(rig).foreign, 0);
    publish_more(rig, 50);
    expect_each_event_once(rig);
    produce(rig.brokers, rig.events_topic(), "key", kForged, headers_of(rig, 101));
    const PositionRecord unsigned_one{rig.log.log_id(), rig.log.cursor_at(50), std::vector<std::int64_t>(kPartitions),
                                      0};
    produce(rig.brokers, rig.positions_topic(), std::string(kEventsOutput), encode(unsigned_one));
    EXPECT_EQ(took_over(rig).foreign, 2);
    publish_more(rig, 50);
    expect_each_event_once_beside_forgeries(rig);
}

// What an old publisher committed without its position record is not sent again, though the new one takes
// over several times before it is through (I9).
TEST(RecordMacs, AreNotAskedOfWhatAnOldPublisherLeftBehindItsPosition) {
    Rig rig;
    publish_more(rig, 50);
    publish_more(rig, 10);
    make_old(rig);
    auto options = rig.options();
    options.max_transaction_events = 3;
    options.on_step = [](Step step) { return step == Step::kCommitted ? Then::kLoseAnswer : Then::kGoOn; };
    const auto publisher = rig.publisher(options);
    publisher->start();
    ASSERT_TRUE(reaches(*publisher, 60));
    publisher->stop();
    publish_more(rig, 20);
    expect_each_event_once(rig);
}

}  // namespace
}  // namespace keyledger::test
