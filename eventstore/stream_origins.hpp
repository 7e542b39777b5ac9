#pragma once
// How streams began, for followers of the log that meet a stream in its middle.
#include <vector>

#include "domain/base/result.hpp"
#include "eventstore/log_source.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore {

class StreamOrigins {
public:
    virtual ~StreamOrigins() = default;
    // The first event (version 1) of each stream that exists, in any order. Blocks; one question however many
    // streams.
    virtual Result<std::vector<RecordedEvent>, ReadError> first_events(const std::vector<Uuid>& streams) = 0;
};

}  // namespace keyledger::eventstore
