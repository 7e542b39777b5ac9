#include "eventstore/kafka/topics/cloud_event.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <limits>
#include <map>
#include <random>

#include "eventstore/codec/jcs.hpp"
#include "eventstore/kafka/publishing/state_output.hpp"
#include "eventstore/kafka/publishing/subjects.hpp"
#include "tests/eventstore/kafka/scripted_log.hpp"

namespace keyledger::test {
namespace {

using namespace eventstore::kafka;
using eventstore::CodecError;
using eventstore::FollowedEvent;
using eventstore::RecordedEvent;

constexpr std::uint64_t kSeed = 7;

Uuid id_of(std::uint8_t last) {
    Uuid id;
    id.bytes[15] = last;
    return id;
}

RecordedEvent registered() {
    RecordedEvent event;
    event.trust = RecordedEvent::Trust::kBelieved;
    event.position = 42;
    event.tenant = "default";
    event.recorded_at = Instant::at_ms(1'700'000'000'456);
    event.stream_type = "user";
    event.stream_id = id_of(1);
    event.version = 1;
    event.type = "user.registered";
    event.schema_version = 1;
    event.event_id = id_of(2);
    event.payload = R"({"name":"sealed1","email":"sealed2","username":null})";
    event.metadata = R"({"actor_id":"portal","actor_type":"client","causation_id":"cause","client_address":"sealed3",)"
                     R"("command_id":"AQ","correlation_id":"corr","device":null,"occurred_at_ms":1700000000123,)"
                     R"("request_id":"r1","session_id":null,"traceparent":"00-ab-cd-01","user_agent":"sealed4"})";
    return event;
}

std::map<std::string, std::string> headers_of(const Record& record) {
    return {record.headers.begin(), record.headers.end()};
}

TEST(CloudEvent, HasTheContextAttributesOfBinaryMode) {
    const Record record = cloud_event(FollowedEvent(registered()), "subject", {id_of(9), ""});
    const std::map<std::string, std::string> expected{
        {"ce_specversion", "1.0"},
        {"ce_id", "00000000-0000-0000-0000-000000000002"},
        {"ce_source", "urn:keyledger:log:00000000-0000-0000-0000-000000000009"},
        {"ce_type", "user.registered"},
        {"ce_subject", "subject"},
        {"ce_time", "2023-11-14T22:13:20.123Z"},
        {"ce_recordedtime", "2023-11-14T22:13:20.456Z"},
        {"ce_sequence", "0000000000000000042"},
        {"ce_partitionkey", "subject"},
        {"ce_logid", "00000000-0000-0000-0000-000000000009"},
        {"ce_traceparent", "00-ab-cd-01"},
        {"ce_correlationid", "corr"},
        {"ce_causationid", "cause"},
        {"content-type", "application/json"}};
    EXPECT_EQ(record.key, "subject");
    EXPECT_EQ(headers_of(record), expected);
}

// A record's MAC is over them in their order.
TEST(CloudEvent, HasItsHeadersInOneOrder) {
    const Record record = cloud_event(FollowedEvent(registered()), "subject", {id_of(9), ""});
    std::vector<std::string_view> names;
    for (const auto& [name, text] : record.headers) names.push_back(name);
    EXPECT_EQ(names,
              (std::vector<std::string_view>{"ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time",
                                             "ce_recordedtime", "ce_sequence", "ce_partitionkey", "ce_logid",
                                             "content-type", "ce_traceparent", "ce_correlationid", "ce_causationid"}));
    EXPECT_LE(names.size() + 1, record.headers.capacity());
}

TEST(CloudEvent, NamesTheIssuerAsItsSourceWhereThereIsOne) {
    const Record record = cloud_event(FollowedEvent(registered()), "subject", {id_of(9), "https://auth.example"});
    EXPECT_EQ(headers_of(record).at("ce_source"), "https://auth.example");
}

TEST(CloudEvent, LeavesOutAttributesThatAreEmpty) {
    RecordedEvent event = registered();
    for (const std::string text : {"\"cause\"", "\"corr\"", "\"00-ab-cd-01\""})
        event.metadata.replace(event.metadata.find(text), text.size(), "\"\"");
    const auto headers = headers_of(cloud_event(FollowedEvent(event), "subject", {id_of(9), ""}));
    for (const char* name : {"ce_traceparent", "ce_correlationid", "ce_causationid"}) EXPECT_FALSE(headers.count(name));
}

TEST(CloudEvent, ValueIsCanonicalJsonWithoutPersonalFields) {
    EXPECT_EQ(cloud_event(FollowedEvent(registered()), "subject", {id_of(9), ""}).value,
              R"({"actor":{"id":"portal","type":"client"},"data":{},"position":42,"schema_version":1,)"
              R"("session_id":null,"stream":{"id":"00000000-0000-0000-0000-000000000001","type":"user","version":1},)"
              R"("tenant":"default"})");
}

TEST(CloudEvent, KeepsWhatIsNotPersonal) {
    RecordedEvent event = registered();
    event.type = "user.disabled";
    event.payload = R"({"reason":"left \"us\""})";
    const Record record = cloud_event(FollowedEvent(event), "subject", {id_of(9), ""});
    EXPECT_NE(record.value->find(R"("data":{"reason":"left \"us\""})"), std::string::npos);
}

