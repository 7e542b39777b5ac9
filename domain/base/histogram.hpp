#pragma once
// How often values of which size were seen, for metrics. Any thread observes, and whoever scrapes reads, without a
// lock: an observation is two relaxed additions. What one reading says of its parts may differ by those that were being
// added meanwhile.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

namespace keyledger {

// Of an observed quantity that is counted in whole units: nanoseconds, commands, bytes.
struct HistogramReading {
    std::vector<std::int64_t> bounds;   // inclusive upper ones, ascending
    std::vector<std::uint64_t> counts;  // one for each bound, and one of what is above all of them
    std::int64_t sum = 0;

    std::uint64_t count() const {
        std::uint64_t all = 0;
        for (const std::uint64_t one : counts) all += one;
        return all;
    }
};

class Histogram {
public:
    static constexpr std::size_t kMostBounds = 20;

    // Throws std::invalid_argument on more than kMostBounds, or ones that do not ascend.
    explicit Histogram(std::span<const std::int64_t> bounds) : size_(bounds.size()) {
        if (size_ > kMostBounds || std::ranges::adjacent_find(bounds, std::ranges::greater_equal()) != bounds.end())
            throw std::invalid_argument("a histogram's bounds ascend, and are few");
        std::ranges::copy(bounds, bounds_.begin());
    }

    void observe(std::int64_t value) noexcept {
        std::size_t at = 0;
        while (at < size_ && value > bounds_[at]) ++at;
        counts_[at].fetch_add(1, std::memory_order_relaxed);
        sum_.fetch_add(value, std::memory_order_relaxed);
    }

    HistogramReading read() const {
        HistogramReading reading;
        reading.bounds.assign(bounds_.begin(), bounds_.begin() + static_cast<std::ptrdiff_t>(size_));
        for (std::size_t at = 0; at <= size_; ++at)
            reading.counts.push_back(counts_[at].load(std::memory_order_relaxed));
        reading.sum = sum_.load(std::memory_order_relaxed);
        return reading;
    }

private:
    const std::size_t size_;
    std::array<std::int64_t, kMostBounds> bounds_{};
    std::array<std::atomic<std::uint64_t>, kMostBounds + 1> counts_{};
    std::atomic<std::int64_t> sum_{0};
};

// From half a millisecond to ten seconds, in nanoseconds: for requests, statements and hashes.
inline constexpr std::array<std::int64_t, 14> kDurationBounds{
    500'000,     1'000'000,   2'500'000,   5'000'000,     10'000'000,    25'000'000,    50'000'000,
    100'000'000, 250'000'000, 500'000'000, 1'000'000'000, 2'500'000'000, 5'000'000'000, 10'000'000'000};

}  // namespace keyledger
