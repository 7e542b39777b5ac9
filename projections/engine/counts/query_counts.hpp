#pragma once
// How the queue of questions to the read models stands, for metrics. Without libpqxx, for whoever shows it.
#include <cstddef>
#include <cstdint>

namespace keyledger::projections {

class Queries;

struct QueryCounts {
    std::size_t threads = 0;
    std::size_t waiting = 0;
    std::size_t most_waiting = 0;
    std::uint64_t asked = 0;  // questions that a thread took
    std::uint64_t shed = 0;   // refused because the queue was full
};

// Any thread.
QueryCounts counts_of(Queries& queries);

}  // namespace keyledger::projections
