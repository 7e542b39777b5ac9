#pragma once
// Events to stored JSON and back, for every aggregate of the list. Light: no aggregate and no JSON library in here.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "eventstore/any.hpp"
#include "eventstore/event_metadata.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore {

// Seals the personal fields of one event (or envelope) under one subject's key.
class FieldSealer {
public:
    virtual ~FieldSealer() = default;
    virtual std::string seal(std::string_view field, std::string_view clear) = 0;
};
// Opens them. nullopt: erased, or sealed for another place; the value then reads as erased.
class FieldOpener {
public:
    virtual ~FieldOpener() = default;
    virtual std::optional<std::string> open(std::string_view field, std::string_view sealed) = 0;
};
// For code that needs no personal value: every one reads as erased.
class NullFieldOpener : public FieldOpener {
public:
    std::optional<std::string> open(std::string_view, std::string_view) override { return std::nullopt; }
};

struct EncodedEvent {
    std::string_view type;  // of the declaration: lives for ever
    std::int16_t schema_version = 1;
    std::string payload;  // canonical
};

EncodedEvent encode(const AnyEvent& event, FieldSealer& sealer);
std::string encode(const EventMetadata& metadata, FieldSealer& sealer);

// Throws CodecError for an event that is not believed: whoever follows the log passes over inert ones before. Nothing
// of an event is parsed before this has passed.
void require_believed(const RecordedEvent& event);

// Both of a believed event. Throw CodecError on an unknown type or version and on a malformed payload: a reader stops,
// it never skips.
AnyEventPtr decode_any(const RecordedEvent& event, FieldOpener& opener);
EventMetadata decode_metadata(const RecordedEvent& event, FieldOpener& opener);
EventMetadata decode_metadata(std::string_view metadata, FieldOpener& opener);

}  // namespace keyledger::eventstore
