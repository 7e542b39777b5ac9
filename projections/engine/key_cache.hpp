#pragma once
// The keys that open personal fields, read from the database and kept in a bounded cache. Not thread-safe:
// each follower of the log has its own. A key in use outlives its place in the cache (shared ownership).
#include <cstddef>
#include <set>
#include <unordered_map>

#include "domain/base/lru_map.hpp"
#include "domain/base/uuid.hpp"
#include "eventstore/sealing/subject_cipher.hpp"

namespace pqxx {
class transaction_base;
}

namespace keyledger::projections {

// What is known of a subject's key. Fields under a destroyed one read as erased. One that is there but can't
// be unwrapped is not erased: writing nothing in its place would lose data, so its reader has to stop.
enum class KeyState { kUnknown, kLive, kDestroyed, kUnusable };
struct FoundKey {
    KeyState state = KeyState::kUnknown;
    eventstore::SubjectKeyPtr key;  // when live
};

class KeyCache {
public:
    KeyCache(eventstore::SubjectCipher& cipher, std::size_t capacity);

    FoundKey find(const Uuid& subject);
    // One query for all of them, also kept in the cache as far as it has room; a subject without a row is
    // unusable. Throws libpqxx's exceptions.
    std::unordered_map<Uuid, FoundKey> fetch(pqxx::transaction_base& transaction, const std::set<Uuid>& subjects);

    void drop(const Uuid& subject) { by_subject_.drop(subject); }  // after an erasure
    std::size_t size() const { return by_subject_.size(); }

private:
    eventstore::SubjectCipher& cipher_;
    LruMap<Uuid, FoundKey> by_subject_;
};

}  // namespace keyledger::projections
