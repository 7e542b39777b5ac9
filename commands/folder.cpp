#include "commands/folder.hpp"

#include "commands/snapshots.hpp"
#include "eventstore/codec/jcs.hpp"

namespace keyledger::commands {
namespace {

// Opens a user's own fields. What is sealed for somebody else reads as erased.
class SubjectOpener : public eventstore::FieldOpener {
public:
    SubjectOpener(eventstore::SubjectCipher& cipher, eventstore::SubjectKeyPtr key,
                  const eventstore::RecordedEvent& event)
        : cipher_(cipher), key_(std::move(key)), event_(event) {}

    std::optional<std::string> open(std::string_view field, std::string_view sealed) override {
        if (!key_) return std::nullopt;
        return cipher_.open_field(*key_, {event_.tenant, event_.event_id, field}, sealed);
    }

private:
    eventstore::SubjectCipher& cipher_;
    eventstore::SubjectKeyPtr key_;
    const eventstore::RecordedEvent& event_;
};

bool has_personal_fields(const eventstore::StreamSlice& slice) {
    return slice.events.front().stream_type == User::kStreamType;
}

bool is_erased(const Fold& fold) {
    const auto* user = std::get_if<User>(fold.state.get());
    return user && user->status == User::Status::kErased;
}

constexpr Uuid kDefaultRoles = assignments_of(kEveryone);

bool same_aggregate(const Fold& fold, const LoadStream& stream) {
    return fold.state->index() == stream.empty.state->index();
}

}  // namespace

asio::awaitable<Result<std::vector<Fold>, eventstore::StoreError>> Folder::load(std::vector<LoadStream> streams,
                                                                                Freshness freshness,
                                                                                eventstore::Deadline deadline) {
    std::vector<Fold> folds;
    std::vector<std::size_t> behind;
    std::vector<std::string> snapshots(streams.size());  // which would do
    for (std::size_t i = 0; i < streams.size(); ++i) {
        auto cached = cache_.find(streams[i].stream_id);
        if (cached && !same_aggregate(*cached, streams[i])) cached.reset();
        folds.push_back(cached ? *cached : streams[i].empty);
        if ((cached || streams[i].is_new) && freshness == Freshness::kCached) continue;
        behind.push_back(i);
        if (folds[i].version == 0) snapshots[i] = fold_name_of(*streams[i].empty.state);
    }
    while (!behind.empty()) {
        std::vector<eventstore::StreamFrom> reads;
        for (std::size_t i : behind) reads.push_back({streams[i].stream_id, folds[i].version, snapshots[i]});
        auto slices = co_await store_.read_streams(std::move(reads), deadline);
        if (!slices) co_return Unexpected(slices.error());
        std::vector<std::size_t> still_behind;
        for (std::size_t i = 0; i < behind.size(); ++i) {
            eventstore::StreamSlice& slice = slices.value()[i];
            const std::int32_t head = slice.version;
            Fold& fold = folds[behind[i]];
            snapshots[behind[i]].clear();
            if (slice.snapshot) {
                auto opened = open_snapshot(cipher_, *streams[behind[i]].empty.state, *slice.snapshot);
                if (!opened) {  // from the start, then
                    still_behind.push_back(behind[i]);
                    continue;
                }
                fold = std::move(*opened);
            }
            const std::int32_t from = fold.version;
            auto further = co_await fold_on(streams[behind[i]], fold, std::move(slice), deadline);
            if (!further) co_return Unexpected(further.error());
            if (further->version < head && further->version == from)
                throw eventstore::CodecError("a stream ends before its version");
            fold = std::move(*further);
            if (fold.version < head) still_behind.push_back(behind[i]);
        }
        behind = std::move(still_behind);
    }
    co_return folds;
}

asio::awaitable<Result<Fold, eventstore::StoreError>> Folder::fold_on(const LoadStream& stream, Fold fold,
                                                                      eventstore::StreamSlice slice,
                                                                      eventstore::Deadline deadline) {
    if (slice.version < fold.version) {
        // The log is behind what this process remembers: another history was restored under it.
        cache_.drop(stream.stream_id);
        co_return Unexpected(eventstore::StoreError::kUnavailable);
    }
    if (slice.events.empty()) {
        // That there are no default roles is asked for by most commands, so it is remembered, too.
        if (slice.snapshot || stream.stream_id == kDefaultRoles) cache_.put(stream.stream_id, fold);
        co_return fold;
    }
    // The id is of something else: as this aggregate the stream is empty, at the version at which it stands.
    if (slice.events.front().stream_type != stream_type_of(*stream.empty.state))
        co_return Fold{slice.version, stream.empty.state, slice.events.back().position};
    const Fold before = fold;
    eventstore::SubjectKeyPtr key;
    if (has_personal_fields(slice)) {
        auto found = co_await keys_.find(slice.stream_id, deadline);
        if (!found) co_return Unexpected(found.error());
        key = found->key;
    }
    for (const eventstore::RecordedEvent& event : slice.events) {
        SubjectOpener opener(cipher_, key, event);
        eventstore::OpensNothing nothing;
        const auto envelope = eventstore::decode_metadata(event.metadata, nothing);
        const Recorded recorded{event.position, envelope.occurred_at_ms};
        fold = advance(fold, eventstore::decode_any(event, opener), event.version, recorded);
    }
    cache_.put(stream.stream_id, fold);
    keep_snapshot(store_, cipher_, stream.stream_id, before, fold, slice.events.back().event_id);
    if (is_erased(fold)) keys_.forget(stream.stream_id);
    co_return fold;
}

}  // namespace keyledger::commands
