#include "commands/runtime/fold_cache.hpp"

namespace keyledger::commands {

std::optional<Fold> FoldCache::find(const Uuid& stream_id) {
    Shard& shard = shard_of(stream_id);
    const std::lock_guard lock(shard.mutex);
    const auto at = shard.places.find(stream_id);
    if (at == shard.places.end()) return std::nullopt;
    shard.recent.splice(shard.recent.begin(), shard.recent, at->second);
    return at->second->fold;
}

void FoldCache::put(const Uuid& stream_id, const Fold& fold) {
    Shard& shard = shard_of(stream_id);
    const std::lock_guard lock(shard.mutex);
    if (const auto at = shard.places.find(stream_id); at != shard.places.end()) {
        if (at->second->fold.version < fold.version) at->second->fold = fold;
        shard.recent.splice(shard.recent.begin(), shard.recent, at->second);
        return;
    }
    shard.recent.push_front({stream_id, fold});
    shard.places.emplace(stream_id, shard.recent.begin());
    if (shard.recent.size() > shard_capacity_) {
        shard.places.erase(shard.recent.back().stream_id);
        shard.recent.pop_back();
    }
}

void FoldCache::drop(const Uuid& stream_id) {
    Shard& shard = shard_of(stream_id);
    const std::lock_guard lock(shard.mutex);
    const auto at = shard.places.find(stream_id);
    if (at == shard.places.end()) return;
    shard.recent.erase(at->second);
    shard.places.erase(at);
}

}  // namespace keyledger::commands