// By the same rules as a payload, which jcs() writes.
TEST(CloudEvent, EscapesWhatTheEnvelopeSays) {
    const std::string every_sort = "p\"\\/\b\f\n\r\t\x01\x1f\x7f \xC3\xBC\xF0\x9F\x94\x91";
    const std::string quoted = eventstore::jcs(rapidjson::Value(rapidjson::StringRef(every_sort.c_str())));
    RecordedEvent event = registered();
    event.metadata.replace(event.metadata.find("\"portal\""), 8, quoted);
    event.tenant = every_sort;
    const Record record = cloud_event(FollowedEvent(event), "subject", {id_of(9), ""});
    EXPECT_TRUE(record.value->starts_with("{\"actor\":{\"id\":" + quoted + ",")) << *record.value;
    EXPECT_TRUE(record.value->ends_with(",\"tenant\":" + quoted + "}")) << *record.value;
}

TEST(CloudEvent, RefusesWhatThisBuildCannotRead) {
    RecordedEvent unknown_type = registered();
    unknown_type.type = "user.cloned";
    RecordedEvent newer = registered();
    newer.schema_version = 99;
    RecordedEvent undeclared = registered();
    undeclared.payload = R"({"email":null,"name":null,"username":null,"shoe_size":"44"})";
    RecordedEvent not_json = registered();
    not_json.payload = "{";
    RecordedEvent bad_metadata = registered();
    bad_metadata.metadata = "{}";
    for (const RecordedEvent& event : {unknown_type, newer, undeclared, not_json, bad_metadata})
        EXPECT_THROW(cloud_event(FollowedEvent(event), "subject", {id_of(9), ""}), CodecError)
            << event.type << event.payload;
}

TEST(CloudEvent, OfARecordThatTheServiceDidNotWriteSaysOnlyThatItIsThere) {
    RecordedEvent event = registered();
    event.trust = RecordedEvent::Trust::kInert;
    event.payload = "secret";
    event.recorded_at = Instant::at_ms(1'700'000'000'123);
    EXPECT_THROW(cloud_event(FollowedEvent(event), "subject", {id_of(9), ""}), CodecError);
    const Record record = record_disavowed(event, {id_of(9), "https://issuer"});
    EXPECT_EQ(record.key, event.stream_id.to_string());
    EXPECT_EQ(record.value.value(), R"({"data":{"leaf_hash":")" + std::string(64, '0') +
                                        R"("},"position":42,"schema_version":1,"stream":{"id":)"
                                        R"("00000000-0000-0000-0000-000000000001","version":1}})");
    auto headers = headers_of(record);
    EXPECT_EQ(headers["ce_type"], "log.record_disavowed");
    EXPECT_EQ(headers["ce_sequence"], "0000000000000000042");
    EXPECT_EQ(headers["ce_logid"], "00000000-0000-0000-0000-000000000009");
}

