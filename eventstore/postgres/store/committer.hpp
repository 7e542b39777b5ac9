#pragma once
// The group committer: one thread and one connection append the commands of a whole process, as many at a time as
// wait while the previous batch is in flight. The append function's lock is free once commands are batched.
#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "domain/base/histogram.hpp"
#include "domain/base/time.hpp"
#include "eventstore/log_tail.hpp"
#include "eventstore/postgres/store/authenticity.hpp"
#include "eventstore/postgres/store/batch.hpp"
#include "eventstore/postgres/store/writer_connection.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore::postgres {

inline constexpr std::size_t kManyCommands = 16;

struct CommitterSettings {
    std::size_t max_batch_commands = 256;
    std::size_t max_batch_bytes = 8 * 1024 * 1024;
    // While commands come together, a batch smaller than the last one waits until so long after that was sent: a commit
    // costs the server and every follower of the log nearly the same for one command as for ten. Who comes alone never
    // waits. After a batch of many (kManyCommands) it is the longer of the two: those wait for each other anyway.
    std::chrono::microseconds gathering{2'500};
    std::chrono::microseconds gathering_of_many{4'000};
    std::size_t max_waiting_commands = 8192;
    std::size_t max_waiting_bytes = 64 * 1024 * 1024;
    std::chrono::milliseconds lock_timeout{5'000};
    std::chrono::milliseconds connect_patience{5'000};
    std::chrono::milliseconds longest_pause{1'000};  // between attempts to reconnect or to send again
    // From sending to giving up, for those whose own deadline is later: whoever was sent and has no answer then gets
    // kOutcomeUnknown, nobody is cancelled.
    std::chrono::milliseconds outcome_unknown_after{15'000};
    // Without an answer for so long, it is asked on another connection whether the server is at work on the batch. If
    // not, the session fell silent, and the batch goes out again on a new one. Nothing is cancelled.
    std::chrono::milliseconds silent_after{5'000};
    // Told, on the writer's thread, which key of the keyring has ended although something was made under it.
    // true: the keyring is another one by now, so decide again; else the command gets kUnavailable. Must
    // return soon.
    std::function<bool(const std::string& key_id)> on_ended_key{};
};

// Counts since the start, and how it stands now. For metrics and readiness.
struct CommitterStatus {
    std::uint64_t batches = 0;
    std::uint64_t commands = 0;  // answered by the server
    std::uint64_t appended = 0;
    std::uint64_t events = 0;
    std::uint64_t conflicts = 0;
    std::uint64_t already_spent = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t claims_taken = 0;
    std::uint64_t bad_data = 0;
    std::uint64_t kept_back = 0;  // for a later batch, because they depended on one in the current
    std::uint64_t halvings = 0;
    std::uint64_t resends = 0;
    std::uint64_t connections = 0;
    std::uint64_t unknown_outcomes = 0;
    std::uint64_t unavailable = 0;
    std::uint64_t expired = 0;
    std::uint64_t shed = 0;  // the queue was full
    std::uint64_t last_batch_size = 0;
    std::uint64_t waiting = 0;
    Duration in_flight;  // how long the batch in flight has been there; none: no batch
    bool connected = false;
    std::string last_error;  // of server or connection; empty: none yet
};

class Committer {
public:
    // Connects in the background: an append before that waits for the first attempt's outcome.
    Committer(std::string url, WallClock now, CommitterSettings settings = {},
              std::shared_ptr<Authenticity> authenticity = nullptr, std::shared_ptr<LogTail> tail = nullptr);
    ~Committer();
    Committer(const Committer&) = delete;
    Committer& operator=(const Committer&) = delete;

    // Any thread. The waiter is completed on the writer's thread, or here when it is refused at the door.
    void submit(Append append, Deadline deadline, std::unique_ptr<VerdictWaiter> waiter);
    // Called on the writer's thread with the newest position whenever this process or (by NOTIFY) another appended, and
    // with 0 when its session with the database is lost. Must return at once. Lives as long as the committer.
    void on_appended(std::function<void(Position)> hook);
    // Any thread. The newest key that the log knows of authenticates the batches that are sent from now on.
    void use_newest_key() { asks_for_key_ = true; }
    // What is in flight ends, whoever waits gets kUnavailable, whoever is in doubt kOutcomeUnknown. May be repeated.
    void stop();

    CommitterStatus status() const;
    // Since the start: commands of each batch that was sent, and the time from there to its verdicts.
    struct Batches {
        HistogramReading commands;
        HistogramReading ns;
    };
    Batches batches() const { return {batch_commands_.read(), batch_ns_.read()}; }

private:
    using Clock = std::chrono::steady_clock;

    void run();
    void turn();
    bool is_stopping() const;
    bool may_end() const;
    void take_arrivals();
    void grow();
    void launch();
    bool is_gathering() const;
    Clock::time_point gathers_until() const;
    std::size_t awaited_arrivals() const;
    bool learn_writing_key();
    void stamp_again(const ServerError& error);
    void connect();
    void await_end_of_lost_backend();
    bool wait();
    void advance();
    void look_for_silence();
    void on_answer();
    void on_verdicts(const std::vector<VerdictRow>& rows);
    void tell_tail(Batch& answered, const std::vector<VerdictRow>& rows, LogTail::Epoch epoch);
    void on_error(const ServerError& error);
    void on_broken(const std::string& why);
    void halve(const Result<Verdict, StoreError>& of_culprit);
    void answer_late_ones();
    void drop_expired();
    void fail_those_not_sent();
    void fail_all();
    void fail(Batch& batch);
    void finish(PendingAppend& waiting, Result<Verdict, StoreError> verdict);
    void announce(Position position);
    void pause_longer();
    template <class Change>
    void note(Change change) {
        const std::lock_guard lock(mutex_);
        change(status_);
    }
    void wake();

    const std::string url_;
    const WallClock now_;
    const CommitterSettings settings_;
    const std::shared_ptr<Authenticity> authenticity_;
    const std::shared_ptr<LogTail> tail_;  // is told of what was appended; empty: nobody is

    mutable std::mutex mutex_;  // guards all up to status_
    std::vector<PendingAppend> arrivals_;
    std::size_t wake_at_ = 1;        // so many of them, the writer wants to be woken
    std::size_t open_commands_ = 0;  // not yet answered
    std::size_t open_bytes_ = 0;
    bool stopping_ = false;
    std::vector<std::function<void(Position)>> hooks_;
    CommitterStatus status_;
    Clock::time_point in_flight_since_{};

    static constexpr std::array<std::int64_t, 10> kBatchBounds{1, 2, 4, 8, 16, 32, 64, 128, 256, 1'024};
    Histogram batch_commands_{kBatchBounds};
    Histogram batch_ns_{kDurationBounds};

    // The writer's own.
    std::unique_ptr<WriterConnection> connection_;
    LogTail::Epoch tail_epoch_ = 0;  // when the batch in flight was sent
    LogTail::HandOver hand_over_;    // of that batch
    std::optional<Backend> lost_backend_;
    std::deque<PendingAppend> deferred_;  // waits for a later batch; the first scanned_ were refused by next_batch_
    std::size_t scanned_ = 0;
    Batch next_batch_;
    Clock::time_point last_sent_at_{};  // the last new batch, no resend
    std::size_t last_size_ = 0;
    std::optional<WritingKey> writing_key_;
    std::atomic<bool> asks_for_key_ = false;
    Instant newest_;  // the last time in the log that is known here
    std::optional<Batch> in_flight_;
    std::deque<Batch> resends_;  // halves and resends, sent before next_batch_
    Clock::time_point next_attempt_{};
    Clock::time_point next_look_{};  // whether the server is at work on what is flying
    std::chrono::milliseconds pause_{0};

    int wake_fd_ = -1;
    std::thread writer_;  // last: starts when all else is there
};

}  // namespace keyledger::eventstore::postgres
