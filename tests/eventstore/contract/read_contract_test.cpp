// What every store answers to its readers.
#include <thread>

#include "eventstore/append_rules.hpp"
#include "tests/eventstore/contract/store_fixture.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::test;

TEST_P(StoreContract, ReadsStreamsInTheOrderAskedFor) {
    const Uuid a = next_uuid();
    const Uuid b = next_uuid();
    const Uuid absent = next_uuid();
    accepted(AppendBuilder().write(a, 0, 3).write(b, 0, 2));
    const auto slices = await(store().read_streams({{b, 0}, {absent, 0}, {a, 1}, {b, 2}, {a, 9}}, soon())).value();
    ASSERT_EQ(slices.size(), 5U);
    EXPECT_EQ(slices[0].stream_id, b);
    EXPECT_EQ(slices[0].version, 2);
    ASSERT_EQ(slices[0].events.size(), 2U);
    EXPECT_EQ(slices[0].events[0].version, 1);
    EXPECT_EQ(slices[0].events[1].version, 2);
    EXPECT_EQ(slices[1].stream_id, absent);
    EXPECT_EQ(slices[1].version, 0);
    EXPECT_TRUE(slices[1].events.empty());
    EXPECT_EQ(slices[2].version, 3);
    ASSERT_EQ(slices[2].events.size(), 2U);
    EXPECT_EQ(slices[2].events[0].version, 2);
    EXPECT_EQ(slices[3].version, 2);
    EXPECT_TRUE(slices[3].events.empty());
    EXPECT_EQ(slices[4].version, 3);
    EXPECT_TRUE(slices[4].events.empty());
}

namespace {

StreamFrom from_the_start_of(const Uuid& id, std::string stream_type = {}) {
    StreamFrom from;
    from.stream_id = id;
    from.stream_type = std::move(stream_type);
    return from;
}

}  // namespace

// The id of a long stream in place of another's: a caller has it from anywhere. The first event says whose it is, if it
// is believed; if not, those that follow do.
TEST_P(StoreContract, GivesOneEventOfAStreamThatBeginsWithAnotherType) {
    const Uuid user = next_uuid();
    accepted(AppendBuilder().write(user, 0, 3));
    const std::vector<StreamFrom> asked{from_the_start_of(user, "session"), from_the_start_of(user, "user"),
                                        from_the_start_of(user), from_the_start_of(next_uuid(), "user")};
    const auto slices = await(store().read_streams(asked, soon())).value();
    EXPECT_EQ(slices.at(0).version, 3);
    EXPECT_EQ(slices.at(0).stream_type, "user");
    EXPECT_EQ(slices.at(0).events.size(), 1U);
    EXPECT_EQ(slices.at(1).events.size(), 3U);
    EXPECT_EQ(slices.at(2).events.size(), 3U);
    EXPECT_EQ(slices.at(2).stream_type, "user");
    EXPECT_EQ(slices.at(3).version, 0);
    EXPECT_EQ(slices.at(3).stream_type, "");
    StreamFrom further = from_the_start_of(user, "session");
    further.after_version = 1;
    EXPECT_EQ(await(store().read_streams({further}, soon())).value().at(0).events.size(), 2U);
}

TEST_P(StoreContract, GivesALongStreamInPages) {
    const std::int32_t length = kMaxPageEvents + 3;
    const Uuid id = next_uuid();
    for (std::int32_t at = 0; at < length;) {
        const std::int32_t count = std::min<std::int32_t>(length - at, kMaxEventsPerCommand);
        accepted(AppendBuilder().write(id, at, count));
        at += count;
    }
    const StreamSlice first = stream(id);
    EXPECT_EQ(first.version, length);
    ASSERT_EQ(first.events.size(), static_cast<std::size_t>(kMaxPageEvents));
    EXPECT_EQ(first.events.front().version, 1);
    EXPECT_EQ(first.events.back().version, kMaxPageEvents);
    EXPECT_EQ(stream(id, kMaxPageEvents).events.size(), 3U);
    // Shared out among those that are asked for.
    const Uuid other = next_uuid();
    accepted(AppendBuilder().write(other, 0, 2));
    const std::vector<StreamFrom> both{from_the_start_of(id), from_the_start_of(other)};
    const auto slices = await(store().read_streams(both, soon())).value();
    EXPECT_EQ(slices.at(0).events.size(), static_cast<std::size_t>(kMaxPageEvents / 2));
    EXPECT_EQ(slices.at(1).events.size(), 2U);
}

