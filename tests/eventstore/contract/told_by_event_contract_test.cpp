// What every store does with an append under an id that the service made: its first event tells that it was appended,
// and nothing else is kept of it.
#include "eventstore/append_rules.hpp"
#include "tests/eventstore/contract/store_fixture.hpp"
#include "tests/support/world/made_here.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::test;

namespace {

class ToldByEventContract : public StoreContract {};

}  // namespace

INSTANTIATE_TEST_SUITE_P(Stores, ToldByEventContract, testing::ValuesIn(stores_under_test()),
                         [](const auto& info) { return info.param.name; });

TEST(ToldByEvent, IsAnIdThatBeginsAsItsFirstEventDoes) {
    const Append append = made_here(AppendBuilder().write(next_uuid(), 0, 2));
    EXPECT_TRUE(is_told_by_event(append));
    Append other = append;
    std::swap(other.events[0].event_id, other.events[1].event_id);
    EXPECT_FALSE(is_told_by_event(other));
    other = append;
    other.id_retention = Append::CommandIdRetention::kAsConfigured;
    EXPECT_FALSE(is_told_by_event(other)) << "a client may choose any id";
    other = append;
    other.events.clear();
    EXPECT_FALSE(is_told_by_event(other));
    EXPECT_FALSE(is_told_by_event(AppendBuilder().write(next_uuid(), 0)));
}

TEST_P(ToldByEventContract, AnswersARepeatedCommandWithItsFirstOutcome) {
    const Uuid one = next_uuid();
    const Uuid other = next_uuid();
    accepted(AppendBuilder().write(other, 0));
    const Append append = made_here(AppendBuilder().write(one, 0, 2).write(other, 1));
    const Appended first = accepted(append);
    EXPECT_EQ(first.event_count, 3);
    for (std::int32_t version = 2; version < 4; ++version) {
        const auto again = refused_as<Duplicate>(append);
        EXPECT_EQ(again.first_position, first.first_position);
        EXPECT_EQ(again.event_count, 3);
        EXPECT_EQ(again.fingerprint, append.fingerprint);
        EXPECT_TRUE(again.same_request);
        accepted(AppendBuilder().write(one, version).guard(other, 2));
    }
    EXPECT_EQ(version_of(one), 4);
    EXPECT_EQ(version_of(other), 2);
    const auto known = await(store().confirm({{one, 4}, {other, 2}}, append.command_id, soon())).value();
    EXPECT_TRUE(known.unmoved);
    EXPECT_FALSE(known.earlier_outcome);
}

// A place in a stream that is somebody else's: no id makes a duplicate of that.
TEST_P(ToldByEventContract, TakesNobodyElsesEventForItsOwn) {
    const Uuid stream = next_uuid();
    const Append append = made_here(AppendBuilder().write(stream, 0));
    accepted(append);
    accepted(AppendBuilder().write(stream, 1));
    EXPECT_EQ(refused_as<Conflict>(made_here(AppendBuilder().write(stream, 0))).version, 2);
    EXPECT_EQ(refused_as<Conflict>(AppendBuilder().id(append.command_id).write(stream, 0)).version, 2);
    Append later = append;
    later.writes[0].version = 1;
    later.events[0].version = 2;
    EXPECT_EQ(refused_as<Conflict>(later).version, 2);
    Append elsewhere = append;
    elsewhere.writes[0].stream_id = elsewhere.events[0].stream_id = next_uuid();
    elsewhere.guards.push_back({stream, 1});
    EXPECT_EQ(refused_as<Conflict>(elsewhere).id, stream);
}

// What it guarded may have moved, what it took be somebody else's and its key be gone: it was appended all the same.
TEST_P(ToldByEventContract, IsARepeatWhateverElseMoved) {
    const Uuid user = next_uuid();
    const Uuid guarded = next_uuid();
    const Uuid credential = next_uuid();
    const Uuid key = next_uuid();
    const Bytes email = next_bytes();
    accepted(AppendBuilder().write(guarded, 0));
    const Append append = made_here(AppendBuilder()
                                        .write(user, 0)
                                        .guard(guarded, 1)
                                        .take("email", email, user)
                                        .credential(credential, user, 0, "sealed")
                                        .new_key(user, key));
    const Appended first = accepted(append);
    accepted(AppendBuilder().write(guarded, 1));
    accepted(AppendBuilder()
                 .write(user, 1)
                 .release("email", email, user)
                 .credential(credential, user, 1, std::nullopt)
                 .destroy_key(user, key));
    accepted(AppendBuilder().write(next_uuid(), 0).take("email", email, next_uuid()));
    EXPECT_EQ(refused_as<Duplicate>(append).first_position, first.first_position);
}

TEST_P(ToldByEventContract, IsAppendedOnceHoweverOftenItIsSentAtOnce) {
    const Uuid id = next_uuid();
    const Append append = made_here(AppendBuilder().write(id, 0, 2));
    std::vector<Store::Answer<Verdict>> repeats;
    for (int i = 0; i < 20; ++i) repeats.push_back(store().append(append, soon()));
    int appended = 0;
    int duplicates = 0;
    for (const auto& verdict : await_all(std::move(repeats))) {
        appended += std::holds_alternative<Appended>(verdict.value()) ? 1 : 0;
        duplicates += std::holds_alternative<Duplicate>(verdict.value()) ? 1 : 0;
    }
    EXPECT_EQ(appended, 1);
    EXPECT_EQ(duplicates, 19);
    EXPECT_EQ(version_of(id), 2);
}

// An id that no event tells is remembered as one of a client's is.
TEST_P(ToldByEventContract, IsNotWhatHasNoEventToTellIt) {
    const Instant now = server_now();
    Append spends = AppendBuilder().spend(next_digest(), now, now + minutes(5));
    spends.id_retention = Append::CommandIdRetention::kForAnHour;
    accepted(spends);
    refused_as<Duplicate>(spends);
    Append unlike = AppendBuilder().write(next_uuid(), 0);
    unlike.id_retention = Append::CommandIdRetention::kForAnHour;
    accepted(unlike);
    refused_as<Duplicate>(AppendBuilder().id(unlike.command_id).write(next_uuid(), 0));
}
