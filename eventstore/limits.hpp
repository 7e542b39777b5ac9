#pragma once
// How often something may be done, on all nodes together: GCRA (ITU-T I.371, the virtual scheduling algorithm), which
// needs one timestamp a bucket. Implemented by PostgresLimits for all nodes; ProcessLimits is one process's own.
//
//     const auto taken = co_await limits.take(std::move(buckets), deadline);
//     if (!taken) …the store is away: fail closed…   if (taken->wait > Duration()) …429 with Retry-After…
#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "domain/base/lru_map.hpp"
#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore {

struct Bucket {
    std::string key;               // what is counted, and of whom; it leaves the process as a keyed digest only
    std::int64_t per_minute = 60;  // flow back into it
    std::int64_t burst = 1;        // fit into it
    Duration one_every{};          // of what is rarer: one flows back in so long, whatever per_minute says
    enum class Use { kTake, kLook } use = Use::kTake;  // kLook: would one more pass? Nothing is taken

    // Of one attempt, and of a whole bucket.
    std::int64_t interval_us() const {
        if (one_every > Duration()) return 1000 * one_every.ms();
        return std::max<std::int64_t>(1, 60'000'000 / per_minute);
    }
    std::int64_t tolerance_us() const { return burst * interval_us(); }
};

struct RateDecision {
    Duration wait;                    // none: taken from each; else from none, and so long is to be waited
    std::int64_t first_level_us = 0;  // of the first bucket after that: until it is full again
};
// How many attempts the bucket lets through at once from such a level.
std::int64_t left_in(const Bucket& bucket, std::int64_t level_us);

inline constexpr std::size_t kMaxBucketsOfARequest = 16;

// Thread-safe.
class Limits {
public:
    virtual ~Limits() = default;
    // From all buckets of a request, or from none of them; no key twice. On all nodes together. A flood that this
    // process knows of already is refused without asking anybody. An error: the store is away, and nobody knows.
    virtual boost::asio::awaitable<Result<RateDecision, StoreError>> take(std::vector<Bucket> buckets,
                                                                          Deadline deadline) = 0;
    // Whether this process knows already that a take would be refused. Asks nobody, and takes nothing.
    virtual RateDecision known(std::vector<Bucket> buckets) = 0;
    // From this process's own buckets: at once, and always.
    virtual RateDecision take_local(const std::vector<Bucket>& buckets) = 0;
};

// The buckets of one process. Of many, those that are full again are forgotten, for they say nothing; beyond a bound
// the longest unused are. Thread-safe.
class LocalBuckets {
public:
    static constexpr std::size_t kMaxRemembered = 100'000;
    explicit LocalBuckets(std::size_t remembered = kMaxRemembered) : full_at_us_(remembered) {}

    RateDecision take(const std::vector<Bucket>& buckets, std::int64_t now_us);
    // What a take would say.
    RateDecision look(std::vector<Bucket> buckets, std::int64_t now_us);
    // What was taken is given back: somebody else refused the request.
    void give_back(const std::vector<Bucket>& buckets, std::int64_t now_us);
    // Somebody who knows more says that the bucket stands no lower than that.
    void learn(const Bucket& bucket, std::int64_t level_us, std::int64_t now_us);
    // How many it remembers.
    std::size_t size() const;

private:
    std::int64_t level_of(const Bucket& bucket, std::int64_t now_us) const;

    mutable std::mutex mutex_;
    LruMap<std::string, std::int64_t> full_at_us_;  // when a bucket, by its key, is full again
};

// For tests, and for whoever has one process.
class ProcessLimits : public Limits {
public:
    using NowUs = std::function<std::int64_t()>;
    explicit ProcessLimits(NowUs now_us, std::size_t remembered = LocalBuckets::kMaxRemembered)
        : now_us_(std::move(now_us)), shared_(remembered), own_(remembered) {}

    boost::asio::awaitable<Result<RateDecision, StoreError>> take(std::vector<Bucket> buckets,
                                                                  Deadline deadline) override;
    RateDecision known(std::vector<Bucket> buckets) override { return shared_.look(std::move(buckets), now_us_()); }
    RateDecision take_local(const std::vector<Bucket>& buckets) override { return own_.take(buckets, now_us_()); }

private:
    const NowUs now_us_;
    LocalBuckets shared_;
    LocalBuckets own_;
};

}  // namespace keyledger::eventstore
