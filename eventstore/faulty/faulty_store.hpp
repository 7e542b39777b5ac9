#pragma once
// A store that fails on purpose: wraps another one and makes its calls fail, hang or lose their answers, by script or
// by seed, and runs other work at an exact step of a command.
//
//     FaultyStore store(memory);
//     store.before(Call::kAppend, 1, disable_the_user);   // between "decided" and "appended"
//     store.lose_outcome(2);                              // the second append is written, the caller is not told
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <utility>
#include <vector>

#include "eventstore/store.hpp"

namespace keyledger::eventstore {

enum class Call {
    kAppend,
    kReadStreams,
    kConfirm,
    kFindClaim,
    kFindCredential,
    kReadCredentials,
    kReadCredential,
    kReadSubjectKeys,
    kReadLog,
    kHead,
};

// Holds a call until it is released; released once, it lets everybody pass. Any thread.
class Gate {
public:
    void release();
    // Whether somebody stands before it.
    bool is_reached() const;

private:
    friend class FaultyStore;
    asio::awaitable<void> pass();

    mutable std::mutex mutex_;
    bool open_ = false;
    std::vector<std::function<void()>> waiting_;
};

// Any thread. Calls are counted by kind from the construction on: `nth` 1 is the first one, `next(kind)` the one to
// come. What is scripted for a call happens once.
class FaultyStore : public Store {
public:
    using Step = std::function<asio::awaitable<void>()>;
    // Chances of a fault at each call, 0 to 1.
    struct Rates {
        double append_fails = 0;  // kUnavailable, nothing written
        double outcome_lost = 0;  // written, kOutcomeUnknown
        double sent_twice = 0;    // written once, delivered twice
        double read_fails = 0;    // kUnavailable
    };

    // `inner` must outlive it.
    explicit FaultyStore(Store& inner) : inner_(inner) {}
    FaultyStore(Store& inner, std::uint64_t seed, Rates rates) : inner_(inner), random_(seed), rates_(rates) {}

    // The call does not reach the inner store.
    void fail(Call kind, int nth, StoreError error);
    // The append is done, and answered kOutcomeUnknown.
    void lose_outcome(int nth);
    // The append is delivered twice, as by a writer whose connection broke; the first verdict is the answer.
    void send_twice(int nth);
    // The call waits before it reaches the inner store.
    std::shared_ptr<Gate> hold(Call kind, int nth);
    // Runs `step` to its end before the call reaches the inner store, or between its answer and the caller.
    void before(Call kind, int nth, Step step);
    void after(Call kind, int nth, Step step);
    int calls(Call kind) const;
    int next(Call kind) const { return calls(kind) + 1; }

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
    void keep_snapshot(Snapshot snapshot) override { inner_.keep_snapshot(std::move(snapshot)); }
    Answer<Head> head(Deadline deadline) override;

private:
    struct Plan {
        std::optional<StoreError> error;
        bool lose_outcome = false;
        bool send_twice = false;
        std::shared_ptr<Gate> gate;
        Step before;
        Step after;
    };
    Plan take_plan(Call kind);
    template <class T>
    Answer<T> carry_out(Call kind, std::function<Answer<T>()> call);

    Store& inner_;
    mutable std::mutex mutex_;  // guards all below; never held over a suspension
    std::map<Call, int> calls_;
    std::map<std::pair<Call, int>, Plan> plans_;
    std::mt19937_64 random_;
    Rates rates_;
};

}  // namespace keyledger::eventstore
