#include "eventstore/leaf.hpp"

#include <gtest/gtest.h>

#include "eventstore/codec/jcs.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/primitives/hex.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;

namespace {

NewEvent written() {
    NewEvent event;
    event.stream_type = "user";
    event.stream_id = *Uuid::parse("0192e4a0-0000-7abc-8def-000000000001");
    event.version = 3;
    event.type = "user.disabled";
    event.event_id = *Uuid::parse("0192e4a0-0000-7abc-8def-000000000002");
    event.payload = R"({"reason":"left"})";
    event.metadata = R"({"actor_id":"","occurred_at_ms":5})";
    return event;
}

// As PostgreSQL gives it back: members in another order, with spaces.
RecordedEvent read_back() {
    const NewEvent event = written();
    RecordedEvent read;
    read.position = 7;
    read.tenant = "default";
    read.stream_type = event.stream_type;
    read.stream_id = event.stream_id;
    read.version = event.version;
    read.type = event.type;
    read.schema_version = event.schema_version;
    read.event_id = event.event_id;
    read.payload = R"({"reason": "left"})";
    read.metadata = R"({"occurred_at_ms": 5, "actor_id": ""})";
    read.recorded_at = Instant::at_ms(1'700'000'000'123);
    return read;
}

}  // namespace

TEST(Leaf, IsTheHashOfZeroAndTheCanonicalRecord) {
    const std::string record =
        R"({"event_id":"0192e4a0-0000-7abc-8def-000000000002","event_type":"user.disabled",)"
        R"("metadata":{"actor_id":"","occurred_at_ms":5},"payload":{"reason":"left"},)"
        R"("recorded_at_ms":1700000000123,"schema_version":1,"stream_id":"0192e4a0-0000-7abc-8def-000000000001",)"
        R"("stream_type":"user","tenant":"default","version":3})";
    EXPECT_EQ(jcs(parse_json(record)), record) << "the record's members are not in canonical order";
    EXPECT_EQ(leaf_hash("default", written(), Instant::at_ms(1'700'000'000'123)),
              security::sha256({std::string_view("\0", 1), record}));
}

TEST(Leaf, IsTheSameWhenWrittenAndWhenReadBack) {
    EXPECT_EQ(leaf_hash(read_back()), leaf_hash("default", written(), Instant::at_ms(1'700'000'000'123)));
}

TEST(Leaf, ChangesWithEveryPartOfTheRecord) {
    const Digest whole = leaf_hash(read_back());
    const auto changed = [&](auto change) {
        RecordedEvent event = read_back();
        change(event);
        return leaf_hash(event) != whole;
    };
    EXPECT_TRUE(changed([](RecordedEvent& e) { e.tenant = "other"; }));
    EXPECT_TRUE(changed([](RecordedEvent& e) { e.stream_type = "session"; }));
    EXPECT_TRUE(changed([](RecordedEvent& e) { e.stream_id.bytes[15] ^= 1; }));
    EXPECT_TRUE(changed([](RecordedEvent& e) { e.version += 1; }));
    EXPECT_TRUE(changed([](RecordedEvent& e) { e.type = "user.enabled"; }));
    EXPECT_TRUE(changed([](RecordedEvent& e) { e.schema_version += 1; }));
    EXPECT_TRUE(changed([](RecordedEvent& e) { e.event_id.bytes[15] ^= 1; }));
    EXPECT_TRUE(changed([](RecordedEvent& e) { e.recorded_at += milliseconds(1); }));
    EXPECT_TRUE(changed([](RecordedEvent& e) { e.payload = R"({"reason":"Left"})"; }));
    EXPECT_TRUE(changed([](RecordedEvent& e) { e.metadata = R"({"occurred_at_ms":6,"actor_id":""})"; }));
}

// A quote in a column must not end the member and begin another one.
TEST(Leaf, EscapesWhatATampererPutsIntoAName) {
    RecordedEvent event = read_back();
    event.tenant = R"(default","version":4,"x":")";
    EXPECT_NE(leaf_hash(event), leaf_hash(read_back()));
}

TEST(Leaf, RefusesWhatIsNoObject) {
    RecordedEvent event = read_back();
    event.payload = "[]";
    EXPECT_THROW(leaf_hash(event), CodecError);
}
