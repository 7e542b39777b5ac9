#pragma once
// The writers of the log's JSON as they were when they built RapidJSON's trees and had jcs() sort them. Only for tests:
// what is written today is held against them, byte for byte.
#include <rapidjson/document.h>

#include <string>

#include "eventstore/codec/envelope.hpp"

namespace keyledger::eventstore::by_tree {

std::string payload_of(const AnyEvent& event, FieldSealer& sealer);
// As a snapshot holds it, of a state that declares its fields; of others: empty.
std::string state_of(const AnyState& state, FieldSealer& sealer);
std::string envelope_of(const EventMetadata& metadata, const EnvelopePlace& place, FieldSealer& sealer);
std::string envelope_of(const EventMetadata& metadata, FieldSealer& sealer);  // in whole names

}  // namespace keyledger::eventstore::by_tree
