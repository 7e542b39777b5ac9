#pragma once
// The envelope as it is stored beside an event. Three forms are read, and the newest is written:
//
//   before MACs   every declared field, what is empty too
//   before `at`   without what is empty and what equals another field
//   since         short names, ids in base64url, one sealed value for all that is personal (docs/auditors.md)
//
// The first two are those of encode() and decode_metadata() in events_codec.hpp, for what is told outside of the log.
#include "eventstore/codec/events_codec.hpp"

namespace keyledger::eventstore {

// The parts of an event that its envelope need not repeat.
struct EnvelopePlace {
    Uuid event_id;
    std::string_view stream_type;
    Uuid stream_id;
};
// All that is personal is sealed together, as a field of this name.
inline constexpr std::string_view kEnvelopeField = "envelope";

std::string encode(const EventMetadata& metadata, const EnvelopePlace& place, FieldSealer& sealer);
// Of any form. Throws CodecError.
EventMetadata decode_metadata(std::string_view metadata, const EnvelopePlace& place, FieldOpener& opener);

// What an opener is asked for while an envelope is decoded: whoever wrote that down, and opened nothing, makes up for
// it later. Throws as decode_metadata() does.
struct SealedField {
    std::string name;
    std::string sealed;
};
void open_field(EventMetadata& metadata, const SealedField& field, FieldOpener& opener);

// For people and their programs: in whole names whatever the form it was stored in, and without what is personal.
std::string describe(EventMetadata metadata);

}  // namespace keyledger::eventstore
