#pragma once
// The event store's port: what commands, queries and readers may ask of the log. Three stores stand behind it:
// PostgreSQL (eventstore/postgres/), memory (eventstore/memory/) and a fault-injecting wrapper (eventstore/faulty/);
// one contract suite (tests/eventstore/) holds for all of them.
//
// Threads: every function may be called from any executor; a handler completes on the executor it came from.
// Errors: expected ones are values. A store never throws for what its server does.
#include <algorithm>
#include <array>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/id.hpp"
#include "domain/base/result.hpp"
#include "domain/base/time.hpp"

namespace keyledger::eventstore {

namespace asio = boost::asio;

struct EventMetadata;

inline constexpr std::string_view kDefaultTenant = "default";
inline constexpr std::size_t kMaxEventsPerCommand = 64;
inline constexpr std::size_t kMaxPayloadBytes = 64 * 1024;  // well below Kafka's message.max.bytes
inline constexpr std::size_t kMaxMetadataBytes = 16 * 1024;
inline constexpr std::size_t kMaxSnapshotBytes = 256 * 1024;  // a larger one is not kept
// What one read of streams returns at most, shared out evenly among those that it asks for: `page_of_each`.
inline constexpr std::int32_t kMaxPageEvents = 1'024;
inline constexpr std::int64_t kMaxPageBytes = 2 * 1024 * 1024;  // of events as they are stored
inline constexpr std::int32_t kMinPageEvents = 16;              // of one stream, however many are asked for
inline constexpr std::int64_t kMinPageBytes = 32 * 1024;

using Bytes = std::string;  // raw octets
using Digest = std::array<std::uint8_t, 32>;
using Mac = std::array<std::uint8_t, 16>;  // HMAC-SHA-256, cut: half of it is what RFC 2104 asks for at least
using CommandId = Digest;
using Deadline = std::chrono::steady_clock::time_point;
using WallClock = std::function<Instant()>;  // that a store stamps `recorded_at` with; thread-safe

// ---- what a command appends ------------------------------------------------------------------------------------
struct NewEvent {
    std::string stream_type;
    Uuid stream_id;
    std::int32_t version = 0;  // expected version of its stream + 1, + 2 …
    std::string type;
    std::int16_t schema_version = 1;
    Uuid event_id;
    std::string payload;   // JSON object in canonical form (RFC 8785)
    std::string metadata;  // likewise
};
// A stream that the command read: written (its events follow from `version`) or guarded (read only). I4: if it
// stands at another version when the command is appended, nothing is written. 0: the stream must not exist.
struct StreamVersion {
    Uuid stream_id;
    std::int32_t version = 0;
};
struct ClaimChange {
    enum class Op { kTake, kRelease };
    Op op = Op::kTake;
    std::string kind;    // "email", "username" …
    std::string key_id;  // of the HMAC key
    Bytes digest;        // of the normalised value
    Uuid owner;
};
struct CredentialChange {
    CredentialId credential_id;
    Uuid owner;
    std::string kind;                    // "password" …
    std::int32_t expected_revision = 0;  // compare-and-swap; 0: must not exist. The new revision is this + 1.
    std::optional<Bytes> sealed;         // nullopt: delete
};
struct NewSubjectKey {
    Uuid subject;
    Uuid key_id;
    Bytes wrapped;
    std::string key_encryption_key_id;
};
// A key that the command sealed under: it must be its subject's live one.
struct SubjectKeyUse {
    Uuid subject;
    Uuid key_id;
};
// A value that is good once, spent in the append of what it earns (I13). Whoever presents it names the same digest and
// the same times, for all follow from the value; the times are judged by the server's clock.
struct SpentValue {
    Digest digest{};
    // At the earliest. What was made before the store remembers what was spent (a restored log does not know what the
    // lost one took) counts as spent: nobody knows.
    Instant made_at;
    Instant expires_at;  // from then on it counts as spent
};
struct Append {
    CommandId command_id{};
    Digest fingerprint{};  // of the request without its secrets (I5)
    // How long the id is remembered: one that a client sent as long as is configured; one that was made here
    // only until nobody can be in doubt about its outcome any more.
    enum class CommandIdRetention : std::uint8_t { kAsConfigured, kForAnHour };
    CommandIdRetention id_retention = CommandIdRetention::kAsConfigured;
    Instant decided_at;                 // the command's clock: its events are not recorded before
    std::vector<StreamVersion> writes;  // every stream that `events` writes, with its version before
    std::vector<StreamVersion> guards;  // no stream twice, here and in `writes` together
    // In order, grouped by nothing. None: it spends, and changes nothing else; its position is the head's then, as if
    // its events came next.
    std::vector<NewEvent> events;
    // Releases are done before takes. Taking what its owner holds already and releasing what the owner does not hold
    // are no errors: while a claim key rotates, only one of the two may be there.
    std::vector<ClaimChange> claims;
    std::vector<CredentialChange> credentials;
    std::vector<NewSubjectKey> new_keys;
    std::vector<SubjectKeyUse> key_uses;
    std::vector<SubjectKeyUse> destroyed_keys;  // erasure: must be live, and are gone for ever
    std::vector<SpentValue> spent;              // no digest twice
    // What the envelopes of `events` say, without what is personal: whoever watches what is appended need not decode
    // one. No store looks at it. nullptr: nobody said it again.
    std::shared_ptr<const EventMetadata> envelope{};
};

// ---- the verdict -----------------------------------------------------------------------------------------------
struct Appended {
    Position first_position = 0;
    std::int32_t event_count = 0;
};
// Something that the command read has moved: decide again. The first kind that did of: writes, guards, credentials,
// key uses, destroyed keys, new keys; of several of one kind, any.
struct Conflict {
    enum class Kind { kStream, kCredential, kSubjectKey };
    Kind kind = Kind::kStream;
    Uuid id;  // of the stream, the credential or the subject
    // Where it stands now: stream version or credential revision; 0: absent; -1: a credential of another owner or
    // kind. 0 for subject keys.
    std::int32_t version = 0;
};
struct Duplicate {  // this command id was appended before
    Position first_position = 0;
    std::int32_t event_count = 0;
    Digest fingerprint{};      // of the request that it was appended for
    bool same_request = true;  // against the fingerprint that was sent
};
struct ClaimTaken {
    std::string kind;
};
struct AlreadySpent {
    Digest digest{};  // of the first that is, in the append's order
};
// Looked for in this order: Duplicate, Conflict, AlreadySpent, ClaimTaken. Whoever comes with what is spent learns
// nothing of claims.
using Verdict = std::variant<Appended, Conflict, Duplicate, ClaimTaken, AlreadySpent>;

enum class StoreError {
    kUnavailable,     // nothing was written: no connection, no room in a queue, or stopping
    kDeadline,        // expired before it started: nothing was written
    kOutcomeUnknown,  // sent, and no answer came: repeat with the same command id
    kBadData,         // the server refuses this very command (or its bytes): nothing was written
};

// ---- what readers get ------------------------------------------------------------------------------------------
struct RecordedEvent {
    // Whether it can be believed. Whoever folds looks at this before anything of the event is parsed;
    // decode_any() reads no other than believed ones.
    enum class Trust : std::uint8_t {
        kUnchecked,   // nobody looked: no keys at hand
        kBelieved,    // leaf and MAC are right
        kInert,       // the service did not write it: it has its place and its version, and means nothing
        kChanged,     // it was believed once: a signed tree head covers it. Whoever reads on stops
        kKeyMissing,  // its key was announced, and the keyring lacks it
    };
    Position position = 0;
    std::string tenant;
    std::string stream_type;
    Uuid stream_id;
    std::int32_t version = 0;
    std::string type;
    std::int16_t schema_version = 1;
    Uuid event_id;
    std::string payload;  // JSON text as stored
    std::string metadata;
    Instant recorded_at;  // given by the committer; never falls from position to position
    Digest leaf_hash{};
    // The texts are those that were hashed. Events from before MACs have others: jsonb reorders members.
    bool is_canonical = false;
    std::string mac_key_id;  // empty: from before MACs
    Mac mac{};
    Trust trust = Trust::kUnchecked;

