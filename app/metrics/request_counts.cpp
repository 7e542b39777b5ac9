#include "app/metrics/request_counts.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>

#include "domain/base/histogram.hpp"

namespace keyledger::app {
namespace {

constexpr std::size_t kMostShards = 8;

// All that the service answers with today, and what else is usual. A status that is not here is counted as "other".
constexpr std::array<std::int16_t, 39> kStatuses{200, 201, 202, 203, 204, 205, 206, 301, 302, 303, 304, 307, 308,
                                                 400, 401, 403, 404, 405, 406, 408, 409, 410, 411, 412, 413, 414,
                                                 415, 417, 421, 422, 423, 426, 428, 429, 431, 500, 501, 503, 505};
constexpr std::size_t kOther = kStatuses.size();
constexpr std::int16_t kHighest = 505;

constexpr std::array<std::uint8_t, kHighest + 1> places_of_statuses() {
    std::array<std::uint8_t, kHighest + 1> places{};
    places.fill(static_cast<std::uint8_t>(kOther));
    for (std::size_t at = 0; at < kStatuses.size(); ++at)
        places[static_cast<std::size_t>(kStatuses[at])] = static_cast<std::uint8_t>(at);
    return places;
}
constexpr auto kPlaces = places_of_statuses();

std::size_t place_of(int status) noexcept {
    return status < 0 || status > kHighest ? kOther : kPlaces[static_cast<std::size_t>(status)];
}

std::string text_of_status(std::size_t place) { return place == kOther ? "other" : std::to_string(kStatuses[place]); }

// Threads take the shards in turn, in the order in which they first count.
std::size_t number_of_thread() noexcept {
    static std::atomic<std::size_t> next{0};
    thread_local const std::size_t mine = next.fetch_add(1, std::memory_order_relaxed);
    return mine;
}

}  // namespace

// An answer touches three cache lines of it at most; no two cells share one.
struct alignas(64) RequestCounts::Cell {
    std::array<std::atomic<std::uint64_t>, kStatuses.size() + 1> statuses{};
    std::array<std::atomic<std::uint64_t>, kDurationBounds.size() + 1> durations{};
    std::atomic<std::int64_t> sum_ns{0};

    Cell() = default;
    Cell(const Cell& other) { *this += other; }
    Cell& operator=(const Cell&) = delete;
    Cell& operator+=(const Cell& other) {
        constexpr auto kRelaxed = std::memory_order_relaxed;
        for (std::size_t at = 0; at < statuses.size(); ++at)
            statuses[at].fetch_add(other.statuses[at].load(kRelaxed), kRelaxed);
        for (std::size_t at = 0; at < durations.size(); ++at)
            durations[at].fetch_add(other.durations[at].load(kRelaxed), kRelaxed);
        sum_ns.fetch_add(other.sum_ns.load(kRelaxed), kRelaxed);
        return *this;
    }
};

RequestCounts::RequestCounts() { know({}, 1); }
RequestCounts::~RequestCounts() = default;

std::size_t RequestCounts::hash(const char* text) noexcept {
    return static_cast<std::size_t>((reinterpret_cast<std::uintptr_t>(text) * 0x9E3779B97F4A7C15ULL) >> 32);
}

void RequestCounts::know(std::span<const api::Route> routes, std::size_t threads) {
    operations_.assign(1, {api::kUnmatched, "other", api::kUnmatched});
    places_.assign(std::bit_ceil(4 * (routes.size() + 1)), {});
    for (const api::Route& route : routes) {
        std::size_t at = hash(route.operation.data()) & (places_.size() - 1);
        while (places_[at].text != nullptr) at = (at + 1) & (places_.size() - 1);
        places_[at] = {route.operation.data(), operations_.size()};
        operations_.push_back({route.operation, api::to_string(route.method), route.path});
    }
    shards_ = std::clamp<std::size_t>(threads, 1, kMostShards);
    cells_ = std::make_unique<Cell[]>(shards_ * operations_.size());
}

std::size_t RequestCounts::find(std::string_view operation) const noexcept {
    for (std::size_t at = hash(operation.data()) & (places_.size() - 1); places_[at].text != nullptr;
         at = (at + 1) & (places_.size() - 1))
        if (places_[at].text == operation.data()) return places_[at].operation;
    return 0;
}

void RequestCounts::count(std::string_view operation, int status, std::int64_t duration_ns) noexcept {
    constexpr auto kRelaxed = std::memory_order_relaxed;
    Cell& cell = cells_[(number_of_thread() % shards_) * operations_.size() + find(operation)];
    std::size_t bucket = 0;
    while (bucket < kDurationBounds.size() && duration_ns > kDurationBounds[bucket]) ++bucket;
    cell.statuses[place_of(status)].fetch_add(1, kRelaxed);
    cell.durations[bucket].fetch_add(1, kRelaxed);
    cell.sum_ns.fetch_add(duration_ns, kRelaxed);
}

RequestCounts::Cell RequestCounts::total(std::size_t operation) const {
    Cell all;
    for (std::size_t shard = 0; shard < shards_; ++shard) all += cells_[shard * operations_.size() + operation];
    return all;
}

Samples RequestCounts::samples() const {
    Samples samples;
    for (std::size_t at = 0; at < operations_.size(); ++at) {
        const Cell all = total(at);
        const Sample::Labels labels{{"operation", std::string(operations_[at].name)},
                                    {"method", std::string(operations_[at].method)},
                                    {"route", std::string(operations_[at].route)}};
        HistogramReading durations;
        durations.bounds.assign(kDurationBounds.begin(), kDurationBounds.end());
        for (const auto& count : all.durations) durations.counts.push_back(count);
        durations.sum = all.sum_ns;
        if (durations.count() == 0) continue;
        for (std::size_t status = 0; status < all.statuses.size(); ++status) {
            if (all.statuses[status] == 0) continue;
            Sample sample{"keyledger_http_requests_total", "Answers, by operation and status", labels,
                          static_cast<double>(all.statuses[status])};
            sample.labels.emplace_back("status", text_of_status(status));
            samples.push_back(std::move(sample));
        }
        Sample timed{"keyledger_http_request_duration_seconds", "From the complete request to its answer", labels};
        timed.histogram = std::move(durations);
        timed.unit = kNanoseconds;
        samples.push_back(std::move(timed));
    }
    return samples;
}

}  // namespace keyledger::app
