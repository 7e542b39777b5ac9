#pragma once
// Command ids as the executor makes them: that of the command's first event begins alike.
#include <algorithm>

#include "eventstore/store.hpp"

namespace keyledger::test {

inline eventstore::Append made_here(eventstore::Append append) {
    const auto& first = append.events.front().event_id.bytes;
    std::copy(first.begin(), first.end(), append.command_id.begin());
    append.fingerprint = {};
    append.id_retention = eventstore::Append::CommandIdRetention::kForAnHour;
    return append;
}

}  // namespace keyledger::test
