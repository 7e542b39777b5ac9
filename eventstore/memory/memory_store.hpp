#pragma once
// A store in memory with the verdicts of the real one, for tests and examples: what it says is what the contract says.
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include "eventstore/log_source.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore {

// Any thread. Answers come through the executor they were asked on, never in the call itself, so that others run in
// between as they do with a real store.
class MemoryStore : public Store {
public:
    explicit MemoryStore(WallClock now, Uuid log_id = Uuid{{0x4b}});

    Answer<Verdict> append(Append append, Deadline deadline) override;
    Answer<std::vector<StreamSlice>> read_streams(std::vector<StreamFrom> streams, Deadline deadline) override;
    Answer<Confirmation> confirm(std::vector<StreamVersion> versions, CommandId command_id, Deadline deadline) override;
    Answer<std::optional<Uuid>> find_claim(std::string kind, std::vector<ClaimDigest> digests,
                                           Deadline deadline) override;
    Answer<std::optional<ClaimedCredential>> find_credential(std::string claim_kind, std::vector<ClaimDigest> digests,
                                                             std::string kind, Deadline deadline) override;
    Answer<std::vector<StoredCredential>> read_credentials(Uuid owner, Deadline deadline) override;
    Answer<std::optional<StoredCredential>> read_credential(Uuid owner, std::string kind, Deadline deadline) override;
    Answer<std::vector<StoredSubjectKey>> read_subject_keys(std::vector<Uuid> subjects, Deadline deadline) override;
    Answer<std::vector<RecordedEvent>> read_log(Position first, std::int32_t count, Deadline deadline) override;
    void keep_snapshot(Snapshot snapshot) override;
    Answer<Head> head(Deadline deadline) override;

    // A copy of the whole log, for assertions.
    std::vector<RecordedEvent> events() const;

private:
    friend class MemoryLogSource;
    struct Stream {
        std::string type;
        std::vector<Position> positions;  // one an event: its size is the version
    };
    struct KnownCommand {
        Position first_position;
        std::int32_t event_count;
        Digest fingerprint;
    };
    struct ClaimKey {
        std::string kind;
        std::string key_id;
        Bytes digest;
        auto operator<=>(const ClaimKey&) const = default;
    };

    struct StoredSnapshot {
        Snapshot snapshot;
        Digest leaf_hash;
    };
    const RecordedEvent* event_at(const Uuid& stream_id, std::int32_t version) const;
    const Snapshot* snapshot_for(const StreamFrom& from) const;
    Result<Verdict, StoreError> append_now(const Append& append);
    std::optional<Verdict> refusal_of(const Append& append) const;
    std::optional<Conflict> conflict_of(const Append& append) const;
    std::optional<Conflict> key_conflict_of(const Append& append) const;
    std::optional<AlreadySpent> spent_of(const Append& append) const;
    std::optional<ClaimTaken> taken_claim_of(const Append& append) const;
    void apply_facts(const Append& append);
    std::int32_t version_of(const Uuid& stream_id) const;
    std::optional<Uuid> holder_of(const std::string& kind, const std::vector<ClaimDigest>& digests) const;
    std::optional<StoredCredential> newest_credential(const Uuid& owner, const std::string& kind) const;
    bool is_live_key(const Uuid& subject, const Uuid& key_id) const;
    Head head_now() const;

    const WallClock now_;
    const Uuid log_id_;
    mutable std::mutex mutex_;  // guards all below; never held over a suspension
    std::condition_variable appended_;
    std::vector<RecordedEvent> log_;  // position - 1 is the index
    std::unordered_map<Uuid, Stream> streams_;
    std::map<CommandId, KnownCommand> commands_;
    std::map<ClaimKey, Uuid> claims_;
    std::set<Digest> spent_;
    std::unordered_map<Uuid, StoredCredential> credentials_;
    std::unordered_map<Uuid, StoredSubjectKey> subject_keys_;
    std::unordered_map<Uuid, StoredSnapshot> snapshots_;
};

// Follows a MemoryStore, which must outlive it.
class MemoryLogSource : public LogSource {
public:
    explicit MemoryLogSource(MemoryStore& store) : store_(store) {}
    Result<std::vector<RecordedEvent>, ReadError> read_after(const Cursor& cursor, std::int32_t limit) override;
    Result<Head, ReadError> head() override;
    void wait(std::chrono::milliseconds at_most) override;
    void interrupt() override;

private:
    MemoryStore& store_;
    Position seen_ = 0;
    bool interrupted_ = false;  // guarded by the store's mutex
};

}  // namespace keyledger::eventstore
