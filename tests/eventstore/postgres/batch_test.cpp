// Which commands may share a batch: those that do not depend on each other.
#include "eventstore/postgres/store/batch.hpp"

#include <gtest/gtest.h>

#include "tests/support/postgres/event_macs.hpp"
#include "tests/support/world/appends.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::eventstore::postgres;
using namespace keyledger::test;

namespace {

bool may_share(const Append& first, const Append& second) {
    Batch batch;
    PendingAppend waiting;
    waiting.append = first;
    batch.add(std::move(waiting));
    return batch.admits(second);
}
AppendBuilder other() { return AppendBuilder().write(next_uuid(), 0); }

}  // namespace

TEST(Batch, TakesAnythingFirst) { EXPECT_TRUE(Batch().admits(other())); }

TEST(Batch, TakesCommandsThatShareNothing) { EXPECT_TRUE(may_share(other(), other())); }

TEST(Batch, KeepsWritersOfOneStreamApart) {
    const Uuid stream = next_uuid();
    EXPECT_FALSE(may_share(AppendBuilder().write(stream, 3), AppendBuilder().write(stream, 3)));
    EXPECT_FALSE(may_share(AppendBuilder().write(stream, 3), other().write(stream, 4)));
}

TEST(Batch, KeepsAWriterApartFromThoseWhoGuard) {
    const Uuid stream = next_uuid();
    EXPECT_FALSE(may_share(AppendBuilder().write(stream, 3), other().guard(stream, 3)));
    EXPECT_FALSE(may_share(other().guard(stream, 3), AppendBuilder().write(stream, 3)));
}

TEST(Batch, LetsGuardsShareThatSawTheSame) {
    const Uuid stream = next_uuid();
    EXPECT_TRUE(may_share(other().guard(stream, 3), other().guard(stream, 3)));
    EXPECT_FALSE(may_share(other().guard(stream, 3), other().guard(stream, 4)));
}

TEST(Batch, KeepsEqualCommandIdsApart) {
    const Append first = other();
    EXPECT_FALSE(may_share(first, other().id(first.command_id)));
}

TEST(Batch, KeepsEqualClaimsApart) {
    const Bytes digest = next_bytes();
    EXPECT_FALSE(may_share(other().take("email", digest, next_uuid()), other().take("email", digest, next_uuid())));
    EXPECT_FALSE(may_share(other().release("email", digest, next_uuid()), other().take("email", digest, next_uuid())));
    EXPECT_TRUE(may_share(other().take("email", digest, next_uuid()), other().take("username", digest, next_uuid())));
}

TEST(Batch, KeepsEqualSpentValuesApart) {
    const Digest value = next_digest();
    EXPECT_FALSE(may_share(other().spend(value, {}, Instant::at_ms(1)),
                           other().spend(next_digest(), {}, Instant::at_ms(1)).spend(value, {}, Instant::at_ms(2))));
    EXPECT_TRUE(
        may_share(other().spend(value, {}, Instant::at_ms(1)), other().spend(next_digest(), {}, Instant::at_ms(1))));
}

TEST(Batch, KeepsEqualCredentialsApart) {
    const Uuid id = next_uuid();
    EXPECT_FALSE(may_share(other().credential(id, id, 1, "a"), other().credential(id, id, 1, "b")));
}

TEST(Batch, KeepsAChangeOfASubjectKeyApartFromItsUses) {
    const Uuid subject = next_uuid();
    const Uuid key = next_uuid();
    EXPECT_TRUE(may_share(other().use_key(subject, key), other().use_key(subject, key)));
    EXPECT_FALSE(may_share(other().use_key(subject, key), other().destroy_key(subject, key)));
    EXPECT_FALSE(may_share(other().destroy_key(subject, key), other().use_key(subject, key)));
    EXPECT_FALSE(may_share(other().new_key(subject, key), other().use_key(subject, key)));
    EXPECT_FALSE(may_share(other().new_key(subject, key), other().new_key(subject, next_uuid())));
}

TEST(Batch, GivesPartOfItselfAway) {
    Batch batch;
    batch.first_sent_at = std::chrono::steady_clock::now();
    std::vector<CommandId> ids;
    for (int i = 0; i < 5; ++i) {
        PendingAppend waiting;
        waiting.append = other();
        ids.push_back(waiting.append.command_id);
        batch.add(std::move(waiting));
    }
    Batch part = batch.only(2, 5);
    ASSERT_EQ(part.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(part.waiting()[i].append.command_id, ids[2 + i]);
    EXPECT_EQ(part.first_sent_at, batch.first_sent_at);
}

TEST(Batch, IsStampedNowButNotBeforeTheNewestEventNorBeforeItsCommandsWereDecided) {
    const auto key = test::writing_key(next_uuid());
    Batch batch;
    const auto at = [](int unix_ms) { return Instant::at_ms(unix_ms); };
    for (const Instant decided_at : {at(50), at(70), at(60)}) {
        PendingAppend waiting;
        waiting.append = other();
        waiting.append.decided_at = decided_at;
        batch.add(std::move(waiting));
    }
    EXPECT_EQ(batch.stamp(at(100), at(0), key), at(100));
    EXPECT_EQ(batch.stamp(at(100), at(130), key), at(130)) << "another node's clock is ahead";
    EXPECT_EQ(batch.stamp(at(65), at(0), key), at(70)) << "this node's clock was set back";
}
