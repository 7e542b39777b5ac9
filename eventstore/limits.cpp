#include "eventstore/limits.hpp"

#include <algorithm>

namespace keyledger::eventstore {
namespace {

constexpr std::size_t kWorthLooking = 1'024;

}  // namespace

std::int64_t left_in(const Bucket& bucket, std::int64_t level_us) {
    return std::max<std::int64_t>(0, (bucket.tolerance_us() - level_us) / bucket.interval_us());
}

std::int64_t LocalBuckets::level_of(const Bucket& bucket, std::int64_t now_us) const {
    const std::int64_t* full_at_us = full_at_us_.peek(bucket.key);
    if (full_at_us == nullptr) return 0;
    // A clock that stepped back, or a burst that shrank, makes nobody wait longer than an empty bucket does.
    return std::clamp<std::int64_t>(*full_at_us - now_us, 0, bucket.tolerance_us());
}

RateDecision LocalBuckets::take(const std::vector<Bucket>& buckets, std::int64_t now_us) {
    const std::lock_guard lock(mutex_);
    RateDecision taken;
    std::int64_t wait_us = 0;
    std::vector<std::int64_t> levels_us;
    levels_us.reserve(buckets.size());
    for (const Bucket& bucket : buckets) {
        levels_us.push_back(level_of(bucket, now_us));
        wait_us = std::max(wait_us, levels_us.back() + bucket.interval_us() - bucket.tolerance_us());
    }
    const bool passes = wait_us <= 0;
    if (!passes) taken.wait = milliseconds((wait_us + 999) / 1000);
    for (std::size_t i = 0; passes && i < buckets.size(); ++i) {
        if (buckets[i].use != Bucket::Use::kTake) continue;
        levels_us[i] += buckets[i].interval_us();
        full_at_us_.put(buckets[i].key, now_us + levels_us[i]);
    }
    if (!levels_us.empty()) taken.first_level_us = levels_us.front();
    // Of one that is full again there is nothing to remember. Two looks for each take, and what comes goes again:
    // memory follows what is in use, and not what ever was.
    for (int looks = 0; looks < 2 && full_at_us_.size() > kWorthLooking; ++looks)
        full_at_us_.look_at_oldest([&](std::int64_t full_at_us) { return full_at_us <= now_us; });
    return taken;
}

std::size_t LocalBuckets::size() const {
    const std::lock_guard lock(mutex_);
    return full_at_us_.size();
}

RateDecision LocalBuckets::look(std::vector<Bucket> buckets, std::int64_t now_us) {
    for (Bucket& bucket : buckets) bucket.use = Bucket::Use::kLook;
    return take(buckets, now_us);
}

void LocalBuckets::give_back(const std::vector<Bucket>& buckets, std::int64_t now_us) {
    const std::lock_guard lock(mutex_);
    for (const Bucket& bucket : buckets)
        if (bucket.use == Bucket::Use::kTake && level_of(bucket, now_us) > 0)
            *full_at_us_.use(bucket.key) -= bucket.interval_us();
}

void LocalBuckets::learn(const Bucket& bucket, std::int64_t level_us, std::int64_t now_us) {
    if (level_us <= 0) return;
    const std::lock_guard lock(mutex_);
    if (level_of(bucket, now_us) < level_us) full_at_us_.put(bucket.key, now_us + level_us);
}

boost::asio::awaitable<Result<RateDecision, StoreError>> ProcessLimits::take(std::vector<Bucket> buckets, Deadline) {
    co_return shared_.take(buckets, now_us_());
}

}  // namespace keyledger::eventstore
