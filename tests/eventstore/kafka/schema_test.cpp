// What stands in the topic, against docs/asyncapi.yaml (which tests/tidy holds against the same document).
#include <gtest/gtest.h>
#include <rapidjson/pointer.h>

#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "eventstore/codec/jcs.hpp"
#include "eventstore/declarations.hpp"
#include "eventstore/reference/event_reference.hpp"
#include "tests/eventstore/kafka/accounts.hpp"
#include "tests/eventstore/kafka/rig.hpp"
#include "tests/support/http/json_schema.hpp"

namespace keyledger::test {
namespace {

using eventstore::EventTypeInfo;

std::string golden(const EventTypeInfo& info) {
    const std::string path =
        "tests/golden/" + std::string(info.type) + "." + std::to_string(info.schema_version) + ".json";
    std::ifstream file(path);
    EXPECT_TRUE(file) << "can't read " << path;
    std::string text(std::istreambuf_iterator<char>(file), {});
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

// One of every type that is declared, on a stream of its kind.
void add_every_type(ScriptedLog& log) {
    log.grow(300);
    for (const EventTypeInfo& info : eventstore::event_types()) {
        Uuid stream = log.log_id();
        for (Position position = 1; position <= 300; ++position)
            if (log.at(position).stream_type == info.stream_type) stream = log.at(position).stream_id;
        log.append(std::string(info.stream_type), stream, std::string(info.type), golden(info));
    }
}

const rapidjson::Value& at(const rapidjson::Document& document, const std::string& pointer) {
    const rapidjson::Value* found = rapidjson::Pointer(pointer.c_str()).Get(document);
    if (found == nullptr) throw std::runtime_error("docs/asyncapi.yaml has no " + pointer);
    return *found;
}

rapidjson::Document headers_of(const ConsumedRecord& record) {
    rapidjson::Document headers(rapidjson::kObjectType);
    for (const auto& [name, value] : record.headers)
        headers.AddMember(rapidjson::Value(name, headers.GetAllocator()),
                          rapidjson::Value(value, headers.GetAllocator()), headers.GetAllocator());
    return headers;
}

void expect_fits(const rapidjson::Document& document, const std::string& message, const ConsumedRecord& record) {
    const JsonSchema schemas(document);
    const std::string at_message = "/components/messages/" + message;
    Violations found = schemas.violations(at(document, at_message + "/headers"), headers_of(record), "headers");
    const rapidjson::Document value =
        record.value.empty() ? rapidjson::Document() : eventstore::parse_json(record.value);
    for (std::string& one : schemas.violations(at(document, at_message + "/payload"), value, "value"))
        found.push_back(std::move(one));
    for (const std::string& one : found) ADD_FAILURE() << message << ": " << one;
}

TEST(AsyncApi, DescribesEveryRecordOfTheTopicsOfState) {
    Rig rig;
    Accounts(seed_of_test()).grow(rig.log, 400);
    auto options = rig.options();
    options.output = eventstore::kafka::OutputKind::kState;
    const auto publisher = rig.publisher(options);
    publisher->start();
    ASSERT_TRUE(reaches(*publisher, rig.log.size()));
    publisher->stop();
    const rapidjson::Document document = eventstore::reference::asyncapi_document();
    std::map<std::string, int> seen;
    for (const std::string name : {"user", "session"}) {
        for (const ConsumedRecord& record : read_topic(rig.brokers, rig.prefix.text() + "." + name + "s.v1")) {
            const std::string message = name + (record.value.empty() ? ".tombstone" : ".state");
            ++seen[message];
            expect_fits(document, message, record);
            if (::testing::Test::HasFailure()) return;
        }
    }
    EXPECT_GT(seen["user.state"], 3);
    EXPECT_GT(seen["user.tombstone"], 3);
    EXPECT_GT(seen["session.state"], 20);
    EXPECT_GT(seen["session.tombstone"], 20);
}

TEST(AsyncApi, DescribesEveryRecordOfTheEventsTopic) {
    Rig rig;
    add_every_type(rig.log);
    rig.publish_all();
    const rapidjson::Document document = eventstore::reference::asyncapi_document();
    std::set<std::string> seen;
    for (const ConsumedRecord& record : read_topic(rig.brokers, rig.events_topic())) {
        const std::string type = record.headers.at("ce_type");
        seen.insert(type);
        expect_fits(document, type, record);
        if (::testing::Test::HasFailure()) break;
    }
    for (const EventTypeInfo& info : eventstore::event_types())
        EXPECT_TRUE(seen.contains(std::string(info.type))) << info.type << " is not in the topic";
}

}  // namespace
}  // namespace keyledger::test