TEST_P(StoreContract, GivesNoMoreThanAPageOfBytes) {
    constexpr int kEvents = 48;
    const Uuid id = next_uuid();
    std::string text;  // of what does not shrink
    for (std::uint64_t state = 1; text.size() < 60'000;) {
        state = state * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
        text += static_cast<char>('!' + 2 + (state >> 33) % 56);
    }
    accepted(AppendBuilder().write(id, 0, kEvents, R"({"n":")" + text + R"("})"));
    std::vector<std::int32_t> read;
    while (std::ssize(read) < kEvents) {
        const StreamSlice slice = stream(id, static_cast<std::int32_t>(read.size()));
        ASSERT_FALSE(slice.events.empty());
        ASSERT_LE(slice.events.size(), static_cast<std::size_t>(kMaxPageBytes / 50'000));
        for (const RecordedEvent& event : slice.events) read.push_back(event.version);
    }
    for (std::int32_t i = 0; i < kEvents; ++i) EXPECT_EQ(read[static_cast<std::size_t>(i)], i + 1);
}

TEST_P(StoreContract, ConfirmsThatNothingMoved) {
    const Uuid a = next_uuid();
    const Append append = AppendBuilder().write(a, 0, 2);
    const Appended appended = accepted(append);
    auto confirm = [&](std::vector<StreamVersion> versions, const CommandId& id) {
        return await(store().confirm(std::move(versions), id, soon())).value();
    };
    EXPECT_TRUE(confirm({{a, 2}, {next_uuid(), 0}}, next_digest()).unmoved);
    EXPECT_FALSE(confirm({{a, 1}}, next_digest()).unmoved);
    EXPECT_FALSE(confirm({{a, 2}, {next_uuid(), 1}}, next_digest()).unmoved);
    EXPECT_TRUE(confirm({}, next_digest()).unmoved);
    EXPECT_FALSE(confirm({}, next_digest()).earlier_outcome.has_value());
    const auto known = confirm({}, append.command_id).earlier_outcome;
    ASSERT_TRUE(known.has_value());
    EXPECT_EQ(known->first_position, appended.first_position);
    EXPECT_EQ(known->event_count, 2);
    EXPECT_EQ(known->fingerprint, append.fingerprint);
}

TEST_P(StoreContract, ReadsTheLogFromAPosition) {
    const Uuid id = next_uuid();
    const Position first = accepted(AppendBuilder().write(id, 0, 5)).first_position;
    const auto events = await(store().read_log(first + 1, 3, soon())).value();
    ASSERT_EQ(events.size(), 3U);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(events[static_cast<std::size_t>(i)].position, first + 1 + i);
    EXPECT_EQ(await(store().read_log(first + 4, 100, soon())).value().size(), 1U);
    EXPECT_TRUE(await(store().read_log(first + 5, 100, soon())).value().empty());
    EXPECT_TRUE(await(store().read_log(first, 0, soon())).value().empty());
    EXPECT_TRUE(await(store().read_log(first, -1, soon())).value().empty());
    EXPECT_EQ(await(store().read_log(-3, 1, soon())).value().at(0).position, 1);
}

TEST_P(StoreContract, HeadIsTheLastEvent) {
    const Uuid id = next_uuid();
    const Position position = accepted(AppendBuilder().write(id, 0)).first_position;
    const Head now = head();
    EXPECT_EQ(now.cursor.position, position);
    EXPECT_EQ(now.cursor.leaf_hash, stream(id).events.at(0).leaf_hash);
    EXPECT_FALSE(now.log_id.is_nil());
    EXPECT_EQ(head().log_id, now.log_id);
}

TEST_P(StoreContract, ReadsNothingAfterTheDeadline) {
    const Deadline past = std::chrono::steady_clock::now() - std::chrono::seconds(1);
    EXPECT_EQ(await(store().head(past)).error(), StoreError::kDeadline);
    EXPECT_EQ(await(store().read_streams({{next_uuid(), 0}}, past)).error(), StoreError::kDeadline);
    EXPECT_EQ(await(store().read_log(1, 1, past)).error(), StoreError::kDeadline);
    EXPECT_EQ(await(store().confirm({}, next_digest(), past)).error(), StoreError::kDeadline);
    EXPECT_EQ(await(store().find_claim("email", {{"k", "d"}}, past)).error(), StoreError::kDeadline);
    EXPECT_EQ(await(store().read_credential(next_uuid(), "password", past)).error(), StoreError::kDeadline);
    EXPECT_EQ(await(store().read_credentials(next_uuid(), past)).error(), StoreError::kDeadline);
    EXPECT_EQ(await(store().read_subject_keys({next_uuid()}, past)).error(), StoreError::kDeadline);
}

TEST_P(StoreContract, HundredsOfHeadsAtOnceAllSeeWhatWasThereBefore) {
    const Position position = accepted(AppendBuilder().write(next_uuid(), 0)).first_position;
    std::vector<Store::Answer<Head>> asked;
    for (int i = 0; i < 300; ++i) asked.push_back(store().head(soon()));
    for (const auto& answer : await_all(std::move(asked))) EXPECT_GE(answer.value().cursor.position, position);
}

// ---- following -------------------------------------------------------------------------------------------------
TEST_P(StoreContract, IsFollowedFromTheStart) {
    accepted(AppendBuilder().write(next_uuid(), 0, 7));
    const auto source = follow();
    const Position end = source->head().value().cursor.position;
    Cursor cursor;
    while (cursor.position < end) {
        const auto events = source->read_after(cursor, 5).value();
        ASSERT_FALSE(events.empty());
        ASSERT_LE(events.size(), 5U);
        for (const RecordedEvent& event : events) {
            ASSERT_EQ(event.position, cursor.position + 1);
            cursor = {event.position, event.leaf_hash};
        }
    }
    EXPECT_TRUE(source->read_after(cursor, 5).value().empty());
    EXPECT_EQ(source->head().value().cursor, cursor);
}

TEST_P(StoreContract, IsNotFollowedFromAnotherHistory) {
    const Position position = accepted(AppendBuilder().write(next_uuid(), 0)).first_position;
    const auto read = [&](Cursor cursor) { return follow()->read_after(cursor, 10); };
    const Cursor other{position, next_digest()};
    EXPECT_EQ(read(other).error(), ReadError::kCursorUnknown);
    const Cursor beyond{position + 100, next_digest()};
    EXPECT_EQ(read(beyond).error(), ReadError::kCursorUnknown);
    const Cursor zero{0, next_digest()};
    EXPECT_EQ(read(zero).error(), ReadError::kCursorUnknown);
}

TEST_P(StoreContract, WakesItsFollowers) {
    const auto source = follow();
    const Head before = source->head().value();
    ASSERT_TRUE(source->read_after(before.cursor, 10).value().empty());
    std::thread writer([&] { accepted(AppendBuilder().write(next_uuid(), 0)); });
    const auto begin = std::chrono::steady_clock::now();
    std::vector<RecordedEvent> events;
    while (events.empty()) {
        source->wait(std::chrono::seconds(20));
        events = source->read_after(before.cursor, 10).value();
        ASSERT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15)) << "nobody woke it";
    }
    writer.join();
    EXPECT_EQ(events.at(0).position, before.cursor.position + 1);
}

