#pragma once
// Limits that count whom they turn away, by the limit: for metrics.
#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "eventstore/limits.hpp"

namespace keyledger::app {

// The limits by the words that their buckets' keys begin with, and what metrics call them. The longest that fits
// counts. Without a name: not counted.
struct LimitName {
    std::string_view begins;
    std::string_view name;
};
inline constexpr LimitName kLimitNames[] = {
    {"", "other"},
    {"asks for ", "challenges"},
    {"asks of a network", "challenges"},
    {"device codes", "device_codes"},
    {"device codes typed by", "device_code_guesses"},
    {"failed clients of", "client_failures"},
    {"failures as client", "client_failures"},
    {"first device codes typed by", ""},  // turns nobody away: whoever is over it is asked for more
    {"mail", "mail"},
    {"passwords", "passwords"},
    {"polls of", "device_polls"},
    {"refreshes of", "refreshes"},
    {"registration codes of", "registration_codes"},
    {"registration mail to", "registrations"},
    {"registrations by", "client_registrations"},
    {"registrations of", "registrations"},
    {"requests", "requests"},
    {"revocations by", "revocations"},
    {"tokens", "tokens"},
    {"unfit assertions of", "client_failures"},
    {"writes of", "writes"},
    {"wrong device codes", "device_code_guesses"},
};
inline constexpr std::size_t kLimitCount = std::size(kLimitNames);

class CountedLimits : public eventstore::Limits {
public:
    // `limits` outlives it.
    explicit CountedLimits(eventstore::Limits& limits) : limits_(limits) {}

    boost::asio::awaitable<Result<eventstore::RateDecision, eventstore::StoreError>> take(
        std::vector<eventstore::Bucket> buckets, eventstore::Deadline deadline) override;
    eventstore::RateDecision known(std::vector<eventstore::Bucket> buckets) override;
    eventstore::RateDecision take_local(const std::vector<eventstore::Bucket>& buckets) override;

    // Of the row of that index in kLimitNames, since the start. Any thread.
    std::uint64_t refusals(std::size_t limit) const { return refusals_[limit].load(std::memory_order_relaxed); }

private:
    void count(std::size_t limit) noexcept { refusals_[limit].fetch_add(1, std::memory_order_relaxed); }

    eventstore::Limits& limits_;
    std::array<std::atomic<std::uint64_t>, kLimitCount> refusals_{};
};

// The row of a bucket with that key.
std::size_t limit_of(std::string_view key) noexcept;

}  // namespace keyledger::app
