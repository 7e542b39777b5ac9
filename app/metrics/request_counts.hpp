#pragma once
// Answers and their times by route, for metrics. Counting one takes no lock and no memory: all that can be counted has
// its place from the start, so that nobody can make more of it, whatever they ask for.
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "api/requests/router.hpp"
#include "app/metrics/sample.hpp"

namespace keyledger::app {

class RequestCounts {
public:
    RequestCounts();
    ~RequestCounts();
    RequestCounts(const RequestCounts&) = delete;
    RequestCounts& operator=(const RequestCounts&) = delete;

    // Once, before anything is counted. `threads`: that count at the same time. The texts of the routes outlive it.
    void know(std::span<const api::Route> routes, std::size_t threads);
    // `operation`: the very text of one of the routes; every other is counted as unmatched, as is any before know().
    // Any thread.
    void count(std::string_view operation, int status, std::int64_t duration_ns) noexcept;
    // What was counted at least once. Any thread.
    Samples samples() const;

private:
    struct Cell;
    struct Operation {
        std::string_view name;
        std::string_view method;
        std::string_view route;
    };
    struct Place {
        const char* text = nullptr;  // where the operation's name stands
        std::size_t operation = 0;
    };
    std::size_t find(std::string_view operation) const noexcept;
    static std::size_t hash(const char* text) noexcept;
    Cell total(std::size_t operation) const;

    std::vector<Operation> operations_;  // the first is what has no route
    std::vector<Place> places_;          // open addressing, by the addresses of the names; a power of two
    std::size_t shards_ = 0;
    std::unique_ptr<Cell[]> cells_;  // each shard has one of each operation
};

}  // namespace keyledger::app
