#pragma once
// Events as plans are tried on: of every type, with the payloads of tests/golden.
#include <fstream>
#include <iterator>
#include <string>

#include "eventstore/declarations.hpp"
#include "eventstore/store.hpp"
#include "tests/support/world/given.hpp"

namespace keyledger::test {

inline const Uuid kStream = uuid(0xA1);

inline std::string golden(const eventstore::EventTypeInfo& info, int schema_version) {
    std::ifstream in("tests/golden/" + std::string(info.type) + '.' + std::to_string(schema_version) + ".json");
    return {std::istreambuf_iterator<char>(in), {}};
}

// Of kStream, at that version.
inline eventstore::RecordedEvent event_of(const eventstore::EventTypeInfo& info, int schema_version,
                                          std::int32_t version, std::string payload) {
    eventstore::RecordedEvent recorded;
    recorded.trust = eventstore::RecordedEvent::Trust::kBelieved;
    recorded.stream_type = info.stream_type;
    recorded.stream_id = kStream;
    recorded.type = info.type;
    recorded.version = version;
    recorded.schema_version = static_cast<std::int16_t>(schema_version);
    recorded.payload = std::move(payload);
    return recorded;
}

}  // namespace keyledger::test
