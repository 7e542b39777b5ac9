#include "tests/eventstore/kafka/rig.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

namespace keyledger::test {

using namespace eventstore::kafka;

std::uint64_t seed_of_test() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    const std::string name = std::string(info->test_suite_name()) + "." + info->name();
    std::uint64_t seed = 14695981039346656037ULL;  // FNV-1a: the same everywhere
    for (const char c : name) seed = (seed ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    ::testing::Test::RecordProperty("seed", std::to_string(seed));
    return seed;
}

PublisherOptions Rig::options() const {
    PublisherOptions options;
    options.client.brokers = brokers;
    options.macs = macs;
    options.topics = {prefix.text(), kPartitions, {1, 0}};
    return options;
}

std::unique_ptr<Publisher> Rig::publisher(PublisherOptions options) {
    return std::make_unique<Publisher>(std::move(options), PublisherPorts{log, cursors, leadership, log});
}

void Rig::publish_all() {
    const auto one = publisher();
    one->start();
    ASSERT_TRUE(reaches(*one, log.size()));
    one->stop();
}

std::string Rig::state_after_start(PublisherState state) {
    const auto one = publisher();
    one->start();
    EXPECT_TRUE(enters(*one, state));
    return one->status().sentence;
}

::testing::AssertionResult reaches(const Publisher& publisher, Position position) {
    const auto there = publisher.await(
        [&](const PublisherStatus& status) { return status.published >= position || is_stopped(status.state); },
        kPatience);
    const PublisherStatus status = publisher.status();
    if (there && there->published >= position) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "it is at " << status.published << ", not at " << position << ", in state "
                                         << name_of(status.state) << ": " << status.sentence;
}

::testing::AssertionResult enters(const Publisher& publisher, PublisherState state) {
    if (publisher.await([&](const PublisherStatus& status) { return status.state == state; }, kPatience))
        return ::testing::AssertionSuccess();
    const PublisherStatus status = publisher.status();
    return ::testing::AssertionFailure() << "it is in state " << name_of(status.state) << ", not " << name_of(state)
                                         << ": " << status.sentence;
}

void expect_each_event_once(const std::vector<ConsumedRecord>& records, const ScriptedLog& log) {
    std::set<Position> seen;
    std::map<std::string, Position> last_of_subject;
    std::map<std::string, std::int32_t> partition_of_subject;
    for (const ConsumedRecord& record : records) {
        const Position position = record.position();
        ASSERT_TRUE(position >= 1 && position <= log.size()) << "unknown position " << position;
        EXPECT_TRUE(seen.insert(position).second) << "position " << position << " twice";
        EXPECT_EQ(record.headers.at("ce_id"), log.at(position).event_id.to_string()) << "position " << position;
        EXPECT_EQ(record.key, log.subject_of(position)) << "position " << position;
        EXPECT_LT(last_of_subject[record.key], position) << "out of order for " << record.key;
        last_of_subject[record.key] = position;
        const auto partition = partition_of_subject.emplace(record.key, record.partition).first;
        EXPECT_EQ(partition->second, record.partition) << "subject " << record.key << " moved";
    }
    EXPECT_EQ(static_cast<Position>(seen.size()), log.size()) << "positions are missing";
}

}  // namespace keyledger::test
