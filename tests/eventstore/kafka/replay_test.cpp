// The topic folded by the one fold, as `keyledger audit replay --kafka` does it.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "commands/runtime/replay.hpp"
#include "domain/access/administrators.hpp"
#include "domain/access/nestings.hpp"
#include "eventstore/aggregates.hpp"
#include "eventstore/codec/jcs.hpp"
#include "eventstore/kafka/topics/topic_events.hpp"
#include "tests/eventstore/kafka/rig.hpp"
#include "tests/support/world/ids.hpp"

namespace keyledger::test {
namespace {

using namespace eventstore::kafka;
using commands::Replay;
using eventstore::RecordedEvent;

constexpr std::int32_t kManyPartitions = 12;

struct WideRig : Rig {
    PublisherOptions options() const {
        PublisherOptions options = Rig::options();
        options.topics.partitions = kManyPartitions;
        return options;
    }
    void publish() {
        const auto one = publisher(options());
        one->start();
        ASSERT_TRUE(reaches(*one, log.size()));
        one->stop();
    }
    Result<TopicEvents, KafkaError> read(const std::function<TopicReader::Then(const RecordedEvent&)>& on_event) const {
        return read_events(options().client, options().topics, macs, on_event);
    }
    TestId id() {
        TestId made;
        for (std::uint8_t& byte : made.bytes) byte = static_cast<std::uint8_t>(dice());
        return made;
    }
    void join(const UserId& user) {
        log.append("administrators", kAdministratorsStream, "administrators.joined",
                   R"({"user_id":")" + user.to_string() + R"("})");
    }
    void leave(const UserId& user) {
        log.append("administrators", kAdministratorsStream, "administrators.left",
                   R"({"user_id":")" + user.to_string() + R"("})");
    }
    void nest(const char* type, const GroupId& parent, const GroupId& child) {
        log.append("nestings", kNestingsStream, type,
                   R"({"child_id":")" + child.to_string() + R"(","parent_id":")" + parent.to_string() + R"("})");
    }
    std::mt19937_64 dice{seed_of_test()};
};

// Streams of the whole log have events under as many keys as there are administrators and groups: in the
// partitions they stand in no order of theirs. Merged by position, they fold to what the log folds to.
TEST(ReplayOfTheTopic, FoldsStreamsWhoseEventsAreInManyPartitions) {
    WideRig rig;
    std::vector<UserId> administrators;
    for (int chain = 0; chain < 40; ++chain) {
        std::vector<GroupId> groups{rig.id()};
        for (std::size_t depth = 1; depth < kMaxGroupDepth; ++depth) {
            groups.push_back(rig.id());
            rig.nest("group.nested", groups[depth - 1], groups[depth]);
            administrators.push_back(rig.id());
            rig.join(administrators.back());
        }
        rig.log.grow(5);
        if (chain % 3 == 0) rig.nest("group.unnested", groups[0], groups[1]);
        if (chain % 4 == 0) rig.leave(administrators[administrators.size() / 2]);
    }
    rig.publish();
    std::set<int> partitions;
    for (const ConsumedRecord& record : read_topic(rig.brokers, rig.events_topic()))
        partitions.insert(record.partition);
    ASSERT_EQ(partitions.size(), static_cast<std::size_t>(kManyPartitions));
    Replay from_topic({});
    Position last = 0;
    const auto read = rig.read([&](const RecordedEvent& event) {
        EXPECT_EQ(event.position, ++last);
        EXPECT_EQ(event.recorded_at, rig.log.at(event.position).recorded_at) << "not when it was decided";
        from_topic.take(event);
        return TopicReader::Then::kGoOn;
    });
    ASSERT_TRUE(read) << read.error().sentence;
    EXPECT_EQ(read->events, rig.log.size());
    EXPECT_EQ(read->foreign, 0);
    EXPECT_EQ(read->without_time, 0);
    Replay from_log({});
    for (Position position = 1; position <= rig.log.size(); ++position) from_log.take(rig.log.at(position));
    ASSERT_EQ(from_topic.streams().size(), from_log.streams().size());
    for (const auto& [id, stream] : from_log.streams()) {
        const auto& again = from_topic.streams().at(id);
        EXPECT_EQ(again.fold.version, stream.fold.version) << id.to_string();
        EXPECT_EQ(again.last_position, stream.last_position);
    }
    const auto state = [](const Replay& replay, const Uuid& stream) { return *replay.streams().at(stream).fold.state; };
    EXPECT_EQ(std::get<Administrators>(state(from_topic, kAdministratorsStream)).users,
              std::get<Administrators>(state(from_log, kAdministratorsStream)).users);
    EXPECT_EQ(std::get<Nestings>(state(from_topic, kNestingsStream)).parents,
              std::get<Nestings>(state(from_log, kNestingsStream)).parents);
}

TEST(ReplayOfTheTopic, StopsWhereItIsTold) {
    WideRig rig;
    rig.log.grow(300);
    rig.publish();
    for (const Position end : {1, 17, 299, 300}) {
        Position last = 0;
        const auto read = rig.read([&](const RecordedEvent& event) {
            if (event.position > end) return TopicReader::Then::kStop;
            last = event.position;
            return TopicReader::Then::kGoOn;
        });
        ASSERT_TRUE(read);
        EXPECT_EQ(last, end);
    }
}

// A publisher writes on while the topic is read: the ends of its partitions are not of one moment.
TEST(ReplayOfTheTopic, ReadsOnWhileItGrows) {
    WideRig rig;
    rig.log.grow(200);
    rig.publish();
    const auto writing = rig.publisher(rig.options());
    writing->start();
    for (int round = 0; round < 5; ++round) {
        rig.log.grow(400);
        Position last = 0;
        const auto read = rig.read([&](const RecordedEvent& event) {
            EXPECT_EQ(event.position, ++last);
            return TopicReader::Then::kGoOn;
        });
        ASSERT_TRUE(read) << read.error().sentence;
        EXPECT_GE(last, 200);
    }
    ASSERT_TRUE(reaches(*writing, rig.log.size()));
    writing->stop();
}

TEST(ReplayOfTheTopic, SaysWhichPositionIsMissing) {
    WideRig rig;
    rig.log.grow(50);
    rig.publish();
    auto records = read_topic(rig.brokers, rig.events_topic());
    delete_topic(rig.brokers, rig.events_topic());
    create_topic(rig.brokers, rig.events_topic(), kManyPartitions, {{"retention.ms", "-1"}});
    std::ranges::sort(records, {}, &ConsumedRecord::position);
    std::erase_if(records, [](const ConsumedRecord& one) { return one.position() == 31; });
    for (const ConsumedRecord& record : records)
        produce(rig.brokers, rig.events_topic(), record.key, record.value, record.headers_in_order,
                {{"partitioner", "murmur2_random"}});
    Position last = 0;
    const auto read_all = [&] {
        return rig.read([&](const RecordedEvent& event) {
            last = event.position;
            return TopicReader::Then::kGoOn;
        });
    };
    try {
        (void)read_all();
        FAIL() << "a hole was passed over";
    } catch (const eventstore::CodecError& error) {
        EXPECT_NE(std::string(error.what()).find("position 31 is missing"), std::string::npos) << error.what();
    }
    EXPECT_EQ(last, 30);
}

}  // namespace
}  // namespace keyledger::test
