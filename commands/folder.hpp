#pragma once
// Loads folded streams: from the cache, from the store, or by reading on from where the cache stands.
#include <vector>

#include "commands/fold_cache.hpp"
#include "eventstore/sealing/subject_keys.hpp"
#include "eventstore/store.hpp"

namespace keyledger::commands {

namespace asio = boost::asio;

enum class Freshness {
    kCached,  // a stale fold will do: what follows is guarded by its version, or confirmed
    kAtHead,  // includes everything that had been appended before the call (I8)
};

// One stream to load, and the state it has before its first event.
struct LoadStream {
    Uuid stream_id;
    Fold empty;
    bool is_new = false;  // its id was made just now: kCached needs no read to know that it is empty
};

// Thread-safe; the store, cipher and keys outlive it.
class Folder {
public:
    Folder(eventstore::Store& store, eventstore::SubjectCipher& cipher, eventstore::SubjectKeys& keys,
           FoldCache& cache)
        : store_(store), cipher_(cipher), keys_(keys), cache_(cache) {}

    // One fold for each stream, in order; one read of the store at most, beside a subject's key met first and the rest
    // of a stream that the store gives in parts. A stream of another aggregate has the empty state, at its version:
    // ids come from callers, and that of a user in place of a session's names no session.
    // Throws eventstore::CodecError when a stored event can't be read: the stream is not answered from.
    asio::awaitable<Result<std::vector<Fold>, eventstore::StoreError>> load(std::vector<LoadStream> streams,
                                                                            Freshness freshness,
                                                                            eventstore::Deadline deadline);

private:
    asio::awaitable<Result<Fold, eventstore::StoreError>> fold_on(const LoadStream& stream, Fold fold,
                                                                  eventstore::StreamSlice slice,
                                                                  eventstore::Deadline deadline);

    eventstore::Store& store_;
    eventstore::SubjectCipher& cipher_;
    eventstore::SubjectKeys& keys_;
    FoldCache& cache_;
};

template <class Aggregate>
LoadStream load_of(const StreamOf<Aggregate>& stream) {
    return {stream.id, empty_fold<Aggregate>(), false};
}
template <class Aggregate>
const Aggregate& state_of(const Fold& fold) {
    return std::get<Aggregate>(*fold.state);
}

}  // namespace keyledger::commands