TEST_P(StoreContract, LetsAFollowerBeInterrupted) {
    const auto source = follow();
    ASSERT_TRUE(source->read_after(source->head().value().cursor, 10).value().empty());
    const auto begin = std::chrono::steady_clock::now();
    std::thread other([&] { source->interrupt(); });
    source->wait(std::chrono::seconds(30));
    other.join();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15));
}

// What an erasure asks.
TEST_P(StoreContract, ReadsAllCredentialsOfTheirOwner) {
    const Uuid user = next_uuid();
    const Uuid old_id = next_uuid();
    const Uuid code_id = next_uuid();
    const Uuid new_id = next_uuid();
    accepted(AppendBuilder().write(user, 0).credential(old_id, user, 0, "old"));
    accepted(AppendBuilder().write(user, 1).credential(code_id, user, 0, Bytes("c\0de", 4), "totp"));
    accepted(AppendBuilder().write(user, 2).credential(new_id, user, 0, "new").credential(old_id, user, 1, "older"));
    const Uuid other = next_uuid();
    accepted(AppendBuilder().write(other, 0).credential(next_uuid(), other, 0, "other's"));

    const auto theirs = await(store().read_credentials(user, soon())).value();
    ASSERT_EQ(theirs.size(), 3U);
    EXPECT_EQ(theirs[0].credential_id, old_id);
    EXPECT_EQ(theirs[0].revision, 2);
    EXPECT_TRUE(theirs[0].sealed.empty()) << "nobody needs it to take it away";
    EXPECT_EQ(theirs[1].kind, "totp");
    EXPECT_EQ(theirs[1].owner, user);
    EXPECT_EQ(theirs[2].credential_id, new_id);
    EXPECT_TRUE(await(store().read_credentials(next_uuid(), soon())).value().empty());
}

// Whoever can write to the database can lay any number of them under anybody.
TEST_P(StoreContract, ReadsNoMoreCredentialsThanItSays) {
    const Uuid user = next_uuid();
    accepted(AppendBuilder().write(user, 0));
    for (std::int32_t version = 1; version <= 6; ++version) {
        AppendBuilder more;
        more.write(user, version);
        for (int i = 0; i < 200; ++i) more.credential(next_uuid(), user, 0, "junk");
        accepted(more);
    }
    EXPECT_EQ(await(store().read_credentials(user, soon())).value().size(), kMaxCredentialsRead);
}
