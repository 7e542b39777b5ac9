#pragma once
// A bounded LRU of folded streams. An entry may be stale: I4 makes that harmless where something is appended, and the
// executor confirms where nothing is. Thread-safe; sharded so that I/O threads do not queue for one lock.
#include <array>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "commands/runtime/fold.hpp"

namespace keyledger::commands {

inline constexpr std::size_t kMaxCachedFolds = 200'000;

class FoldCache {
public:
    explicit FoldCache(std::size_t capacity = kMaxCachedFolds) : shard_capacity_(capacity / kShards + 1) {}

    std::optional<Fold> find(const Uuid& stream_id);
    // Keeps the newer of the two.
    void put(const Uuid& stream_id, const Fold& fold);
    void drop(const Uuid& stream_id);

private:
    static constexpr std::size_t kShards = 16;
    struct Entry {
        Uuid stream_id;
        Fold fold;
    };
    struct Shard {
        std::mutex mutex;
        std::list<Entry> recent;  // most recent first
        std::unordered_map<Uuid, std::list<Entry>::iterator> places;
    };
    Shard& shard_of(const Uuid& stream_id) { return shards_[stream_id.bytes[15] % kShards]; }

    const std::size_t shard_capacity_;
    std::array<Shard, kShards> shards_;
};

}  // namespace keyledger::commands
