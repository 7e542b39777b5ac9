#pragma once
// Answers about users, sessions and roles from memory (design section 7, hot models): a thread follows the log, and
// each caller waits until everything that the answer must include is applied. No lock is held while anybody waits.
//
// auto head = co_await store.head(deadline); // what the answer must include (I8)
//     auto found = co_await hot.read({user_id, session_id}, *head, deadline);
//
// Threads: read() from any executor whose handlers run on one thread at a time (an I/O thread's io_context, a
// strand); the rest from any thread.
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "domain/access/exchanged_access.hpp"
#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "eventstore/log_moment.hpp"
#include "eventstore/log_source.hpp"
#include "eventstore/sealing/subject_cipher.hpp"
#include "projections/hot/access_state.hpp"
#include "projections/hot/recent_changes.hpp"

namespace keyledger::projections {

class SnapshotWriter;
namespace asio = boost::asio;

inline constexpr std::size_t kMaxHotWaiters = 100'000;
// Between looks at the log while answers wait for it, which may know more than the hints that have come.
inline constexpr std::chrono::milliseconds kAwaitedWait{2};
inline constexpr int kMaxSearchParts = 128;  // of kSearchedAtOnce subjects each, for one search

struct HotSettings {
    SessionLifetimes lifetimes;
    std::string snapshot_file;                          // empty: every start reads the whole log
    std::chrono::milliseconds snapshot_every{300'000};  // while the log grows; and once at the end
    std::int32_t batch_events = 2'000;
    std::chrono::milliseconds sweep_every{250};  // one of 256 parts each, of what has expired
    std::function<Instant()> now;                // Unix time
    std::function<Uuid()> new_id;
};

enum class HotError {
    kBehind,   // did not get there within the deadline, or too many wait
    kStopped,  // met an event that it does not know, a hole, another log; or the process ends
};

struct HotStatus {
    Position position = 0;
    bool caught_up = false;  // since the start; until then it answers nobody
    std::string trouble;     // why it answers nobody any more, or can't read; empty: none
    bool stopped = false;    // for good: an operator has to look
    std::size_t sessions = 0;
    std::size_t users = 0;
    std::size_t bytes = 0;
    std::int64_t answers = 0;
    std::int64_t waits = 0;          // of the answers, those that had to wait for the log
    std::size_t waiting = 0;         // now
    Position snapshot_position = 0;  // of the file that it began with or wrote last
};

class HotAccess {
public:
    // The cipher outlives it.
    HotAccess(HotSettings settings, std::unique_ptr<eventstore::LogSource> source, eventstore::SubjectCipher& cipher);
    ~HotAccess();
    HotAccess(const HotAccess&) = delete;
    HotAccess& operator=(const HotAccess&) = delete;

    void start();  // once
    // Writes a snapshot, joins the thread, and lets everybody who waits go with kStopped. May be called twice.
    void stop();
    void hint();  // something was appended, do not wait for the next look

    // Whether it was level with the log once. Until then callers should fold streams instead.
    bool caught_up() const { return caught_up_.load(std::memory_order_acquire); }

