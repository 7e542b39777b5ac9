// I9 with faults: whatever is lost, killed or fenced in between, the topic holds each event once.
//
// The scenarios. A publisher dies after its events were taken and before the commit: the transaction is
// aborted by its successor, which sends them again. It dies after the commit and before anybody noted it: the
// successor finds the position in Kafka and sends nothing twice. Its commit succeeds and the answer is lost:
// the same, in one process. A paused publisher wakes up after another took over: its commit is refused, and
// it stands back. A delayed end of transaction commits a part of the next one, without its position record:
// that part is not sent again.
#include <gtest/gtest.h>
#include <unistd.h>

#include <future>
#include <random>

#include "eventstore/kafka/topics/cloud_event.hpp"
#include "tests/eventstore/kafka/killing.hpp"
#include "tests/eventstore/kafka/rig.hpp"

namespace keyledger::test {
namespace {

using namespace eventstore::kafka;
using eventstore::Candidacy;
using eventstore::Cursor;
using eventstore::FollowedEvent;

class AnswerLost : public ::testing::TestWithParam<Step> {};

TEST_P(AnswerLost, PublishesEachEventOnce) {
    Rig rig;
    rig.log.grow(400);
    auto options = rig.options();
    options.max_transaction_events = 50;
    int passed = 0;
    options.on_step = [&](Step step) {
        // The first, third, fifth … time that it gets there.
        return step == GetParam() && passed++ % 2 == 0 && passed < 10 ? Then::kLoseAnswer : Then::kGoOn;
    };
    const auto publisher = rig.publisher(options);
    publisher->start();
    ASSERT_TRUE(reaches(*publisher, rig.log.size()));
    publisher->stop();
    EXPECT_GT(publisher->status().setbacks, 0);
    expect_each_event_once(rig);
}

INSTANTIATE_TEST_SUITE_P(AtEveryStep, AnswerLost,
                         ::testing::Values(Step::kTookOver, Step::kProduced, Step::kCommitted, Step::kCursorStored),
                         [](const auto& info) {
                             switch (info.param) {
                                 case Step::kTookOver: return "AfterTakingOver";
                                 case Step::kProduced: return "BeforeCommit";
                                 case Step::kCommitted: return "AfterCommit";
                                 case Step::kCursorStored: return "AfterTheCursor";
                             }
                             return "";
                         });

TEST(Faults, AStormOfLostAnswersLosesAndDoublesNothing) {
    Rig rig;
    std::mt19937_64 random(seed_of_test());
    auto options = rig.options();
    options.max_transaction_events = 20;
    options.on_step = [&](Step) { return random() % 8 == 0 ? Then::kLoseAnswer : Then::kGoOn; };
    for (int round = 0; round < 6; ++round) {
        rig.log.grow(80);
        const auto publisher = rig.publisher(options);
        publisher->start();
        ASSERT_TRUE(reaches(*publisher, rig.log.size()));
    }
    expect_each_event_once(rig);
}

TEST(Faults, AZombieThatWakesUpIsFencedAndStandsBack) {
    Rig zombie;
    zombie.log.grow(100);
    std::promise<void> asleep;
    std::promise<void> wake;
    auto options = zombie.options();
    options.max_transaction_events = 30;
    int transactions = 0;
    options.on_step = [&](Step step) {
        if (step == Step::kProduced && ++transactions == 2) {
            asleep.set_value();
            wake.get_future().wait();
        }
        return Then::kGoOn;
    };
    const auto first = zombie.publisher(options);
    first->start();
    ASSERT_EQ(asleep.get_future().wait_for(kPatience), std::future_status::ready);

    // Another node: the same log, a reader of its own, and the checkpoint that the first one wrote.
    ScriptedLog same_log(seed_of_test());
    same_log.grow(100);
    AlwaysLeads leads;
    MemoryCursor cursors = zombie.cursors;
    Publisher successor(zombie.options(), {same_log, cursors, leads, same_log});
    successor.start();
    ASSERT_TRUE(reaches(successor, 100));
    const auto setbacks = successor.status().setbacks;

    zombie.leadership.answer = Candidacy::kOtherLeads;
    const int released = zombie.leadership.released;
    wake.set_value();
    ASSERT_TRUE(enters(*first, PublisherState::kStandby));
    EXPECT_GT(zombie.leadership.released, released);
    EXPECT_LE(first->status().published, 30);
    first->stop();
    same_log.grow(50);  // and the successor was not disturbed
    ASSERT_TRUE(reaches(successor, 150));
    EXPECT_EQ(successor.status().setbacks, setbacks);
    successor.stop();
    expect_each_event_once(read_topic(zombie.brokers, zombie.events_topic()), same_log);
}

TEST(Faults, TwoThatBothBelieveToLeadStillPublishEachEventOnce) {
    Rig rig;
    rig.log.grow(2000);
    ScriptedLog same_log(seed_of_test());
    same_log.grow(2000);
    AlwaysLeads also_leads;
    MemoryCursor cursors;
    auto options = rig.options();
    options.max_transaction_events = 40;
    // However fast one of them is, it does not end before the other has taken over from it.
    std::promise<void> taken_over;
    options.on_step = [&, told = false](Step step) mutable {
        if (step == Step::kTookOver && !std::exchange(told, true)) taken_over.set_value();
        return Then::kGoOn;
    };
    Publisher other(options, {same_log, cursors, also_leads, same_log});
    options.on_step = [&, met = false](Step step) mutable {
        if (step == Step::kCommitted && !std::exchange(met, true)) {
            other.start();
            taken_over.get_future().wait_for(kPatience);
        }
        return Then::kGoOn;
    };
    const auto one = rig.publisher(options);
    one->start();
    ASSERT_TRUE(reaches(*one, 2000));
    ASSERT_TRUE(reaches(other, 2000));
    one->stop();
    other.stop();
    EXPECT_GT(one->status().setbacks + other.status().setbacks, 0) << "they never met";
    expect_each_event_once(rig);
}

TEST(Faults, EventsCommittedWithoutTheirPositionAreNotSentAgain) {
    Rig rig;
    rig.log.grow(100);
    rig.publish_all();
    rig.log.grow(100);
    // What a delayed end of transaction leaves: some partitions have the beginning of their next events,
    // others nothing.
    auto opened = TransactionalProducer::open(rig.options().client, transactional_id(rig.log.log_id()),
                                              {{rig.events_topic()}, rig.positions_topic()});
    ASSERT_TRUE(opened);
    TransactionalProducer& lost = **opened;
    ASSERT_TRUE(lost.init(kPatience));
    ASSERT_TRUE(lost.begin());
    std::int64_t already_there = 0;
    for (Position position = 101; position <= 150; ++position) {
        const std::string subject = rig.log.subject_of(position);
        if (subject[0] > '7') continue;  // whole subjects, so each partition's order stays
        Record record = cloud_event(FollowedEvent(rig.log.at(position)), subject, {rig.log.log_id(), ""});
        RecordMacs(rig.macs).sign(record, rig.events_topic(), rig.log.log_id());
        ASSERT_TRUE(lost.send_event(0, position, record));
        ++already_there;
    }
    ASSERT_GT(already_there, 0);
    ASSERT_TRUE(lost.commit());

    auto options = rig.options();
    options.max_transaction_events = 30;  // 101 to 150 take two transactions
    int lost_answers = 0;
    options.on_step = [&](Step step) {  // and a restart in the middle of it
        return step == Step::kCommitted && lost_answers++ == 0 ? Then::kLoseAnswer : Then::kGoOn;
    };
    const auto publisher = rig.publisher(options);
    publisher->start();
    ASSERT_TRUE(reaches(*publisher, 200));
    publisher->stop();
    expect_each_event_once(rig);
}

// The programme in killed_publisher.cpp, as a process of its own.
pid_t spawn_publisher(const Rig& rig, std::uint64_t seed, const std::string& checkpoint, int events) {
    const std::string program = KEYLEDGER_KILLED_PUBLISHER;
    const std::string seed_text = std::to_string(seed);
    const std::string events_text = std::to_string(events);
    const pid_t child = fork();
    if (child != 0) return child;
    execl(program.c_str(), program.c_str(), rig.brokers.c_str(), rig.prefix.text().c_str(), seed_text.c_str(),
          events_text.c_str(), checkpoint.c_str(), static_cast<char*>(nullptr));
    _exit(127);
}

TEST(Faults, KilledAtRandomAgainAndAgainItPublishesEachEventOnce) {
    constexpr int kKills = 25;
    const std::uint64_t seed = seed_of_test();
    Rig rig(seed);
    const std::string checkpoint = ::testing::TempDir() + "checkpoint-" + rig.prefix.text();
    const Killed killed = kill_at_random(
        seed, kKills, [&] { rig.log.grow(300); },
        [&] { return spawn_publisher(rig, seed, checkpoint, static_cast<int>(rig.log.size())); });
    unlink(checkpoint.c_str());
    EXPECT_EQ(killed.status, 0);
    EXPECT_EQ(killed.times, kKills);
    expect_each_event_once(rig);
}

}  // namespace
}  // namespace keyledger::test
