#pragma once
// The live keys of subjects, opened once and remembered in a bounded LRU. Thread-safe.
#include "domain/base/lru_map.hpp"
#include "eventstore/sealing/subject_cipher.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore {

inline constexpr std::size_t kMaxCachedSubjectKeys = 100'000;

enum class KeyState { kLive, kAbsent, kDestroyed };
struct FoundKey {
    KeyState state = KeyState::kAbsent;
    SubjectKeyPtr key;      // set when live
    bool for_good = false;  // kDestroyed, and not merely wrapped by what is not here
};

class SubjectKeys {
public:
    SubjectKeys(Store& store, SubjectCipher& cipher, std::size_t capacity = kMaxCachedSubjectKeys)
        : store_(store), cipher_(cipher), live_(capacity) {}

    // A key that is here but can't be unwrapped counts as destroyed: its values read as erased, and nothing is sealed.
    asio::awaitable<Result<FoundKey, StoreError>> find(Uuid subject, Deadline deadline);
    // As the store has it now, whatever is remembered; nullopt: it never had one.
    asio::awaitable<Result<std::optional<StoredSubjectKey>, StoreError>> stored(Uuid subject, Deadline deadline);
    // nullptr: not remembered.
    SubjectKeyPtr recall(const Uuid& subject) { return live_.find(subject).value_or(nullptr); }
    void remember(const SubjectKeyPtr& key) { live_.put(key->subject, key); }
    void forget(const Uuid& subject) { live_.drop(subject); }

private:
    Store& store_;
    SubjectCipher& cipher_;
    SharedLruMap<Uuid, SubjectKeyPtr> live_;
};

}  // namespace keyledger::eventstore