    // As of `at_least` or later. What it answers from includes all of a command's events or none.
    asio::awaitable<Result<SubjectAccess, HotError>> read(std::optional<SubjectId> subject_id,
                                                          std::optional<SessionId> session_id,
                                                          eventstore::Head at_least, eventstore::Deadline deadline);
    // The same of a service account, and of a token of its own if one is asked about.
    asio::awaitable<Result<ServiceAccess, HotError>> read_service(ServiceAccountId account_id,
                                                                  std::optional<ServiceTokenId> token_id,
                                                                  eventstore::Head at_least,
                                                                  eventstore::Deadline deadline);
    // What somebody answered to a device; absent: nobody did.
    asio::awaitable<Result<DeviceAuthorization, HotError>> read_device(DeviceAuthorizationId id,
                                                                       eventstore::Head at_least,
                                                                       eventstore::Deadline deadline);
    // The same of a user's token that exchanges gave: all as of one position.
    struct Exchange {
        ServiceAccountId account_id;
        std::optional<ServiceTokenId> token_id;
    };
    asio::awaitable<Result<ExchangedAccess, HotError>> read_exchanged(UserId user_id, SessionId session_id,
                                                                      std::vector<Exchange> exchanges,
                                                                      eventstore::Head at_least,
                                                                      eventstore::Deadline deadline);
    // Those who may, as of `at_least` or later, at most `limit` of them, from a place on. There may be fewer, and more
    // to come, for kMaxSearchParts bounds the work. Others on the thread come in between two parts.
    asio::awaitable<Result<SubjectPage, HotError>> search(SubjectSearch search, SubjectPlace from, std::size_t limit,
                                                          eventstore::Head at_least, eventstore::Deadline deadline);
    asio::awaitable<Result<std::set<std::string>, HotError>> actions_of(std::string resource, eventstore::Head at_least,
                                                                        eventstore::Deadline deadline);
    // How far the log was followed; not set: this memory can't answer.
    eventstore::LogMoment moment() const;
    // Whether all that happened since is known here.
    bool knows_since(const eventstore::LogMoment& seen) const;
    // The moment, of `at_least` or later, as of which all of them stand where they were seen; nullopt: not all of them
    // do, or nobody here knows.
    asio::awaitable<Result<std::optional<eventstore::LogMoment>, HotError>> all_unmoved(
        std::vector<eventstore::StreamSeen> streams, eventstore::Head at_least, eventstore::Deadline deadline);
    // Whose pages are of this origin, as far as the log was followed, which is to its end at the start at least: what
    // was taken back long ago is not given again meanwhile. nullopt: nobody's that is known here (PageOrigins). Never
    // waits for the log.
    std::optional<ConsentRule> page_origin(std::string_view origin) const;
    HotStatus status() const;

private:
    struct Waiter;
    using Waiters = std::multimap<Position, std::shared_ptr<Waiter>>;
    using SteadyTime = std::chrono::steady_clock::time_point;

    void follow();
    bool begin();
    void load_snapshot();
    bool step();
    bool apply(eventstore::FollowedEvents events, bool cut);
    bool is_awaited() const;
    void confirm();
    void note_level();
    void forget(const std::string& why);
    void stop_answering(const std::string& why);
    enum class Doubt { kNone, kTillRead };
    void see(const std::string& trouble, Doubt doubt = Doubt::kNone);
    void sweep();
    void keep_snapshot();
    void finish_snapshot(SnapshotWriter& out, const Uuid& log_id, Position position);
    void release(Position up_to);
    // `find` is called under the lock, with the state and the position at which it is. False: it is not that far yet.
    // An error: it answers nobody.
    template <class Found, class Find>
    Result<bool, HotError> look(const Find& find, const eventstore::Head& at_least, std::optional<Found>& found);
    template <class Found, class Find>
    asio::awaitable<Result<Found, HotError>> await_answer(Find find, eventstore::Head at_least,
                                                          eventstore::Deadline deadline);
    bool pause_for(std::chrono::milliseconds pause);

    const HotSettings settings_;
    const std::unique_ptr<eventstore::LogSource> source_;
    eventstore::SubjectCipher& cipher_;
    std::atomic<bool> caught_up_ = false;

    mutable std::mutex mutex_;  // guards what follows; the thread alone writes `state_`, and reads it without
    std::condition_variable wake_;
    std::unique_ptr<AccessState> state_;
    RecentChanges changes_;
    std::uint64_t history_ = 1;  // of LogMoment
    Uuid log_id_;
    eventstore::Cursor cursor_;
    bool confirmed_ = false;   // the log was seen to hold the event at the cursor
    bool unsure_ = false;      // it could not be read since, and may be another server's by now
    Position first_head_ = 0;  // to be reached before it answers
    std::string trouble_;
    bool stopped_ = false;   // answers nobody any more
    bool stopping_ = false;  // the process ends
    Waiters waiters_;
    std::int64_t answers_ = 0;
    std::int64_t waits_ = 0;
    Position snapshot_position_ = 0;

    // The thread's own.
    Instant followed_to_;  // when what was followed last had happened; none is kept in a snapshot
    std::size_t next_shard_ = 0;
    SteadyTime next_sweep_{};
    SteadyTime next_snapshot_{};
    std::future<void> writing_;  // of a snapshot to the disk
    std::thread thread_;
};

}  // namespace keyledger::projections
