#pragma once
// The store, with an eye on what is appended: administrators' acts get their lines, and appends of traced requests
// their spans. What is watched changes nothing of what the store answers, and no fault of watching reaches a command.
#include "app/observing/admin_log.hpp"
#include "app/observing/trace_recorder.hpp"
#include "eventstore/store.hpp"

namespace keyledger::app {

class WatchedStore : public eventstore::Store {
public:
    // Both outlive it.
    WatchedStore(eventstore::Store& store, AdminLog& admin_log) : store_(store), admin_log_(admin_log) {}

    // Spans of appends go there from now on. Before anything is appended; it outlives what appends.
    void record_spans(TraceRecorder& recorder) { recorder_ = &recorder; }

    Answer<eventstore::Verdict> append(eventstore::Append append, eventstore::Deadline deadline) override;

    Answer<std::vector<eventstore::StreamSlice>> read_streams(std::vector<eventstore::StreamFrom> streams,
                                                              eventstore::Deadline deadline) override {
        return store_.read_streams(std::move(streams), deadline);
    }
    Answer<eventstore::Confirmation> confirm(std::vector<eventstore::StreamVersion> versions,
                                             eventstore::CommandId command_id, eventstore::Deadline deadline) override {
        return store_.confirm(std::move(versions), command_id, deadline);
    }
    Answer<std::optional<Uuid>> find_claim(std::string kind, std::vector<eventstore::ClaimDigest> digests,
                                           eventstore::Deadline deadline) override {
        return store_.find_claim(std::move(kind), std::move(digests), deadline);
    }
    Answer<std::optional<eventstore::ClaimedCredential>> find_credential(std::string claim_kind,
                                                                         std::vector<eventstore::ClaimDigest> digests,
                                                                         std::string kind,
                                                                         eventstore::Deadline deadline) override {
        return store_.find_credential(std::move(claim_kind), std::move(digests), std::move(kind), deadline);
    }
    Answer<std::vector<eventstore::StoredCredential>> read_credentials(Uuid owner,
                                                                       eventstore::Deadline deadline) override {
        return store_.read_credentials(owner, deadline);
    }
    Answer<std::optional<eventstore::StoredCredential>> read_credential(Uuid owner, std::string kind,
                                                                        eventstore::Deadline deadline) override {
        return store_.read_credential(owner, std::move(kind), deadline);
    }
    Answer<std::vector<eventstore::StoredSubjectKey>> read_subject_keys(std::vector<Uuid> subjects,
                                                                        eventstore::Deadline deadline) override {
        return store_.read_subject_keys(std::move(subjects), deadline);
    }
    Answer<std::vector<eventstore::RecordedEvent>> read_log(Position first, std::int32_t count,
                                                            eventstore::Deadline deadline) override {
        return store_.read_log(first, count, deadline);
    }
    void keep_snapshot(eventstore::Snapshot snapshot) override { store_.keep_snapshot(std::move(snapshot)); }
    Answer<eventstore::Head> head(eventstore::Deadline deadline) override { return store_.head(deadline); }

private:
    eventstore::Store& store_;
    AdminLog& admin_log_;
    TraceRecorder* recorder_ = nullptr;
};

}  // namespace keyledger::app
