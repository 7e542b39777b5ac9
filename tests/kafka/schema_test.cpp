// What stands in the topic, against docs/asyncapi.yaml (which tests/tidy holds against the same document).
#include <gtest/gtest.h>
#include <rapidjson/pointer.h>

#include <fstream>
#include <iterator>
#include <set>

#include "eventstore/codec/events_codec.hpp"
#include "eventstore/codec/jcs.hpp"
#include "eventstore/reference/event_reference.hpp"
#include "tests/kafka/rig.hpp"
#include "tests/support/json_schema.hpp"

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

TEST(AsyncApi, DescribesEveryRecordOfTheEventsTopic) {
    Rig rig;
    add_every_type(rig.log);
    rig.publish_all();
    const rapidjson::Document document = eventstore::reference::asyncapi_document();
    const JsonSchema schemas(document);
    std::set<std::string> seen;
    for (const ConsumedRecord& record : read_topic(rig.brokers, rig.events_topic())) {
        const std::string type = record.headers.at("ce_type");
        seen.insert(type);
        const std::string message = "/components/messages/" + type;
        Violations found =
            schemas.violations(at(document, message + "/headers"), headers_of(record), "headers");
        for (const std::string& one : schemas.violations(at(document, message + "/payload"),
                                                         eventstore::parse_json(record.value), "value"))
            found.push_back(one);
        for (const std::string& one : found) ADD_FAILURE() << type << ": " << one;
        if (::testing::Test::HasFailure()) break;
    }
    for (const EventTypeInfo& info : eventstore::event_types())
        EXPECT_TRUE(seen.contains(std::string(info.type))) << info.type << " is not in the topic";
}

}  // namespace
}  // namespace keyledger::test
