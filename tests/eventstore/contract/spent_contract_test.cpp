// What every store does with values that are good once (I13).
#include <algorithm>
#include <limits>

#include "eventstore/append_rules.hpp"
#include "tests/eventstore/contract/store_fixture.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::test;

namespace {

constexpr Duration kMinute = minutes(1);

class SpentContract : public StoreContract {
protected:
    // A command that spends a value which is good now, and nothing else; and one that begins a stream with it.
    AppendBuilder spending(const Digest& value) { return AppendBuilder().spend(value, now_, now_ + kMinute); }
    AppendBuilder earning(const Digest& value) { return spending(value).write(next_uuid(), 0); }

    const Instant now_ = server_now();
    const Digest value_ = next_digest();
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(Stores, SpentContract, testing::ValuesIn(stores_under_test()),
                         [](const auto& info) { return info.param.name; });

TEST_P(SpentContract, TakesAValueOnce) {
    accepted(earning(value_));
    const Uuid second = next_uuid();
    EXPECT_EQ(refused_as<AlreadySpent>(spending(value_).write(second, 0)).digest, value_);
    EXPECT_EQ(version_of(second), 0);
    accepted(earning(next_digest()));
}

// Scenario: fifty present one value at the same moment, in one group of appends: one of them earns what it opens.
TEST_P(SpentContract, OpensOneDoorForFiftyAtOnce) {
    std::vector<Store::Answer<Verdict>> rivals;
    std::vector<Uuid> doors;
    for (int i = 0; i < 50; ++i) {
        doors.push_back(next_uuid());
        Append append = spending(value_).write(doors.back(), 0);
        rivals.push_back(store().append(std::move(append), soon()));
    }
    const auto verdicts = await_all(std::move(rivals));
    int opened = 0;
    for (std::size_t i = 0; i < doors.size(); ++i) {
        ASSERT_TRUE(verdicts[i].has_value());
        const bool won = std::holds_alternative<Appended>(*verdicts[i]);
        EXPECT_TRUE(won || std::holds_alternative<AlreadySpent>(*verdicts[i]));
        EXPECT_EQ(version_of(doors[i]), won ? 1 : 0);
        opened += won ? 1 : 0;
    }
    EXPECT_EQ(opened, 1);
}

TEST_P(SpentContract, SpendsWithoutEvents) {
    const Position before = head().cursor.position;
    const Append only = spending(value_);
    const Appended first = accepted(only);
    EXPECT_EQ(first.first_position, before + 1) << "as if its events came next";
    EXPECT_EQ(first.event_count, 0);
    EXPECT_EQ(head().cursor.position, before);
    accepted(earning(next_digest()));
    refused_as<AlreadySpent>(spending(value_));
    refused_as<AlreadySpent>(earning(value_));
}

// Its command id was written, so that its repeat gets its own outcome; also after the value has gone, and whatever the
// repeat spends.
TEST_P(SpentContract, AnswersARepeatWithItsFirstOutcomeAndNotThatItIsSpent) {
    const Append only = spending(value_);
    const Appended first = accepted(only);
    accepted(earning(next_digest()));
    for (const Append& append :
         {only, spending(next_digest()).id(only.command_id).fingerprint(only.fingerprint).build()}) {
        const auto again = refused_as<Duplicate>(append);
        EXPECT_EQ(again.first_position, first.first_position);
        EXPECT_EQ(again.event_count, 0);
        EXPECT_TRUE(again.same_request);
    }
    const Digest other = next_digest();
    const Append with_event = earning(other);
    const Appended earned = accepted(with_event);
    EXPECT_EQ(refused_as<Duplicate>(with_event).first_position, earned.first_position);
    const auto confirmed = await(store().confirm({}, only.command_id, soon())).value();
    ASSERT_TRUE(confirmed.earlier_outcome.has_value());
    EXPECT_EQ(confirmed.earlier_outcome->first_position, first.first_position);
    EXPECT_EQ(confirmed.earlier_outcome->event_count, 0);
}

TEST_P(SpentContract, HoldsWhatItGuardsWithoutEventsToo) {
    const Uuid user = next_uuid();
    accepted(AppendBuilder().write(user, 0));
    accepted(spending(value_).guard(user, 1));
    accepted(AppendBuilder().write(user, 1));
    EXPECT_EQ(refused_as<Conflict>(spending(next_digest()).guard(user, 1)).version, 2);
}

TEST_P(SpentContract, IsLookedForAfterDuplicateAndConflictAndBeforeClaims) {
    const Uuid user = next_uuid();
    const Bytes email = next_bytes();
    const Append first = spending(value_).write(user, 0).take("email", email, user);
    accepted(first);
    AppendBuilder all = spending(value_).write(next_uuid(), 5).take("email", email, next_uuid());
    Append one = all.id(first.command_id);
    refused_as<Duplicate>(one);
    one.command_id = next_digest();
    refused_as<Conflict>(one);
    one.writes[0].version = 0;
    one.events[0].version = 1;
    refused_as<AlreadySpent>(one);
    one.spent.clear();
    refused_as<ClaimTaken>(one);
}

// A refused command leaves its values as they were.
TEST_P(SpentContract, KeepsAValueOfARefusedCommand) {
    refused_as<Conflict>(spending(value_).write(next_uuid(), 3));
    const Uuid user = next_uuid();
    const Bytes email = next_bytes();
    accepted(AppendBuilder().write(user, 0).take("email", email, user));
    refused_as<ClaimTaken>(earning(value_).take("email", email, next_uuid()));
    const Digest used = next_digest();
    accepted(earning(used));
    EXPECT_EQ(refused_as<AlreadySpent>(earning(value_).spend(used, now_, now_ + kMinute)).digest, used);
    accepted(earning(value_));
}

TEST_P(SpentContract, NamesTheFirstThatIsSpent) {
    const Digest one = next_digest();
    const Digest two = next_digest();
    accepted(spending(one).spend(two, now_, now_ + kMinute));
    EXPECT_EQ(
        refused_as<AlreadySpent>(spending(value_).spend(two, now_, now_ + kMinute).spend(one, now_, now_ + kMinute))
            .digest,
        two);
}

// By the server's clock, whatever the clock of whoever appends says.
TEST_P(SpentContract, TakesNothingThatHasExpired) {
    const auto until = [&](Instant expires_at) {
        Append append = AppendBuilder().spend(next_digest(), now_ - kMinute, expires_at);
        append.decided_at = now_ - kMinute;
        return append;
    };
    refused_as<AlreadySpent>(until(now_));
    refused_as<AlreadySpent>(until(now_ - milliseconds(1)));
    refused_as<AlreadySpent>(until({}));
    refused_as<AlreadySpent>(until(Instant::at_ms(-1)));
    accepted(until(now_ + seconds(30)));
}

TEST_P(SpentContract, BoundsHowManyAndForHowLong) {
    AppendBuilder most;
    for (std::size_t i = 0; i < kMaxSpentPerCommand; ++i) most.spend(next_digest(), now_, now_ + kMinute);
    accepted(most);
    AppendBuilder many = most;
    many.id(next_digest()).spend(next_digest(), now_, now_ + kMinute);
    const auto is_bad = [&](const Append& append) {
        const auto verdict = this->append(append);
        return !verdict && verdict.error() == StoreError::kBadData;
    };
    EXPECT_TRUE(is_bad(many));
    EXPECT_TRUE(is_bad(earning(value_).spend(value_, now_, now_ + kMinute))) << "twice in one command";
    EXPECT_TRUE(is_bad(AppendBuilder().spend(next_digest(), now_, now_ + kMaxSpentLife + kMinute)));
    accepted(AppendBuilder().spend(next_digest(), now_, now_ + kMaxSpentLife - kMinute));
    EXPECT_TRUE(is_bad(spending(value_).take("email", next_bytes(), next_uuid()))) << "a claim without an event";
    EXPECT_TRUE(is_bad(spending(value_).credential(next_uuid(), next_uuid(), 0, "x"))) << "a credential without one";
    EXPECT_TRUE(is_bad(spending(value_).new_key(next_uuid(), next_uuid()))) << "a key without one";
    EXPECT_TRUE(is_bad(spending(value_).destroy_key(next_uuid(), next_uuid()))) << "a key's end without one";
    accepted(earning(value_));
}
