#include "commands/runtime/fold_cache.hpp"

namespace keyledger::commands {

FoldCache::FoldCache(std::size_t capacity) {
    for (std::size_t i = 0; i < kShards; ++i) shards_.emplace_back(capacity / kShards + 1);
}

std::optional<Fold> FoldCache::find(const Uuid& stream_id) {
    Shard& shard = shard_of(stream_id);
    const std::lock_guard lock(shard.mutex);
    const Fold* known = shard.folds.use(stream_id);
    return known ? std::optional(*known) : std::nullopt;
}

void FoldCache::put(const Uuid& stream_id, const Fold& fold) {
    Shard& shard = shard_of(stream_id);
    const std::lock_guard lock(shard.mutex);
    Fold* known = shard.folds.use(stream_id);
    if (known == nullptr) shard.folds.put(stream_id, fold);
    else if (known->version < fold.version) *known = fold;
}

void FoldCache::see(const Uuid& stream_id, std::int32_t version, const eventstore::LogMoment& seen) {
    Shard& shard = shard_of(stream_id);
    const std::lock_guard lock(shard.mutex);
    Fold* known = shard.folds.use(stream_id);
    if (known == nullptr || known->version != version) return;
    const bool is_later = known->seen.history != seen.history || known->seen.position < seen.position;
    if (is_later) known->seen = seen;
}

void FoldCache::drop(const Uuid& stream_id) {
    Shard& shard = shard_of(stream_id);
    const std::lock_guard lock(shard.mutex);
    shard.folds.drop(stream_id);
}

}  // namespace keyledger::commands
