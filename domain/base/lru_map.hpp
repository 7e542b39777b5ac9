#pragma once
// A bounded map that forgets what was longest unused: the one mechanism behind every cache of this code.
//
//     LruMap<Uuid, Fold> folds(1'000);
//     folds.put(id, fold);                            // may forget another
//     if (Fold* known = folds.use(id)) …*known…       // and now it is the one used last
//
// `LruMap` belongs to one thread or to whoever holds its owner's lock. `SharedLruMap` may be used by any thread: it
// hands out copies, under a mutex that is held for one lookup. A capacity of 0 keeps nothing.
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace keyledger {

template <class Key, class Value, class Hash = std::hash<Key>>
class LruMap {
public:
    explicit LruMap(std::size_t capacity) : capacity_(capacity) {}
    LruMap(const LruMap&) = delete;
    LruMap& operator=(const LruMap&) = delete;

    // Counts as use. nullptr: it is not here. The pointer is good until the entry is dropped or forgotten.
    Value* use(const Key& key) {
        const auto at = entries_.find(key);
        if (at == entries_.end()) return nullptr;
        order_.splice(order_.begin(), order_, at->second.place);
        return &at->second.value;
    }
    // Does not count as use.
    const Value* peek(const Key& key) const {
        const auto at = entries_.find(key);
        return at == entries_.end() ? nullptr : &at->second.value;
    }
    // Takes the place of what was there, and counts as use.
    void put(const Key& key, Value value) {
        if (Value* known = use(key)) {
            *known = std::move(value);
            return;
        }
        Order newest(1);  // joined to the rest only once nothing can throw any more
        const auto at = entries_.try_emplace(key, Entry{std::move(value), newest.begin()}).first;
        newest.front() = &at->first;
        order_.splice(order_.begin(), newest);
        if (entries_.size() > capacity_) drop(*order_.back());
    }
    bool drop(const Key& key) {
        const auto at = entries_.find(key);
        if (at == entries_.end()) return false;
        order_.erase(at->second.place);
        entries_.erase(at);
        return true;
    }
    // Looks at the value that was used longest ago, if there is one, and drops it if `is_over` says so; else the look
    // counts as use, and the next one is at another.
    template <class IsOver>
    void look_at_oldest(IsOver is_over) {
        if (order_.empty()) return;
        const auto at = entries_.find(*order_.back());
        if (!is_over(std::as_const(at->second.value))) {
            order_.splice(order_.begin(), order_, at->second.place);
            return;
        }
        order_.erase(at->second.place);
        entries_.erase(at);
    }
    std::size_t size() const { return entries_.size(); }

private:
    using Order = std::list<const Key*>;  // of the entries' own keys, the one used last first
    struct Entry {
        Value value;
        typename Order::iterator place;
    };

    std::size_t capacity_;
    Order order_;
    std::unordered_map<Key, Entry, Hash> entries_;  // whose nodes never move
};

template <class Key, class Value, class Hash = std::hash<Key>>
class SharedLruMap {
public:
    explicit SharedLruMap(std::size_t capacity) : entries_(capacity) {}

    std::optional<Value> find(const Key& key) {
        const std::lock_guard lock(mutex_);
        const Value* known = entries_.use(key);
        return known ? std::optional<Value>(*known) : std::nullopt;
    }
    void put(const Key& key, Value value) {
        const std::lock_guard lock(mutex_);
        entries_.put(key, std::move(value));
    }
    // The same where everything is over one day: before that two of the oldest are looked at (LruMap::look_at_oldest).
    // What comes goes again, and memory follows what is not over.
    template <class IsOver>
    void put(const Key& key, Value value, IsOver is_over) {
        const std::lock_guard lock(mutex_);
        for (int looks = 0; looks < 2; ++looks) entries_.look_at_oldest(is_over);
        entries_.put(key, std::move(value));
    }
    bool drop(const Key& key) {
        const std::lock_guard lock(mutex_);
        return entries_.drop(key);
    }
    std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return entries_.size();
    }

private:
    mutable std::mutex mutex_;
    LruMap<Key, Value, Hash> entries_;
};

}  // namespace keyledger