TEST(CloudEvent, WritesTimesAsRfc3339) {
    EXPECT_EQ(rfc3339({}), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(rfc3339(Instant::at_ms(951'868'799'999)), "2000-02-29T23:59:59.999Z");
    EXPECT_EQ(rfc3339(Instant::at_ms(-1)), "1969-12-31T23:59:59.999Z");
}

// As times were written before rfc3339() did without printf.
std::string as_printf_writes(Instant at) {
    namespace chrono = std::chrono;
    const chrono::milliseconds since_epoch(at.ms());
    const auto day = chrono::floor<chrono::days>(since_epoch);
    const chrono::year_month_day date{chrono::sys_days(day)};
    const chrono::hh_mm_ss time(since_epoch - day);
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
    return text;
}

TEST(CloudEvent, WritesAnyTimeAsPrintfDoes) {
    constexpr std::int64_t kYear10000 = 253'402'300'800'000;
    EXPECT_EQ(rfc3339(Instant::at_ms(kYear10000 - 1)), "9999-12-31T23:59:59.999Z");
    EXPECT_EQ(rfc3339(Instant::at_ms(951'782'400'001)), "2000-02-29T00:00:00.001Z");
    constexpr std::int64_t kYear0 = -62'167'219'200'000, kMarch2100 = 4'107'542'400'000;
    std::vector<std::int64_t> times{0, 1, 999, 1000, -1, -86'400'000};
    for (const std::int64_t edge : {kYear0, kMarch2100, kYear10000})
        for (const std::int64_t away : {-1000, -1, 0, 1}) times.push_back(edge + away);
    std::mt19937_64 random(kSeed);
    for (int i = 0; i < 20'000; ++i) times.push_back(static_cast<std::int64_t>(random() % std::uint64_t{kYear10000}));
    constexpr std::int64_t kDayMs = 86'400'000;
    for (std::int64_t day = 0; day < 366 * 140; ++day)
        for (const std::int64_t edge : {day * kDayMs, day * kDayMs + kDayMs - 1}) times.push_back(edge);
    for (const std::int64_t ms : times)
        ASSERT_EQ(rfc3339(Instant::at_ms(ms)), as_printf_writes(Instant::at_ms(ms))) << ms;
}

TEST(CloudEvent, WritesPositionsSoThatTextSortsAsNumbers) {
    EXPECT_EQ(sequence_of(0), "0000000000000000000");
    EXPECT_EQ(sequence_of(9), "0000000000000000009");
    EXPECT_EQ(sequence_of(1'234'567'890'123'456'789), "1234567890123456789");
    EXPECT_EQ(sequence_of(std::numeric_limits<Position>::max()), "9223372036854775807");
}

// Both outputs follow one log: what they are given is decoded once, and says the same as to one who is alone. What
// stands in the log as it is sent is not parsed again, and is byte for byte what it would be otherwise.
TEST(CloudEvent, IsTheSameWhoeverDecodedTheEventFirst) {
    ScriptedLog log(kSeed);
    log.grow(300);
    std::vector<RecordedEvent> recorded;
    for (Position position = 1; position <= log.size(); ++position) recorded.push_back(log.at(position));
    const auto shared = eventstore::as_followed(recorded);
    const TopicSettings topics;
    const EventSource source{log.log_id(), ""};
    StateOutput state(topics), state_alone(topics);
    Subjects subjects(log);
    const auto before = FollowedEvent::decodings();
    const auto subject = subjects.of(shared).value();
    std::vector<std::vector<Outgoing>> states;
    std::vector<Record> sent;
    for (std::size_t i = 0; i < shared.size(); ++i) {
        states.push_back(state.records_of(*shared[i], source));
        sent.push_back(cloud_event(*shared[i], subject[i], source));
    }
    EXPECT_EQ(FollowedEvent::decodings(), before + shared.size());
    for (std::size_t i = 0; i < shared.size(); ++i) {
        ASSERT_TRUE(recorded[i].is_canonical);
        recorded[i].is_canonical = false;
        const Record alone = cloud_event(FollowedEvent(recorded[i]), subject[i], source);
        EXPECT_EQ(sent[i].value, alone.value);
        EXPECT_EQ(sent[i].headers, alone.headers);
        const auto of_state = state_alone.records_of(FollowedEvent(recorded[i]), source);
        ASSERT_EQ(of_state.size(), states[i].size());
        for (std::size_t n = 0; n < of_state.size(); ++n)
            EXPECT_EQ(of_state[n].record.value, states[i][n].record.value);
    }
}

TEST(CloudEvent, EveryEventOfTheScriptCanLeave) {
    ScriptedLog log(kSeed);
    log.grow(300);
    for (Position position = 1; position <= log.size(); ++position) {
        const FollowedEvent event(log.at(position));
        const Record record = cloud_event(event, log.subject_of(position), {log.log_id(), ""});
        EXPECT_EQ(record.value->find(kSealedMark), std::string::npos);
        EXPECT_LT(record.bytes(), 4096U);
    }
}

}  // namespace
}  // namespace keyledger::test
