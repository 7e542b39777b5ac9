#pragma once
// The store on PostgreSQL. It appends through the group committer and reads on a small pool of threads.
#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "eventstore/log_source.hpp"
#include "eventstore/postgres/keys/key_uses.hpp"
#include "eventstore/postgres/store/committer.hpp"
#include "eventstore/postgres/store/head_sharing.hpp"
#include "eventstore/postgres/store/read_pool.hpp"
#include "eventstore/postgres/store/verdict_delivery.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore::postgres {

struct PostgresStoreSettings {
    std::string url;  // of the service's role, on the primary
    CommitterSettings committer{};
    ReadPoolSettings reads{};
    // Shared by all that reads in this process. Without one nothing can be appended, and what is read is unchecked: for
    // whoever looks at the log without keys.
    std::shared_ptr<Authenticity> authenticity{};
    std::shared_ptr<LogTail> tail{};  // of this process; is told of what is appended here
};

// For metrics and readiness.
struct PostgresStoreStatus {
    CommitterStatus committer;
    Committer::Batches batches;
    ReadPool::Counts reads;
    HeadSharing::Counts heads;
};

// Connects in the background and by itself again whenever the server comes back; answers kUnavailable meanwhile.
class PostgresStore : public Store {
public:
    PostgresStore(PostgresStoreSettings settings, WallClock now);
    ~PostgresStore() override;

    Answer<Verdict> append(Append append, Deadline deadline) override;
    Answer<std::vector<StreamSlice>> read_streams(std::vector<StreamFrom> streams, Deadline deadline) override;
    Answer<Confirmation> confirm(std::vector<StreamVersion> versions, CommandId command_id, Deadline deadline) override;
    // kUnavailable, too, where nothing is found and all of the digests' keys have ended: others claim under another.
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
    Answer<KeyAnnouncements> key_announcements(Deadline deadline);

    // Called with the newest position on the committer's thread whenever anybody appended; must return at once.
    void on_appended(std::function<void(Position)> hook) { committer_.on_appended(std::move(hook)); }
    // The newest key that the log knows of authenticates what is appended from now on.
    void use_newest_key() { committer_.use_newest_key(); }
    // The committer first, so that whoever appends is answered; then the reads. May be repeated; called before the
    // executors of those who wait are stopped.
    void stop();
    PostgresStoreStatus status() const;

private:
    const std::shared_ptr<Authenticity> authenticity_;
    const std::function<bool(const std::string& key_id)> on_ended_key_;
    template <class T, class Work>
    Answer<T> read(Deadline deadline, Work work);
    void tell_of_ended_keys(const std::vector<ClaimDigest>& digests) const;

    VerdictDelivery verdicts_;
    Committer committer_;
    std::atomic<int> snapshots_waiting_ = 0;
    ReadPool reads_;
    HeadSharing heads_;
};

}  // namespace keyledger::eventstore::postgres
