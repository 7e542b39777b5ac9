#include "eventstore/memory/memory_store.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "eventstore/append_rules.hpp"
#include "eventstore/leaf.hpp"

namespace keyledger::eventstore {
namespace {

bool expired(Deadline deadline) { return std::chrono::steady_clock::now() >= deadline; }

}  // namespace

MemoryStore::MemoryStore(WallClock now, Uuid log_id) : now_(std::move(now)), log_id_(log_id) {}

// ---- appending -------------------------------------------------------------------------------------------------
MemoryStore::Answer<Verdict> MemoryStore::append(Append append, Deadline deadline) {
    co_await asio::post(asio::use_awaitable);
    if (problem_of(append)) co_return Unexpected(StoreError::kBadData);
    if (expired(deadline)) co_return Unexpected(StoreError::kDeadline);
    co_return append_now(append);
}

Result<Verdict, StoreError> MemoryStore::append_now(const Append& append) {
    const std::lock_guard lock(mutex_);
    for (const SpentValue& value : append.spent)
        if (value.expires_at > now_() + kMaxSpentLife) return Unexpected(StoreError::kBadData);
    if (auto refusal = refusal_of(append)) return std::move(*refusal);
    const Instant newest = log_.empty() ? Instant() : log_.back().recorded_at;
    const Instant recorded_at = std::max({now_(), newest, append.decided_at});
    const Appended appended{std::ssize(log_) + 1, static_cast<std::int32_t>(append.events.size())};
    for (const NewEvent& event : append.events) {
        RecordedEvent recorded;
        recorded.position = std::ssize(log_) + 1;
        recorded.tenant = kDefaultTenant;
        recorded.stream_type = event.stream_type;
        recorded.stream_id = event.stream_id;
        recorded.version = event.version;
        recorded.type = event.type;
        recorded.schema_version = event.schema_version;
        recorded.event_id = event.event_id;
        recorded.payload = event.payload;
        recorded.metadata = event.metadata;
        recorded.recorded_at = recorded_at;
        recorded.leaf_hash = leaf_hash(kDefaultTenant, event, recorded_at);
        recorded.is_canonical = true;
        recorded.trust = RecordedEvent::Trust::kBelieved;  // nobody else writes here
        Stream& stream = streams_[event.stream_id];
        if (stream.positions.empty()) stream.type = event.stream_type;
        stream.positions.push_back(recorded.position);
        log_.push_back(std::move(recorded));
    }
    if (!is_told_by_event(append))
        commands_[append.command_id] = {appended.first_position, appended.event_count, append.fingerprint};
    apply_facts(append);
    appended_.notify_all();
    return Verdict(appended);
}

std::optional<Verdict> MemoryStore::refusal_of(const Append& append) const {
    if (const auto known = commands_.find(append.command_id); known != commands_.end())
        return Duplicate{known->second.first_position, known->second.event_count, known->second.fingerprint,
                         known->second.fingerprint == append.fingerprint};
    if (is_told_by_event(append)) {
        const NewEvent& first = append.events.front();
        const RecordedEvent* told = event_at(first.stream_id, first.version);
        if (told != nullptr && told->event_id == first.event_id)
            return Duplicate{told->position, static_cast<std::int32_t>(append.events.size()), append.fingerprint};
    }
    if (auto conflict = conflict_of(append)) return *conflict;
    if (auto spent = spent_of(append)) return *spent;
    if (auto taken = taken_claim_of(append)) return *taken;
    return std::nullopt;
}

std::optional<Conflict> MemoryStore::conflict_of(const Append& append) const {
    for (const auto* read : {&append.writes, &append.guards})
        for (const auto& [stream_id, version] : *read)
            if (version_of(stream_id) != version)
                return Conflict{Conflict::Kind::kStream, stream_id, version_of(stream_id)};
    for (const CredentialChange& change : append.credentials) {
        const auto at = credentials_.find(change.credential_id);
        std::int32_t revision = 0;
        if (at != credentials_.end())
            revision = at->second.owner == change.owner && at->second.kind == change.kind ? at->second.revision : -1;
        if (revision != change.expected_revision)
            return Conflict{Conflict::Kind::kCredential, change.credential_id, revision};
    }
    return key_conflict_of(append);
}

std::optional<Conflict> MemoryStore::key_conflict_of(const Append& append) const {
    auto is_own_new = [&](const SubjectKeyUse& use) {
        return !subject_keys_.contains(use.subject) &&
               std::any_of(append.new_keys.begin(), append.new_keys.end(), [&](const NewSubjectKey& key) {
                   return key.subject == use.subject && key.key_id == use.key_id;
               });
    };
    for (const SubjectKeyUse& use : append.key_uses)
        if (!is_live_key(use.subject, use.key_id) && !is_own_new(use))
            return Conflict{Conflict::Kind::kSubjectKey, use.subject};
    for (const SubjectKeyUse& destroyed : append.destroyed_keys)
        if (!is_live_key(destroyed.subject, destroyed.key_id))
            return Conflict{Conflict::Kind::kSubjectKey, destroyed.subject};
    for (const NewSubjectKey& key : append.new_keys)
        if (subject_keys_.contains(key.subject)) return Conflict{Conflict::Kind::kSubjectKey, key.subject};
    return std::nullopt;
}

// It remembers from its beginning, so that it does not matter when a value was made.
std::optional<AlreadySpent> MemoryStore::spent_of(const Append& append) const {
    const Instant now = now_();
    for (const SpentValue& value : append.spent)
        if (spent_.contains(value.digest) || value.expires_at <= now) return AlreadySpent{value.digest};
    return std::nullopt;
}

std::optional<ClaimTaken> MemoryStore::taken_claim_of(const Append& append) const {
    for (const ClaimChange& take : append.claims) {
        if (take.op != ClaimChange::Op::kTake) continue;
        const auto held = claims_.find({take.kind, take.key_id, take.digest});
        if (held == claims_.end() || held->second == take.owner) continue;
        const bool released = std::any_of(append.claims.begin(), append.claims.end(), [&](const ClaimChange& other) {
            return other.op == ClaimChange::Op::kRelease && other.kind == take.kind && other.key_id == take.key_id &&
                   other.digest == take.digest && other.owner == held->second;
        });
        if (!released) return ClaimTaken{take.kind};
    }
    return std::nullopt;
}

void MemoryStore::apply_facts(const Append& append) {
    for (const ClaimChange& claim : append.claims) {
        const auto held = claims_.find({claim.kind, claim.key_id, claim.digest});
        if (claim.op == ClaimChange::Op::kRelease && held != claims_.end() && held->second == claim.owner)
            claims_.erase(held);
    }
    for (const ClaimChange& claim : append.claims)
        if (claim.op == ClaimChange::Op::kTake) claims_[{claim.kind, claim.key_id, claim.digest}] = claim.owner;
    for (const CredentialChange& change : append.credentials) {
        if (change.sealed) {
            credentials_[change.credential_id] = {change.credential_id, change.owner, change.kind,
                                                  change.expected_revision + 1, *change.sealed};
        } else {
            credentials_.erase(change.credential_id);
        }
    }
    for (const NewSubjectKey& key : append.new_keys)
        subject_keys_[key.subject] = {key.subject, key.key_id, key.wrapped, key.key_encryption_key_id, false};
    for (const SubjectKeyUse& destroyed : append.destroyed_keys) {
        subject_keys_[destroyed.subject].wrapped.clear();
        subject_keys_[destroyed.subject].destroyed = true;
    }
    for (const SpentValue& value : append.spent) spent_.insert(value.digest);
}

// ---- reading ---------------------------------------------------------------------------------------------------
std::int32_t MemoryStore::version_of(const Uuid& stream_id) const {
    const auto stream = streams_.find(stream_id);
    return stream == streams_.end() ? 0 : static_cast<std::int32_t>(stream->second.positions.size());
}

bool MemoryStore::is_live_key(const Uuid& subject, const Uuid& key_id) const {
    const auto key = subject_keys_.find(subject);
    return key != subject_keys_.end() && key->second.key_id == key_id && !key->second.destroyed;
}

Head MemoryStore::head_now() const {
    Head head;
    head.log_id = log_id_;
    if (!log_.empty()) head.cursor = {log_.back().position, log_.back().leaf_hash};
    return head;
}

MemoryStore::Answer<std::vector<StreamSlice>> MemoryStore::read_streams(std::vector<StreamFrom> streams,
                                                                        Deadline deadline) {
    co_await asio::post(asio::use_awaitable);
    if (expired(deadline)) co_return Unexpected(StoreError::kDeadline);
    const std::lock_guard lock(mutex_);
    std::vector<StreamSlice> slices;
    const StreamPage page = page_of_each(streams.size());
    for (const StreamFrom& from : streams) {
        StreamSlice& slice = slices.emplace_back();
        slice.stream_id = from.stream_id;
        slice.version = version_of(from.stream_id);
        if (slice.version == 0) continue;
        slice.stream_type = streams_.at(from.stream_id).type;
        std::int32_t after = std::max(from.after_version, 0);
        if (const Snapshot* snapshot = snapshot_for(from)) {
            slice.snapshot = *snapshot;
            after = snapshot->version;
        }
        const bool may_be_foreign = after == 0 && !from.stream_type.empty() && from.stream_type != slice.stream_type;
        const std::int32_t end = std::min(slice.version, after + (may_be_foreign ? 1 : page.events));
        for (std::int64_t bytes = 0; after < end && bytes < page.bytes;) {
            slice.events.push_back(*event_at(from.stream_id, ++after));
            bytes += std::ssize(slice.events.back().payload) + std::ssize(slice.events.back().metadata);
        }
    }
    co_return slices;
}

MemoryStore::Answer<Confirmation> MemoryStore::confirm(std::vector<StreamVersion> versions, CommandId command_id,
                                                       Deadline deadline) {
    co_await asio::post(asio::use_awaitable);
    if (expired(deadline)) co_return Unexpected(StoreError::kDeadline);
    const std::lock_guard lock(mutex_);
    Confirmation confirmation;
    confirmation.unmoved = std::all_of(versions.begin(), versions.end(), [&](const StreamVersion& read) {
        return version_of(read.stream_id) == read.version;
    });
    if (const auto known = commands_.find(command_id); known != commands_.end())
        confirmation.earlier_outcome =
            Duplicate{known->second.first_position, known->second.event_count, known->second.fingerprint};
    co_return confirmation;
}

std::optional<Uuid> MemoryStore::holder_of(const std::string& kind, const std::vector<ClaimDigest>& digests) const {
    for (const auto& [key_id, digest] : digests)
        if (const auto held = claims_.find({kind, key_id, digest}); held != claims_.end()) return held->second;
    return std::nullopt;
}

std::optional<StoredCredential> MemoryStore::newest_credential(const Uuid& owner, const std::string& kind) const {
    std::optional<StoredCredential> newest;
    for (const auto& [id, credential] : credentials_)
        if (credential.owner == owner && credential.kind == kind && (!newest || newest->credential_id < id))
            newest = credential;
    return newest;
}

MemoryStore::Answer<std::optional<Uuid>> MemoryStore::find_claim(std::string kind, std::vector<ClaimDigest> digests,
                                                                 Deadline deadline) {
    co_await asio::post(asio::use_awaitable);
    if (expired(deadline)) co_return Unexpected(StoreError::kDeadline);
    const std::lock_guard lock(mutex_);
    co_return holder_of(kind, digests);
}

MemoryStore::Answer<std::optional<ClaimedCredential>> MemoryStore::find_credential(std::string claim_kind,
                                                                                   std::vector<ClaimDigest> digests,
                                                                                   std::string kind,
                                                                                   Deadline deadline) {
    co_await asio::post(asio::use_awaitable);
    if (expired(deadline)) co_return Unexpected(StoreError::kDeadline);
    const std::lock_guard lock(mutex_);
    const auto owner = holder_of(claim_kind, digests);
    if (!owner) co_return std::optional<ClaimedCredential>();
    co_return std::optional(ClaimedCredential{*owner, newest_credential(*owner, kind)});
}

MemoryStore::Answer<std::optional<StoredCredential>> MemoryStore::read_credential(Uuid owner, std::string kind,
                                                                                  Deadline deadline) {
    co_await asio::post(asio::use_awaitable);
    if (expired(deadline)) co_return Unexpected(StoreError::kDeadline);
    const std::lock_guard lock(mutex_);
    co_return newest_credential(owner, kind);
}

MemoryStore::Answer<std::vector<StoredCredential>> MemoryStore::read_credentials(Uuid owner, Deadline deadline) {
    co_await asio::post(asio::use_awaitable);
    if (expired(deadline)) co_return Unexpected(StoreError::kDeadline);
    const std::lock_guard lock(mutex_);
    std::vector<StoredCredential> theirs;
    for (const auto& [id, credential] : credentials_)
        if (credential.owner == owner) theirs.push_back(credential);
    std::ranges::sort(theirs, {}, &StoredCredential::credential_id);
    if (theirs.size() > kMaxCredentialsRead) theirs.resize(kMaxCredentialsRead);
    for (StoredCredential& credential : theirs) credential.sealed.clear();
    co_return theirs;
}

MemoryStore::Answer<std::vector<StoredSubjectKey>> MemoryStore::read_subject_keys(std::vector<Uuid> subjects,
                                                                                  Deadline deadline) {
    co_await asio::post(asio::use_awaitable);
    if (expired(deadline)) co_return Unexpected(StoreError::kDeadline);
    const std::lock_guard lock(mutex_);
    std::vector<StoredSubjectKey> keys;
    for (const Uuid& subject : subjects)
        if (const auto key = subject_keys_.find(subject); key != subject_keys_.end()) keys.push_back(key->second);
    co_return keys;
}

MemoryStore::Answer<std::vector<RecordedEvent>> MemoryStore::read_log(Position first, std::int32_t count,
                                                                      Deadline deadline) {
    co_await asio::post(asio::use_awaitable);
    if (expired(deadline)) co_return Unexpected(StoreError::kDeadline);
    const std::lock_guard lock(mutex_);
    const Position begin = std::max<Position>(first, 1) - 1;
    const Position end = std::min<Position>(std::ssize(log_), begin + std::clamp(count, 0, kMaxReadBatch));
    if (begin >= end) co_return std::vector<RecordedEvent>();
    co_return std::vector<RecordedEvent>(log_.begin() + begin, log_.begin() + end);
}

const RecordedEvent* MemoryStore::event_at(const Uuid& stream_id, std::int32_t version) const {
    if (version < 1 || version > version_of(stream_id)) return nullptr;
    const Position position = streams_.at(stream_id).positions[static_cast<std::size_t>(version) - 1];
    return &log_[static_cast<std::size_t>(position) - 1];
}

const Snapshot* MemoryStore::snapshot_for(const StreamFrom& from) const {
    const auto kept = snapshots_.find(from.stream_id);
    if (kept == snapshots_.end()) return nullptr;
    const Snapshot& snapshot = kept->second.snapshot;
    const RecordedEvent* event = event_at(from.stream_id, snapshot.version);
    const bool fits = !from.fold.empty() && snapshot.fold == from.fold && snapshot.version > from.after_version &&
                      event && event->leaf_hash == kept->second.leaf_hash;
    return fits ? &snapshot : nullptr;
}

void MemoryStore::keep_snapshot(Snapshot snapshot) {
    const std::lock_guard lock(mutex_);
    const RecordedEvent* event = event_at(snapshot.stream_id, snapshot.version);
    if (!event || event->event_id != snapshot.event_id || snapshot.sealed.size() > kMaxSnapshotBytes) return;
    const Uuid stream_id = snapshot.stream_id;
    const StreamFrom same{stream_id, 0, snapshot.fold};
    const Snapshot* known = snapshot_for(same);
    if (known && known->version > snapshot.version && known->version != snapshot.replaces) return;
    snapshots_[stream_id] = {std::move(snapshot), event->leaf_hash};
}

MemoryStore::Answer<Head> MemoryStore::head(Deadline deadline) {
    co_await asio::post(asio::use_awaitable);
    if (expired(deadline)) co_return Unexpected(StoreError::kDeadline);
    const std::lock_guard lock(mutex_);
    co_return head_now();
}

std::vector<RecordedEvent> MemoryStore::events() const {
    const std::lock_guard lock(mutex_);
    return log_;
}

// ---- following -------------------------------------------------------------------------------------------------
Result<std::vector<RecordedEvent>, ReadError> MemoryLogSource::read_after(const Cursor& cursor, std::int32_t limit) {
    const std::lock_guard lock(store_.mutex_);
    const auto& log = store_.log_;
    if (cursor.position < 0 || cursor.position > std::ssize(log)) return Unexpected(ReadError::kCursorUnknown);
    const Digest expected =
        cursor.position == 0 ? Digest{} : log[static_cast<std::size_t>(cursor.position) - 1].leaf_hash;
    if (cursor.leaf_hash != expected) return Unexpected(ReadError::kCursorUnknown);
    const Position end = std::min<Position>(std::ssize(log), cursor.position + std::clamp(limit, 0, kMaxReadBatch));
    seen_ = end;
    return std::vector<RecordedEvent>(log.begin() + cursor.position, log.begin() + end);
}

Result<Head, ReadError> MemoryLogSource::head() {
    const std::lock_guard lock(store_.mutex_);
    return store_.head_now();
}

void MemoryLogSource::wait(std::chrono::milliseconds at_most) {
    std::unique_lock lock(store_.mutex_);
    store_.appended_.wait_for(lock, at_most, [&] { return interrupted_ || std::ssize(store_.log_) > seen_; });
    interrupted_ = false;
}

void MemoryLogSource::interrupt() {
    {
        const std::lock_guard lock(store_.mutex_);
        interrupted_ = true;
    }
    store_.appended_.notify_all();
}

}  // namespace keyledger::eventstore
