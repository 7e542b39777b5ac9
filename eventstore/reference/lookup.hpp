#pragma once
// Words for a declaration; the error for one that has none says where they are missing.
#include <algorithm>
#include <stdexcept>
#include <string>

#include "eventstore/codec/events_codec.hpp"
#include "eventstore/reference/prose.hpp"

namespace keyledger::eventstore::reference {

[[noreturn]] inline void lacks(const std::string& what) {
    throw std::runtime_error("eventstore/reference/prose.cpp has no words for " + what + ": add an entry");
}
inline const TypeProse& prose_of(const EventTypeInfo& info) {
    for (const StreamProse& stream : streams())
        for (const TypeProse& type : stream.types)
            if (stream.stream_type == info.stream_type && type.type == info.type) return type;
    lacks("the event " + std::string(info.type) + " of stream " + std::string(info.stream_type));
}
inline std::string_view meaning_of(std::string_view field, const std::vector<FieldProse>& fields, std::string_view of) {
    for (const FieldProse& one : fields)
        if (one.name == field) return one.meaning;
    lacks("the field '" + std::string(field) + "' of " + std::string(of));
}

}  // namespace keyledger::eventstore::reference
