#include "eventstore/postgres/store/postgres_store.hpp"

#include <algorithm>

#include "eventstore/async_answer.hpp"
#include "eventstore/postgres/store/read_session.hpp"

namespace keyledger::eventstore::postgres {
namespace {

template <class T, class Work>
class AwaitedRead : public ReadJob {
public:
    AwaitedRead(Deadline deadline, Work work, AsyncAnswer<T, StoreError> answer)
        : ReadJob(deadline), work_(std::move(work)), answer_(std::move(answer)) {}
    void run(ReadSession& session) override {
        T found = work_(session.connection());
        answer_(std::move(found));
    }
    void fail(StoreError error) override { answer_(Unexpected(error)); }

private:
    Work work_;
    AsyncAnswer<T, StoreError> answer_;
};

constexpr auto kPatienceWithSent = std::chrono::seconds(2);  // beyond its deadline, with an append

// Nobody waits for it: what fails is lost, and no more than a few are in the way of reads.
constexpr int kMaxSnapshotsWaiting = 64;
constexpr auto kSnapshotPatience = std::chrono::seconds(5);
class SnapshotWrite : public ReadJob {
public:
    SnapshotWrite(Snapshot snapshot, std::atomic<int>& waiting)
        : ReadJob(std::chrono::steady_clock::now() + kSnapshotPatience),
          snapshot_(std::move(snapshot)),
          waiting_(waiting) {}
    ~SnapshotWrite() override { --waiting_; }
    void run(ReadSession& session) override { write_snapshot(session.connection(), snapshot_); }
    void fail(StoreError) override {}

private:
    Snapshot snapshot_;
    std::atomic<int>& waiting_;
};

// Every security answer waits for it, and it reads two rows: what takes longer is not slow but silent.
constexpr std::chrono::milliseconds kHeadTimeout{2'000};

HeadSharing::Ask make_head_query(const std::string& url, const ReadPoolSettings& settings) {
    const auto timeout = std::min(settings.statement_timeout, kHeadTimeout);
    auto session = std::make_shared<ReadSession>(url, timeout, settings.longest_pause, prepare_head);
    return [session]() -> Result<Head, StoreError> {
        auto head = session->run([&] { return read_head(session->connection()); });
        if (!head) return Unexpected(head.error().error);
        return *head;
    };
}

}  // namespace

PostgresStore::PostgresStore(PostgresStoreSettings settings, WallClock now)
    : authenticity_(settings.authenticity),
      on_ended_key_(settings.committer.on_ended_key),
      committer_(settings.url, std::move(now), settings.committer, settings.authenticity, settings.tail),
      reads_(settings.url, settings.reads),
      heads_([url = settings.url, reads = settings.reads] { return make_head_query(url, reads); }) {}

PostgresStore::~PostgresStore() { stop(); }

void PostgresStore::stop() {
    committer_.stop();
    reads_.stop();
    heads_.stop();
}

PostgresStoreStatus PostgresStore::status() const {
    return {committer_.status(), committer_.batches(), reads_.counts(), heads_.counts()};
}

PostgresStore::Answer<Verdict> PostgresStore::append(Append append, Deadline deadline) {
    // It is not cancelled then; nobody but the log knows whether it was done. Before, the committer says what it knows.
    const Deadline latest = deadline > Deadline::max() - kPatienceWithSent ? deadline : deadline + kPatienceWithSent;
    auto submit = [this, append = std::move(append), deadline, latest](VerdictDelivery::Answer answer) mutable {
        committer_.submit(std::move(append), deadline, verdicts_.enlist(latest, std::move(answer)));
    };
    return async_answer<Verdict, StoreError>(  // the delivery sees to the deadline
        Deadline::max(), StoreError::kOutcomeUnknown, std::move(submit));
}

template <class T, class Work>
PostgresStore::Answer<T> PostgresStore::read(Deadline deadline, Work work) {
    auto submit = [this, deadline, work = std::move(work)](AsyncAnswer<T, StoreError> answer) mutable {
        reads_.submit(std::make_unique<AwaitedRead<T, Work>>(deadline, std::move(work), std::move(answer)));
    };
    return async_answer<T, StoreError>(deadline, StoreError::kDeadline, std::move(submit));
}

PostgresStore::Answer<std::vector<StreamSlice>> PostgresStore::read_streams(std::vector<StreamFrom> streams,
                                                                            Deadline deadline) {
    return read<std::vector<StreamSlice>>(
        deadline, [streams = std::move(streams), authenticity = authenticity_.get()](pqxx::connection& connection) {
            return postgres::read_streams(connection, streams, authenticity);
        });
}

PostgresStore::Answer<Confirmation> PostgresStore::confirm(std::vector<StreamVersion> versions, CommandId command_id,
                                                           Deadline deadline) {
    return read<Confirmation>(deadline, [versions = std::move(versions), command_id](pqxx::connection& connection) {
        return postgres::confirm(connection, versions, command_id);
    });
}

void PostgresStore::tell_of_ended_keys(const std::vector<ClaimDigest>& digests) const {
    if (!on_ended_key_) return;
    for (const ClaimDigest& one : digests) (void)on_ended_key_(one.key_id);
}

// Where all keys that were looked under have ended, others claim under one that was not: nobody can say then that a
// name is nobody's.
PostgresStore::Answer<std::optional<Uuid>> PostgresStore::find_claim(std::string kind, std::vector<ClaimDigest> digests,
                                                                     Deadline deadline) {
    auto work = [this, kind = std::move(kind), digests = std::move(digests)](pqxx::connection& connection) {
        auto found = postgres::find_claim(connection, kind, digests);
        if (found.keys_have_ended) tell_of_ended_keys(digests);
        return found;
    };
    auto found = co_await read<FoundClaim>(deadline, std::move(work));
    if (!found) co_return Unexpected(found.error());
    if (found->keys_have_ended && !found->owner) co_return Unexpected(StoreError::kUnavailable);
    co_return found->owner;
}

PostgresStore::Answer<std::optional<ClaimedCredential>> PostgresStore::find_credential(std::string claim_kind,
                                                                                       std::vector<ClaimDigest> digests,
                                                                                       std::string kind,
                                                                                       Deadline deadline) {
    auto work = [this, claim_kind = std::move(claim_kind), digests = std::move(digests),
                 kind = std::move(kind)](pqxx::connection& connection) {
        auto found = postgres::find_credential(connection, claim_kind, digests, kind);
        if (found.keys_have_ended) tell_of_ended_keys(digests);
        return found;
    };
    auto found = co_await read<FoundCredential>(deadline, std::move(work));
    if (!found) co_return Unexpected(found.error());
    if (found->keys_have_ended && !found->claimed) co_return Unexpected(StoreError::kUnavailable);
    co_return std::move(found->claimed);
}

PostgresStore::Answer<KeyAnnouncements> PostgresStore::key_announcements(Deadline deadline) {
    return read<KeyAnnouncements>(
        deadline, [](pqxx::connection& connection) { return postgres::read_key_announcements(connection); });
}

PostgresStore::Answer<std::optional<StoredCredential>> PostgresStore::read_credential(Uuid owner, std::string kind,
                                                                                      Deadline deadline) {
    return read<std::optional<StoredCredential>>(deadline,
                                                 [owner, kind = std::move(kind)](pqxx::connection& connection) {
                                                     return postgres::read_credential(connection, owner, kind);
                                                 });
}

PostgresStore::Answer<std::vector<StoredCredential>> PostgresStore::read_credentials(Uuid owner, Deadline deadline) {
    return read<std::vector<StoredCredential>>(
        deadline, [owner](pqxx::connection& connection) { return postgres::read_credentials(connection, owner); });
}

PostgresStore::Answer<std::vector<StoredSubjectKey>> PostgresStore::read_subject_keys(std::vector<Uuid> subjects,
                                                                                      Deadline deadline) {
    return read<std::vector<StoredSubjectKey>>(deadline,
                                               [subjects = std::move(subjects)](pqxx::connection& connection) {
                                                   return postgres::read_subject_keys(connection, subjects);
                                               });
}

PostgresStore::Answer<std::vector<RecordedEvent>> PostgresStore::read_log(Position first, std::int32_t count,
                                                                          Deadline deadline) {
    return read<std::vector<RecordedEvent>>(
        deadline, [first, count, authenticity = authenticity_.get()](pqxx::connection& connection) {
            return postgres::read_log(connection, first, count, authenticity);
        });
}

void PostgresStore::keep_snapshot(Snapshot snapshot) {
    if (snapshot.sealed.size() > kMaxSnapshotBytes) return;
    if (++snapshots_waiting_ > kMaxSnapshotsWaiting) {
        --snapshots_waiting_;
        return;
    }
    reads_.submit(std::make_unique<SnapshotWrite>(std::move(snapshot), snapshots_waiting_));
}

PostgresStore::Answer<Head> PostgresStore::head(Deadline deadline) { return heads_.ask(deadline); }

}  // namespace keyledger::eventstore::postgres
