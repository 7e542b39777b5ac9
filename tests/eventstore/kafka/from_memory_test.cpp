// A publisher can't tell where an event came from: one that takes what its process appended from memory sends what one
// sends that reads the log, record for record.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "eventstore/log_tail.hpp"
#include "tests/eventstore/kafka/accounts.hpp"
#include "tests/eventstore/kafka/rig.hpp"

namespace keyledger::test {
namespace {

using namespace eventstore;
using namespace eventstore::kafka;

// The rig's log for a source that owns its own.
class RigsLog : public LogSource {
public:
    explicit RigsLog(ScriptedLog& log) : log_(log) {}
    Result<std::vector<RecordedEvent>, ReadError> read_after(const Cursor& cursor, std::int32_t limit) override {
        return log_.read_after(cursor, limit);
    }
    Result<Head, ReadError> head() override { return log_.head(); }
    void wait(std::chrono::milliseconds at_most) override { log_.wait(at_most); }
    void interrupt() override { log_.interrupt(); }

private:
    ScriptedLog& log_;
};

// Without the MACs, which are over the topic's name, too.
std::string text_of(const ConsumedRecord& record) {
    std::string text = std::to_string(record.partition) + ' ' + record.key + ' ' + record.value;
    for (const auto& [name, value] : record.headers_in_order)
        if (name != kMacHeader) text += ' ' + name + '=' + value;
    return text;
}

// Of each topic, by its name without the prefix.
using Records = std::map<std::string, std::multiset<std::string>>;

class PublisherBothWays : public testing::TestWithParam<OutputKind> {
protected:
    // The same events for both.
    void grow(int events) {
        for (Side* side : {&memory_, &log_}) side->accounts.grow(side->rig.log, events);
    }
    // As the writer does with what it appended.
    void offer(Position first, Position last) {
        std::vector<RecordedEvent> events;
        for (Position position = first; position <= last; ++position) events.push_back(memory_.rig.log.at(position));
        tail_->offer(tail_->epoch(), std::move(events));
        source_.interrupt();
    }
    PublisherOptions options_of(const Rig& rig) const {
        PublisherOptions options = rig.options();
        options.output = GetParam();
        options.max_transaction_events = 30;
        return options;
    }
    Records records_of(const Rig& rig) const {
        Records all;
        const std::vector<std::string> names = GetParam() == OutputKind::kEvents
                                                   ? std::vector<std::string>{".events.v1"}
                                                   : std::vector<std::string>{".users.v1", ".sessions.v1"};
        for (const std::string& name : names)
            for (const ConsumedRecord& record : read_topic(rig.brokers, rig.prefix.text() + name))
                all[name].insert(text_of(record));
        return all;
    }

    struct Side {
        Rig rig;
        Accounts accounts{seed_of_test()};
    };
    Side memory_, log_;
    std::shared_ptr<LogTail> tail_ = std::make_shared<LogTail>(LogTailLimits{64, 10'000'000, 8});
    TailSource source_{std::make_unique<RigsLog>(memory_.rig.log), tail_};
    std::mt19937_64 chance_{seed_of_test()};
};

}  // namespace

TEST_P(PublisherBothWays, SendsTheSame) {
    const auto below = [this](std::uint64_t n) { return static_cast<Position>(chance_() % n); };
    PublisherOptions losing = options_of(memory_.rig);
    losing.on_step = [random = std::mt19937_64(7)](Step) mutable {
        return random() % 20 == 0 ? Then::kLoseAnswer : Then::kGoOn;
    };
    Publisher from_memory(losing, {source_, memory_.rig.cursors, memory_.rig.leadership, memory_.rig.log});
    Publisher from_log(options_of(log_.rig), {log_.rig.log, log_.rig.cursors, log_.rig.leadership, log_.rig.log});
    from_memory.start();
    from_log.start();
    for (int round = 1; round <= 80; ++round) {
        const Position end = memory_.rig.log.size();
        grow(1 + static_cast<int>(below(round % 10 == 0 ? 150 : 8)));  // now and then more than memory holds
        const Position now = memory_.rig.log.size();
        switch (below(6)) {
            case 0: break;  // another node's
            case 1: tail_->expect(now); break;
            case 2: tail_->clear(); break;
            case 3: offer(end / 2 + 1, now); break;  // most of it once more
            default: offer(end + 1, now); break;
        }
        if (round % 20 != 0) continue;
        ASSERT_TRUE(reaches(from_memory, now));
        ASSERT_TRUE(reaches(from_log, now));
    }
    from_memory.stop();
    from_log.stop();
    EXPECT_GT(tail_->counts().from_memory, 0U);
    EXPECT_GT(tail_->counts().from_log, 0U);
    const Records sent = records_of(memory_.rig);
    EXPECT_EQ(sent, records_of(log_.rig));
    EXPECT_FALSE(sent.empty());
}

// The event that was published last is another one of a sudden, and memory has either.
TEST_P(PublisherBothWays, StopsAtAnotherHistory) {
    Publisher from_memory(options_of(memory_.rig),
                          {source_, memory_.rig.cursors, memory_.rig.leadership, memory_.rig.log});
    Publisher from_log(options_of(log_.rig), {log_.rig.log, log_.rig.cursors, log_.rig.leadership, log_.rig.log});
    from_memory.start();
    from_log.start();
    grow(20);
    const Position end = memory_.rig.log.size();
    offer(1, end);
    ASSERT_TRUE(reaches(from_memory, end));
    ASSERT_TRUE(reaches(from_log, end));
    for (Side* side : {&memory_, &log_}) side->rig.log.rewrite(end, "{}");
    grow(5);
    offer(end, memory_.rig.log.size());
    EXPECT_TRUE(enters(from_memory, PublisherState::kStoppedOtherHistory));
    EXPECT_TRUE(enters(from_log, PublisherState::kStoppedOtherHistory));
    EXPECT_EQ(from_memory.status().published, end);
    from_memory.stop();
    from_log.stop();
    EXPECT_EQ(records_of(memory_.rig), records_of(log_.rig));
}

INSTANTIATE_TEST_SUITE_P(Outputs, PublisherBothWays, testing::Values(OutputKind::kEvents, OutputKind::kState),
                         [](const auto& info) { return info.param == OutputKind::kEvents ? "Events" : "State"; });

}  // namespace keyledger::test
