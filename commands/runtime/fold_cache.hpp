#pragma once
// A bounded LRU of folded streams. An entry may be stale: I4 makes that harmless where something is appended, and the
// executor confirms where nothing is. Thread-safe; sharded so that I/O threads do not queue for one lock.
#include <deque>
#include <mutex>
#include <optional>

#include "commands/runtime/fold.hpp"
#include "domain/base/lru_map.hpp"

namespace keyledger::commands {

inline constexpr std::size_t kMaxCachedFolds = 200'000;

class FoldCache {
public:
    explicit FoldCache(std::size_t capacity = kMaxCachedFolds);

    std::optional<Fold> find(const Uuid& stream_id);
    // Keeps the newer of the two.
    void put(const Uuid& stream_id, const Fold& fold);
    // The stream stood at that version: what is remembered at another one is left alone.
    void see(const Uuid& stream_id, std::int32_t version, const eventstore::LogMoment& seen);
    void drop(const Uuid& stream_id);

private:
    static constexpr std::size_t kShards = 16;
    struct Shard {
        explicit Shard(std::size_t capacity) : folds(capacity) {}
        std::mutex mutex;
        LruMap<Uuid, Fold> folds;
    };
    Shard& shard_of(const Uuid& stream_id) { return shards_[stream_id.bytes[15] % kShards]; }

    std::deque<Shard> shards_;
};

}  // namespace keyledger::commands
