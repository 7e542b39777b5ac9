#pragma once
// Loads folded streams: from the cache, from the store, or by reading on from where the cache stands.
#include <functional>
#include <optional>
#include <vector>

#include "commands/runtime/fold_cache.hpp"
#include "commands/runtime/stream_watch.hpp"
#include "eventstore/sealing/subject_keys.hpp"
#include "eventstore/store.hpp"

namespace keyledger::commands {

namespace asio = boost::asio;

// A long stream is read in pages (`eventstore::page_of_each`), of which each is folded and forgotten before the next.
inline constexpr std::size_t kMaxFoldedInPlace = 16;  // events; more than these are folded by the workers
inline constexpr std::size_t kMaxFoldedAtOnce = 128;  // before the workers turn to what else waits for them
inline constexpr int kPagesBetweenSnapshots = 16;     // so much of a load is lost at most when the process ends

enum class Freshness {
    kCached,  // a stale fold will do: what follows is guarded by its version, or confirmed
    kAtHead,  // includes everything that had been appended before the call (I8)
};

// One stream to load, as a stream of that aggregate.
struct LoadStream {
    Uuid stream_id;
    std::string_view stream_type;
    bool is_new = false;               // its id was made just now: kCached needs no read to know that it is empty
    bool is_often_asked = false;       // it is remembered though there is nothing in it
    std::optional<Uuid> sealed_for{};  // whose key opens what is personal in it; empty: its own
    const Uuid& subject() const { return sealed_for ? *sealed_for : stream_id; }
};

// Threads for long work that would block an I/O thread. Thread-safe.
class Workers {
public:
    virtual ~Workers() = default;
    // Runs `work` on one of them; what it throws is thrown here. Completes on the caller's executor.
    virtual asio::awaitable<void> run(std::function<void()> work) = 0;
};

// Thread-safe; the store, cipher, keys and workers outlive it. Without workers all is folded in place.
class Folder {
public:
    Folder(eventstore::Store& store, eventstore::SubjectCipher& cipher, eventstore::SubjectKeys& keys, FoldCache& cache,
           Workers* workers = nullptr)
        : store_(store), cipher_(cipher), keys_(keys), cache_(cache), workers_(workers) {}

    // Before the first load, or never. It outlives the last one.
    void watch(StreamWatch& watch) { watch_ = &watch; }

    // One fold for each stream, in order, all of one moment; one read of the store at most, beside a subject's key met
    // first and the further pages of a long stream, and none where all of them are remembered and the watch says that
    // none has moved. A stream of another aggregate has the empty state, at its version,
    // and costs no more than its head and first event: ids come from callers, and that of a user in place of a
    // session's names no session. Of which aggregate a stream is, its first believed event says. A load that fails
    // half-way, as at its deadline, leaves what it has folded in the cache and in a snapshot: the next one goes on from
    // there, so that no stream is too long.
    // Throws eventstore::CodecError when a stored event can't be read: the stream is not answered from.
    asio::awaitable<Result<std::vector<Fold>, eventstore::StoreError>> load(std::vector<LoadStream> streams,
                                                                            Freshness freshness,
                                                                            eventstore::Deadline deadline);

    // The stream as it was at that position: for whoever tells of it later. Read from its first event on, and nothing
    // is remembered. Its subject's key is asked for anew: who was erased meanwhile, on any node, reads as erased, and a
    // key that is there and can't be opened here is kUnavailable.
    asio::awaitable<Result<Fold, eventstore::StoreError>> load_as_of(LoadStream stream, Position position,
                                                                     eventstore::Deadline deadline);

private:
    struct Loading;
    using Further = Result<void, eventstore::StoreError>;
    asio::awaitable<Further> take(Loading& loading, eventstore::StreamSlice slice, eventstore::Deadline deadline);
    asio::awaitable<std::optional<std::vector<Fold>>> load_unmoved(const std::vector<LoadStream>& streams,
                                                                   eventstore::Deadline deadline);
    std::optional<std::vector<Fold>> recall(const std::vector<LoadStream>& streams, const eventstore::LogMoment& now);
    asio::awaitable<Further> learn_key(Loading& loading, eventstore::Deadline deadline);
    asio::awaitable<void> fold_page(Loading& loading, const std::vector<eventstore::RecordedEvent>& events);
    void catch_up(Loading& loading);
    void keep(Loading& loading);

    eventstore::Store& store_;
    eventstore::SubjectCipher& cipher_;
    eventstore::SubjectKeys& keys_;
    FoldCache& cache_;
    Workers* const workers_;
    StreamWatch* watch_ = nullptr;
};

template <class Aggregate>
LoadStream load_of(const StreamOf<Aggregate>& stream) {
    LoadStream load{stream.id, Aggregate::kStreamType};
    if constexpr (requires { Aggregate::is_often_asked(stream.id); })
        load.is_often_asked = Aggregate::is_often_asked(stream.id);
    return load;
}

}  // namespace keyledger::commands
