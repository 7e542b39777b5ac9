// Events, envelopes and exported lines are read as they were while they were read from trees of JSON: the same is
// accepted, refused for the same reasons, and says the same. Thousands of each, most of them wrong a little.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>

#include "eventstore/audit/export_file.hpp"
#include "eventstore/declarations.hpp"
#include "tests/eventstore/codec/by_tree.hpp"
#include "tests/eventstore/codec/mutations.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;

namespace {

// As the golden files are sealed, under whatever key.
class Marked : public FieldSealer, public FieldOpener {
public:
    std::string seal(std::string_view field, std::string_view clear) override {
        return "sealed:" + std::string(field) + ":" + std::string(clear);
    }
    std::optional<std::string> open(std::string_view field, std::string_view sealed) override {
        const std::string mark = "sealed:" + std::string(field) + ":";
        const std::size_t at = sealed.find(mark);
        if (at == sealed.npos) return std::nullopt;
        return std::string(sealed.substr(at + mark.size()));
    }
};

std::string golden(const std::string& name) {
    std::ifstream in("tests/golden/" + name + ".json", std::ios::binary);
    EXPECT_TRUE(in) << name;
    std::string text{std::istreambuf_iterator<char>(in), {}};
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

const Uuid kStream = *Uuid::parse("0192e4a0-0000-7abc-8def-000000000002");
const Uuid kEvent = *Uuid::parse("0192e4a0-0000-7abc-8def-000000000003");

RecordedEvent recorded(const EventTypeInfo& info, int version) {
    RecordedEvent event;
    event.position = 7;
    event.tenant = "default";
    event.trust = RecordedEvent::Trust::kBelieved;
    event.stream_type = info.stream_type;
    event.stream_id = kStream;
    event.event_id = kEvent;
    event.version = 3;
    event.type = info.type;
    event.schema_version = static_cast<std::int16_t>(version);
    event.recorded_at = Instant::at_ms(1'700'000'000'000);
    event.payload = golden(std::string(info.type) + "." + std::to_string(version));
    event.metadata = golden("envelopes/3");
    return event;
}

// What comes of reading: the text that what was read is written as, or the refusal.
struct Outcome {
    bool is_read = false;
    std::string words;
    bool operator==(const Outcome&) const = default;
};
Outcome outcome_of(const std::function<std::string()>& read) {
    try {
        return {true, read()};
    } catch (const CodecError& error) {
        return {false, error.what()};
    }
}

struct Counts {
    int read = 0;
    int refused = 0;
};
void expect_alike(const std::string& text, const std::function<std::string()>& by_tree,
                  const std::function<std::string()>& by_index, Counts& counts) {
    const Outcome outcome = outcome_of(by_index);
    const Outcome expected = outcome_of(by_tree);
    EXPECT_EQ(outcome.is_read, expected.is_read) << text;
    EXPECT_EQ(outcome.words, expected.words) << text;
    ++(outcome.is_read ? counts.read : counts.refused);
}

// An integer beyond 2^53 is read, and not written: the refusal then counts as what it says.
std::string told(const AnyEventPtr& event) {
    Marked marked;
    return std::string(encode(*event, marked).payload);
}
std::string told(const EventMetadata& metadata) {
    Marked marked;
    return encode(metadata, marked);
}
std::string told(const RecordedEvent& event) {
    return audit::export_line(event) + (event.is_canonical ? " canonical" : " from before MACs");
}

void expect_alike(const RecordedEvent& event, Counts& counts) {
    Marked marked;
    expect_alike(
        event.type + ' ' + event.payload, [&] { return told(by_tree::decode_any(event, marked)); },
        [&] { return told(decode_any(event, marked)); }, counts);
    NullFieldOpener nothing;
    Counts without_keys;
    expect_alike(
        event.type + ' ' + event.payload, [&] { return told(by_tree::decode_any(event, nothing)); },
        [&] { return told(decode_any(event, nothing)); }, without_keys);
}

void expect_alike_envelope(const std::string& text, const EnvelopePlace& place, Counts& counts) {
    Marked marked;
    expect_alike(
        text, [&] { return told(by_tree::decode_metadata(text, place, marked)); },
        [&] { return told(decode_metadata(text, place, marked)); }, counts);
}

void expect_alike_line(const std::string& line, Counts& counts) {
    expect_alike(
        line, [&] { return told(by_tree::parse_export_line(line)); },
        [&] { return told(audit::parse_export_line(line)); }, counts);
}

}  // namespace

TEST(ReadAlike, EventsOfEveryTypeAndVersion) {
    eventstore::test::Mutations mutations(1);
    Counts counts;
    for (const EventTypeInfo& info : event_types())
        for (int version = 1; version <= info.schema_version; ++version) {
            const RecordedEvent good = recorded(info, version);
            const int read_before = counts.read;
            expect_alike(good, counts);
            EXPECT_EQ(counts.read, read_before + 1) << info.type << ' ' << version;
            for (int i = 0; i < 120; ++i) {
                RecordedEvent event = good;
                event.payload = mutations.of(good.payload);
                expect_alike(event, counts);
            }
        }
    EXPECT_GT(counts.read, 1000);
    EXPECT_GT(counts.refused, 3000);
}

// What is read as one event is mostly none of the others.
TEST(ReadAlike, EventsUnderTheNameOfAnother) {
    Counts counts;
    const auto types = event_types();
    for (std::size_t i = 0; i < types.size(); ++i) {
        RecordedEvent event = recorded(types[i], types[i].schema_version);
        event.payload = golden(std::string(types[(i + 1) % types.size()].type) + ".1");
        expect_alike(event, counts);
    }
    EXPECT_GT(counts.refused, 50);
}

TEST(ReadAlike, EnvelopesOfEveryForm) {
    eventstore::test::Mutations mutations(2);
    Counts counts;
    const EnvelopePlace in_session{kEvent, "session", kStream}, elsewhere{kEvent, "user", kStream};
    for (const int form : {1, 2, 3}) {
        const std::string good = golden("envelopes/" + std::to_string(form));
        for (const EnvelopePlace& place : {in_session, elsewhere}) {
            expect_alike_envelope(good, place, counts);
            for (int i = 0; i < 1500; ++i) expect_alike_envelope(mutations.of(good), place, counts);
        }
    }
    EXPECT_GT(counts.read, 1000);
    EXPECT_GT(counts.refused, 3000);
}

// Each part of the newest form that golden/envelopes/3.json does without.
TEST(ReadAlike, EnvelopesWithWhatIsRare) {
    Counts counts;
    eventstore::test::Mutations mutations(3);
    const char* const kRare[] = {
        R"({"actor":"system","at":1700000000000})",
        R"({"actor":"client:AZLkoAAAeryN7wAAAAAAAQ","at":1,"command":"AZLkoAAAeryN7wAAAAAAAQ","session":null})",
        R"({"actor":"client","actor_id":"stock","at":1,"causation_id":"c","correlation_id":"r","request_id":"q"})",
        R"({"actor":"anonymous","at":1,"sealed_for":"s2.x.sealed:envelope:[null,[\"!&\"]]"})",
        R"({"actor":"user:AZLkoAAAeryN7wAAAAAAAQ","at":1,"session":"AZLkoAAAeryN7wAAAAAAAg","traceparent":"odd"})",
        R"({"actor":"user:AZLkoAAAeryN7wAAAAAAAQ","at":1,"request":"AZLkoAAAeryN7wAAAAAAAQ","sealed":"x"})"};
    for (const std::string good : kRare)
        for (int i = 0; i < 1000; ++i)
            expect_alike_envelope(i == 0 ? good : mutations.of(good), {kEvent, "session", kStream}, counts);
    EXPECT_GT(counts.read, 300);
    EXPECT_GT(counts.refused, 500);
}

TEST(ReadAlike, ExportedLines) {
    eventstore::test::Mutations mutations(4);
    Counts counts;
    for (const EventTypeInfo& info : event_types()) {
        RecordedEvent event = recorded(info, info.schema_version);
        expect_alike_line(audit::export_line(event), counts);
        event.metadata = golden("envelopes/1");  // as jsonb writes it
        expect_alike_line(audit::export_line(event), counts);
        event.is_canonical = true;
        event.mac_key_id = "key";
        const std::string good = audit::export_line(event);
        expect_alike_line(good, counts);
        for (int i = 0; i < 40; ++i) expect_alike_line(mutations.of(good), counts);
        event.payload = "{\"not\": canonical";
        expect_alike_line(audit::export_line(event), counts);
    }
    EXPECT_GT(counts.read, 1000);
    EXPECT_GT(counts.refused, 1000);
}
