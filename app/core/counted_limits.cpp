#include "app/core/counted_limits.hpp"

namespace keyledger::app {

using eventstore::Bucket;
using eventstore::RateDecision;
using eventstore::StoreError;

std::size_t limit_of(std::string_view key) noexcept {
    std::size_t best = 0;
    for (std::size_t at = 0; at < kLimitCount; ++at)
        if (key.starts_with(kLimitNames[at].begins) && kLimitNames[at].begins.size() >= kLimitNames[best].begins.size())
            best = at;
    return best;
}

boost::asio::awaitable<Result<RateDecision, StoreError>> CountedLimits::take(std::vector<Bucket> buckets,
                                                                             eventstore::Deadline deadline) {
    // Looked for before the buckets are gone, where somebody may be turned away: all of one take are of one limit.
    const std::size_t limit = buckets.empty() ? 0 : limit_of(buckets.front().key);
    auto taken = co_await limits_.take(std::move(buckets), deadline);
    if (taken && taken->wait > Duration()) count(limit);
    co_return taken;
}

RateDecision CountedLimits::known(std::vector<Bucket> buckets) {
    const std::size_t limit = buckets.empty() ? 0 : limit_of(buckets.front().key);
    const RateDecision decision = limits_.known(std::move(buckets));
    if (decision.wait > Duration()) count(limit);
    return decision;
}

RateDecision CountedLimits::take_local(const std::vector<Bucket>& buckets) {
    const RateDecision decision = limits_.take_local(buckets);
    if (decision.wait > Duration()) count(buckets.empty() ? 0 : limit_of(buckets.front().key));
    return decision;
}

}  // namespace keyledger::app