    bool is_inert() const { return trust == Trust::kInert; }
};
// A place in one log's history. Position 0 has the leaf hash of zeroes.
struct Cursor {
    Position position = 0;
    Digest leaf_hash{};
    bool operator==(const Cursor&) const = default;
};
struct Head {
    Uuid log_id;
    Cursor cursor;
};
struct StreamFrom {
    Uuid stream_id;
    std::int32_t after_version = 0;  // events with a greater version are returned
    std::string fold{};              // begin with the stream's newest snapshot of this fold instead; empty: don't
    // If the stream begins with another type, the first read gives only its first event: enough to see what the
    // stream is, however long it is. Empty: any.
    std::string stream_type{};
};
// Of one stream among `streams` in a read: no more events than these, and no more than one beyond these bytes.
struct StreamPage {
    std::int32_t events = 0;
    std::int64_t bytes = 0;
};
constexpr StreamPage page_of_each(std::size_t streams) {
    const auto among = static_cast<std::int32_t>(std::clamp<std::size_t>(streams, 1, kMaxPageEvents));
    return {std::max(kMinPageEvents, kMaxPageEvents / among), std::max(kMinPageBytes, kMaxPageBytes / among)};
}
// A remembered fold of a stream up to one of its events, so that a long one need not be read from its start.
struct Snapshot {
    Uuid stream_id;
    std::int32_t version = 0;
    Uuid event_id;     // at that version
    std::string fold;  // names what folded it: one of another fold is not read
    Bytes sealed;      // whoever opens it knows whether it was changed
    // When it is kept: the version of one that could not be opened, and gives way although it may be newer.
    std::int32_t replaces = 0;
};
struct StreamSlice {
    Uuid stream_id;
    std::int32_t version = 0;            // of the stream's head in the same read; 0: the stream does not exist
    std::vector<RecordedEvent> events;   // the next ones, in a page: there may be more up to `version`
    std::optional<Snapshot> snapshot{};  // the events follow from its version
    // Of the stream's first record, whoever wrote that: only a believed event says what a stream is. Empty: there is
    // none.
    std::string stream_type{};
};
struct ClaimDigest {
    std::string key_id;
    Bytes digest;
};
struct StoredCredential {
    CredentialId credential_id;
    Uuid owner;
    std::string kind;
    std::int32_t revision = 0;
    Bytes sealed;
};
// Whose claim it is, and their newest credential of a kind.
struct ClaimedCredential {
    Uuid owner;
    std::optional<StoredCredential> credential{};
};
struct StoredSubjectKey {
    Uuid subject;
    Uuid key_id;
    Bytes wrapped;  // empty once destroyed
    std::string key_encryption_key_id;
    bool destroyed = false;
};
struct Confirmation {
    bool unmoved = false;                      // every version named still stands
    std::optional<Duplicate> earlier_outcome;  // of the command id, if it is known
};

class Store {
public:
    virtual ~Store() = default;

