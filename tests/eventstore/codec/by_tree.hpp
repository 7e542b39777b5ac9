#pragma once
// The readers of the log's JSON as they were when they walked RapidJSON's trees. Only for tests: what is read today is
// held against them, to the words of a refusal.
#include <string_view>

#include "eventstore/codec/envelope.hpp"

namespace keyledger::eventstore::by_tree {

AnyEventPtr decode_any(const RecordedEvent& event, FieldOpener& opener);
EventMetadata decode_metadata(std::string_view metadata, const EnvelopePlace& place, FieldOpener& opener);
RecordedEvent parse_export_line(std::string_view line);

}  // namespace keyledger::eventstore::by_tree
