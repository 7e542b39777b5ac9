#include "commands/runtime/folder.hpp"

#include <algorithm>
#include <span>

#include "commands/runtime/snapshots.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "eventstore/codec/jcs.hpp"
#include "eventstore/sealing/subject_opener.hpp"

namespace keyledger::commands {
namespace {

using eventstore::RecordedEvent;
using eventstore::StoreError;

// What nobody believes is never opened: a key that somebody made up for such a stream is none of its reader's concern.
bool tells_something(const std::vector<RecordedEvent>& events) {
    return !std::ranges::all_of(events, &RecordedEvent::is_inert);
}

bool same_aggregate(const Fold& fold, const LoadStream& stream) {
    return stream_type_of(*fold.state) == stream.stream_type;
}

// The same versions may have other events now.
bool is_of_another_history(const Fold& fold, const eventstore::LogMoment& now) {
    return fold.seen.is_set() && now.is_set() && fold.seen.history != now.history;
}

// What a stream is, its first believed event says: records that anybody may have put before it decide nothing.
bool begins_another(const Fold& so_far, const std::vector<RecordedEvent>& events, std::string_view stream_type) {
    if (so_far.occurred_at.is_set()) return false;
    const auto first = std::ranges::find_if_not(events, &RecordedEvent::is_inert);
    return first != events.end() && first->trust == RecordedEvent::Trust::kBelieved &&
           first->stream_type != stream_type;
}

Fold folded(const Fold& from, std::span<const RecordedEvent> events, eventstore::SubjectCipher& cipher,
            const eventstore::SubjectKeyPtr& key) {
    FoldBuilder further(from);
    for (const RecordedEvent& event : events) {
        if (event.is_inert()) {
            further.pass_over(event.version, event.position);
            continue;
        }
        eventstore::SubjectOpener opener(cipher, key, event);
        eventstore::NullFieldOpener nothing;
        const auto envelope = eventstore::decode_metadata(event, nothing);
        const Recorded recorded{event.position, envelope.occurred_at};
        further.event(*eventstore::decode_any(event, opener), event.version, recorded);
    }
    return std::move(further).fold();
}

}  // namespace

// One stream on its way.
struct Folder::Loading {
    LoadStream stream;
    Fold fold;
    bool behind = false;
    std::string snapshot;                          // of which fold one would do; empty: none any more
    std::optional<eventstore::SubjectKeyPtr> key;  // once it was asked for
    bool key_is_gone = false;                      // for good
    std::int32_t kept = 0;                         // a snapshot was considered at this version
    std::int32_t replaces = 0;
    int pages = 0;
    Uuid event_id;  // of the last event that was folded
};

asio::awaitable<Result<std::vector<Fold>, StoreError>> Folder::load(std::vector<LoadStream> streams,
                                                                    Freshness freshness,
                                                                    eventstore::Deadline deadline) {
    eventstore::LogMoment moment;  // what is read from here on is of then or later
    if (watch_ != nullptr) {
        if (freshness == Freshness::kAtHead)
            if (auto folds = co_await load_unmoved(streams, deadline)) co_return std::move(*folds);
        moment = watch_->moment();
    }
    if (freshness == Freshness::kCached)
        if (auto folds = recall(streams, moment)) co_return std::move(*folds);
    std::vector<Loading> all;
    std::vector<Loading*> asked;
    all.reserve(streams.size());
    for (const LoadStream& stream : streams) {
        auto cached = cache_.find(stream.stream_id);
        if (cached && !same_aggregate(*cached, stream)) cached.reset();
        if (cached && is_of_another_history(*cached, moment)) {
            cache_.drop(stream.stream_id);
            cached.reset();
        }
        Loading& loading = all.emplace_back();
        loading.stream = stream;
        loading.fold = cached ? std::move(*cached) : empty_fold(stream.stream_type);
        loading.kept = loading.fold.version;
        if ((cached || stream.is_new) && freshness == Freshness::kCached) continue;
        if (loading.fold.version == 0) loading.snapshot = fold_name_of(stream.stream_type);
        asked.push_back(&loading);
    }
    std::vector<Loading*> behind = asked;
    while (!behind.empty()) {
        const bool all_at_once = behind.size() == asked.size();
        std::vector<eventstore::StreamFrom> reads;
        for (Loading* one : behind) {
            if (one->pages > 0) catch_up(*one);
            reads.push_back(
                {one->stream.stream_id, one->fold.version, one->snapshot, std::string(one->stream.stream_type)});
        }
        auto slices = co_await store_.read_streams(std::move(reads), deadline);
        Further further;
        if (!slices) further = Unexpected(slices.error());
        for (std::size_t i = 0; further && i < behind.size(); ++i)
            further = co_await take(*behind[i], std::move(slices.value()[i]), deadline);
        if (!further) {
            for (Loading* one : behind) keep(*one);
            co_return Unexpected(further.error());
        }
        std::erase_if(behind, [](const Loading* one) { return !one->behind; });
        // Pages are of different moments; the last read is of one.
        if (behind.empty() && !all_at_once) behind = asked;
    }
    // An event that the watch has not come to may be one that it never will, if the history changes first.
    for (const Loading* one : asked)
        if (moment.is_set() && one->fold.position <= moment.position)
            cache_.see(one->stream.stream_id, one->fold.version, moment);
    std::vector<Fold> folds;
    for (Loading& loading : all) folds.push_back(std::move(loading.fold));
    co_return folds;
}

// nullopt: one of them has to be read.
std::optional<std::vector<Fold>> Folder::recall(const std::vector<LoadStream>& streams,
                                                const eventstore::LogMoment& now) {
    std::vector<Fold> folds;
    folds.reserve(streams.size());
    for (const LoadStream& stream : streams) {
        auto cached = cache_.find(stream.stream_id);
        if (!cached && stream.is_new) folds.push_back(empty_fold(stream.stream_type));
        else if (!cached || !same_aggregate(*cached, stream) || is_of_another_history(*cached, now))
            return std::nullopt;
        else folds.push_back(std::move(*cached));
    }
    return folds;
}

// nullopt: the store has to be asked. Of some from memory and some from the store nobody knows one moment.
asio::awaitable<std::optional<std::vector<Fold>>> Folder::load_unmoved(const std::vector<LoadStream>& streams,
                                                                       eventstore::Deadline deadline) {
    std::vector<Fold> folds;
    std::vector<eventstore::StreamSeen> seen;
    for (const LoadStream& stream : streams) {
        auto cached = cache_.find(stream.stream_id);
        if (!cached || !cached->seen.is_set() || !same_aggregate(*cached, stream)) co_return std::nullopt;
        seen.push_back({stream.stream_id, cached->version, cached->seen});
        folds.push_back(std::move(*cached));
    }
    const auto moment = co_await watch_->all_unmoved(std::move(seen), deadline);
    if (!moment) co_return std::nullopt;
    for (std::size_t i = 0; i < streams.size(); ++i) cache_.see(streams[i].stream_id, folds[i].version, *moment);
    co_return folds;
}

asio::awaitable<Result<Fold, StoreError>> Folder::load_as_of(LoadStream stream, Position position,
                                                             eventstore::Deadline deadline) {
    Loading loading;
    loading.stream = stream;
    loading.fold = empty_fold(stream.stream_type);
    keys_.forget(stream.subject());
    for (bool is_there = false; !is_there;) {
        std::vector<eventstore::StreamFrom> page;
        page.push_back({stream.stream_id, loading.fold.version, "", std::string(stream.stream_type)});
        KEYLEDGER_CO_TRY(slices, co_await store_.read_streams(std::move(page), deadline));
        auto& events = slices->front().events;
        const auto later = std::ranges::find_if(events, [&](const auto& event) { return event.position > position; });
        is_there = later != events.end() || events.empty();
        events.erase(later, events.end());
        if (events.empty() || begins_another(loading.fold, events, stream.stream_type)) break;
        if (eventstore::is_personal(stream.stream_type) && tells_something(events)) {
            KEYLEDGER_CO_TRY(known, co_await learn_key(loading, deadline));
            if (*loading.key == nullptr && !loading.key_is_gone) co_return Unexpected(StoreError::kUnavailable);
        }
        co_await fold_page(loading, events);
        is_there = is_there || loading.fold.version >= slices->front().version;
    }
    co_return std::move(loading.fold);
}

// One page further.
asio::awaitable<Folder::Further> Folder::take(Loading& loading, eventstore::StreamSlice slice,
                                              eventstore::Deadline deadline) {
    const LoadStream& stream = loading.stream;
    loading.behind = false;
    if (slice.version < loading.fold.version) {
        // The log is behind what this process remembers: another history was restored under it.
        cache_.drop(stream.stream_id);
        co_return Unexpected(StoreError::kUnavailable);
    }
    if (loading.fold.is_foreign) {
        loading.fold.version = slice.version;
        co_return Further{};
    }
    // The id is of something else: as this aggregate the stream is empty, at the version at which it stands.
    if (!slice.snapshot && begins_another(loading.fold, slice.events, stream.stream_type)) {
        loading.fold = {slice.version, eventstore::empty_state(stream.stream_type), 0, {}, true};
        co_return Further{};
    }
    if (eventstore::is_personal(stream.stream_type) && (slice.snapshot || tells_something(slice.events))) {
        KEYLEDGER_CO_TRY(known, co_await learn_key(loading, deadline));
    }
    loading.snapshot.clear();
    if (slice.snapshot) {
        auto opened = open_snapshot(cipher_, loading.key.value_or(nullptr), stream.stream_type, *slice.snapshot);
        loading.behind = !opened;
        if (!opened) {  // from the start, then
            loading.replaces = slice.snapshot->version;
            co_return Further{};
        }
        loading.fold = std::move(*opened);
        loading.kept = loading.fold.version;
    }
    if (slice.events.empty()) {
        if (loading.fold.version < slice.version) throw eventstore::CodecError("a stream ends before its version");
        if (slice.snapshot || stream.is_often_asked) cache_.put(stream.stream_id, loading.fold);
        co_return Further{};
    }
    co_await fold_page(loading, slice.events);
    loading.behind = loading.fold.version < slice.version;
    loading.pages += 1;
    cache_.put(stream.stream_id, loading.fold);
    if (!loading.behind || loading.pages % kPagesBetweenSnapshots == 0) keep(loading);
    if (is_erased(*loading.fold.state)) keys_.forget(stream.stream_id);
    co_return Further{};
}

asio::awaitable<Folder::Further> Folder::learn_key(Loading& loading, eventstore::Deadline deadline) {
    if (loading.key) co_return Further{};
    KEYLEDGER_CO_TRY(found, co_await keys_.find(loading.stream.subject(), deadline));
    loading.key = found->key;
    loading.key_is_gone = found->for_good;
    co_return Further{};
}

asio::awaitable<void> Folder::fold_page(Loading& loading, const std::vector<RecordedEvent>& events) {
    const eventstore::SubjectKeyPtr key = loading.key.value_or(nullptr);
    loading.event_id = events.back().event_id;
    if (workers_ == nullptr || events.size() <= kMaxFoldedInPlace) {
        loading.fold = folded(loading.fold, events, cipher_, key);
        co_return;
    }
    for (std::size_t at = 0; at < events.size(); at += kMaxFoldedAtOnce) {
        const std::size_t count = std::min(kMaxFoldedAtOnce, events.size() - at);
        const std::span<const RecordedEvent> part(events.data() + at, count);
        std::function<void()> work = [&] { loading.fold = folded(loading.fold, part, cipher_, key); };
        co_await workers_->run(std::move(work));
    }
}

// Many may fold the same long stream at once: they go on from where the first of them is.
void Folder::catch_up(Loading& loading) {
    auto cached = cache_.find(loading.stream.stream_id);
    if (!cached || !same_aggregate(*cached, loading.stream) || cached->version <= loading.fold.version) return;
    loading.fold = std::move(*cached);
    loading.kept = loading.fold.version;
}

void Folder::keep(Loading& loading) {
    const SnapshotCandidate kept{loading.stream.stream_id, loading.kept,     loading.fold,
                                 loading.event_id,         loading.replaces, loading.key_is_gone};
    keep_snapshot(store_, cipher_, loading.key.value_or(nullptr), kept);
    loading.kept = loading.fold.version;
}

}  // namespace keyledger::commands
