#pragma once
// What the publisher knows of itself, kept by Kafka in the same transaction as the events: one record an
// output in the compacted topic `<prefix>.publisher.v1`. Canonical JSON under the output's name as key.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/store.hpp"

namespace keyledger::eventstore::kafka {

inline constexpr std::string_view kEventsOutput = "events";
inline constexpr std::string_view kStateOutput = "state";

struct PositionRecord {
    Uuid log_id;
    Cursor cursor;  // of the last event that the output dealt with
    // Where each partition of the output's topics ended before the transaction that wrote this: whatever that
    // transaction sent, and whatever came after it, is found by reading from here. Topic by topic.
    std::vector<std::int64_t> offsets;
    // From this position on the output's records carry MACs; 0: none does yet. Never moves once it is set.
    Position signed_from = 0;
};

std::string encode(const PositionRecord& record);
// nullopt: not such a record.
std::optional<PositionRecord> decode_position_record(std::string_view value);

}  // namespace keyledger::eventstore::kafka
