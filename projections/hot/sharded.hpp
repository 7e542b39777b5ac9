#pragma once
// The tables of what is remembered.
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>

namespace keyledger::projections {

// Cut into parts: none takes long to grow or to be looked through, so that nobody waits for it.
template <class Key, class Value>
class Sharded {
public:
    static constexpr std::size_t kShards = 256;
    struct Hash {
        using is_avalanching = void;
        std::size_t operator()(const Key& key) const { return std::hash<Key>()(key); }
    };
    using Map = boost::unordered_flat_map<Key, Value, Hash>;

    Map& shard(std::size_t number) { return shards_[number]; }
    const Map& shard(std::size_t number) const { return shards_[number]; }
    Map& shard_of(const Key& key) { return shards_[number_of(key)]; }
    const Value* find(const Key& key) const {
        const Map& map = shards_[number_of(key)];
        const auto at = map.find(key);
        return at == map.end() ? nullptr : &at->second;
    }
    void erase(const Key& key) { shard_of(key).erase(key); }
    std::size_t size() const {
        std::size_t all = 0;
        for (const Map& map : shards_) all += map.size();
        return all;
    }
    // Of the tables; one slot is an entry and a byte.
    std::size_t bytes() const {
        std::size_t slots = 0;
        for (const Map& map : shards_) slots += map.bucket_count();
        return slots * (sizeof(typename Map::value_type) + 1);
    }

private:
    // Not the bits that the map takes.
    static std::size_t number_of(const Key& key) { return (std::hash<Key>()(key) >> 32) % kShards; }
    std::array<Map, kShards> shards_;
};

}  // namespace keyledger::projections