    template <class T>
    using Answer = asio::awaitable<Result<T, StoreError>>;

    // I2–I5. Durable when it answers Appended (I3). Commands of all callers share one committer; an entry whose
    // deadline passed while it waited is answered kDeadline. One that was sent is waited for a little longer, is never
    // cancelled, and is answered kOutcomeUnknown while the server says nothing.
    virtual Answer<Verdict> append(Append append, Deadline deadline) = 0;

    // All slices come from one snapshot, in the order of `streams`, and include every append that had been answered
    // before the call, on any node (I8). A slice holds at most a page (`page_of_each`), and at least one event where
    // there are any: whoever wants the rest asks again. A stream of another type is not read beyond its first event.
    virtual Answer<std::vector<StreamSlice>> read_streams(std::vector<StreamFrom> streams, Deadline deadline) = 0;
    virtual Answer<Confirmation> confirm(std::vector<StreamVersion> versions, CommandId command_id,
                                         Deadline deadline) = 0;

    // Any of the digests (one for each claim key in rotation).
    virtual Answer<std::optional<Uuid>> find_claim(std::string kind, std::vector<ClaimDigest> digests,
                                                   Deadline deadline) = 0;
    // find_claim and read_credential in one read.
    virtual Answer<std::optional<ClaimedCredential>> find_credential(std::string claim_kind,
                                                                     std::vector<ClaimDigest> digests, std::string kind,
                                                                     Deadline deadline) = 0;
    // Up to kMaxCredentialsRead (append_rules.hpp) of an owner's, whatever their kind, by id; without what is sealed.
    virtual Answer<std::vector<StoredCredential>> read_credentials(Uuid owner, Deadline deadline) = 0;
    virtual Answer<std::optional<StoredCredential>> read_credential(Uuid owner, std::string kind,
                                                                    Deadline deadline) = 0;
    virtual Answer<std::vector<StoredSubjectKey>> read_subject_keys(std::vector<Uuid> subjects, Deadline deadline) = 0;

    // `count` events from `first` on, at most `kMaxReadBatch`.
    virtual Answer<std::vector<RecordedEvent>> read_log(Position first, std::int32_t count, Deadline deadline) = 0;
    // Keeps the newest snapshot of a stream, in the background and if it is convenient: one may be lost, and is not
    // kept when the log does not hold its event. One whose event has another leaf hash by then is not given out.
    virtual void keep_snapshot(Snapshot snapshot) = 0;
    // Asked of the primary after the call began (I8); callers share queries as Raft's ReadIndex does.
    virtual Answer<Head> head(Deadline deadline) = 0;
};

inline constexpr std::int32_t kMaxReadBatch = 10'000;

}  // namespace keyledger::eventstore
