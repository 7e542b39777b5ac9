#include "eventstore/kafka/topics/record_mac.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "tests/eventstore/kafka/record_keys.hpp"

namespace keyledger::test {
namespace {

using namespace eventstore::kafka;

constexpr std::string_view kTopic = "keyledger.events";

Uuid log_id() {
    Uuid id;
    id.bytes.fill(9);
    return id;
}

// By the bytes that a MAC is over, joined one by one.
std::string expected_mac(const RecordKeys& keys, const Record& record) {
    std::string input;
    const auto add = [&](std::string_view part) { input += security::length_prefixed({part}); };
    add("keyledger kafka record v1: topic, key, value, headers");
    add(kTopic);
    add(record.key);
    add(record.value ? "value" : "none");
    add(record.value.value_or(""));
    for (const auto& [name, value] : record.headers) {
        add(name);
        add(value);
    }
    const auto digest = keys.key("key1", log_id())->of(input);
    return "key1." + security::base64url_encode(security::view_of(digest).substr(0, 16));
}

// One RecordMacs signs all of them, long ones before short ones: nothing of one record is in the MAC of the next.
TEST(RecordMac, IsOverTopicKeyValueAndHeadersAndNothingElse) {
    const auto keys = std::make_shared<RecordKeys>();
    RecordMacs macs(keys);
    const std::string every_byte = [] {
        std::string all;
        for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
        return all;
    }();
    const std::vector<Record> records{
        {"subject", R"({"a":1})", {{"ce_id", "1"}, {"content-type", "application/json"}}},
        {every_byte, std::string(70'000, 'v'), {{"ce_id", every_byte}, {"ce_type", ""}}},
        {"", "", {}},
        {"subject", std::nullopt, {{"ce_id", "2"}}},
        {"", std::nullopt, {}},
    };
    for (const Record& record : records) {
        Record sent = record;
        macs.sign(sent, kTopic, log_id());
        ASSERT_EQ(sent.headers.size(), record.headers.size() + 1);
        EXPECT_EQ(sent.headers.back().first, kMacHeader);
        EXPECT_EQ(sent.headers.back().second, expected_mac(*keys, record));
        sent.headers.pop_back();
        EXPECT_EQ(sent.headers, record.headers);
    }
}

}  // namespace
}  // namespace keyledger::test
