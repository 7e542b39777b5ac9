#pragma once
// Makes tree heads. One of all processes that serve a log leads: it follows the log with a frontier, and signs a head
// every few seconds if the log grew. The others read the newest head, and look whether the log still holds what it
// covers (docs/adr/0047-tree-heads-from-memory.md).
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "domain/log/log_keeping.hpp"
#include "eventstore/audit/merkle.hpp"
#include "eventstore/audit/tree_head.hpp"
#include "eventstore/leadership.hpp"
#include "eventstore/log_source.hpp"

namespace keyledger::eventstore::audit {

// The newest head, and what it takes to go on behind it. Kept in the database, which is not trusted: the head's
// signature holds for the root, and the root for the frontier.
struct TreeHeadState {
    std::string note;
    Cursor cursor;
    std::string frontier;  // Frontier::to_bytes()
};
struct StoredTreeHeads {
    std::optional<TreeHeadState> newest;  // of this log, and signed by a key that is known
    std::int64_t unopened = 0;            // others that were met on the way, which somebody else put there
    bool emptied = false;                 // there were some once, and now there are none
};
class TreeHeadStore {
public:
    virtual ~TreeHeadStore() = default;
    // Passes over what `open` does not open. The only error is kUnavailable.
    virtual Result<StoredTreeHeads, ReadError> load(const Uuid& log_id, const OpenNote& open) = 0;
    // The keys of `open` are others now: what did not open is looked at once more by the next load.
    virtual void look_again() = 0;
    // Adds one to those that are there. The error is a sentence.
    virtual Result<void, std::string> store(const Uuid& log_id, const TreeHeadState& state) = 0;
};

struct TreeHeadPorts {
    LogSource& source;  // the log itself, as the database has it
    Leadership& leadership;
    TreeHeadStore& store;
    WallClock now;
    std::function<std::string(const TreeHead&)> sign;  // gives the note
    OpenNote open;
    // Where heads go, beside the store; the error is a sentence. One that fails misses that head and gets the next.
    using Sink = std::function<Result<void, std::string>(const SignedTreeHead&)>;
    std::vector<Sink> sinks;
    // Appends log.disavowed for records that the service did not write, in order; the error is a sentence. Nothing is
    // signed over one before that is in the log.
    std::function<Result<void, std::string>(const std::vector<LogDisavowed>&)> disavow;
    // Told once of each trouble, and of its end by an empty sentence. May be empty.
    std::function<void(const std::string& trouble)> tell;
    // Whether `open` has other keys than when this was asked before. May be empty: it always has the same.
    std::function<bool()> has_other_keys{};
    // What the log is followed by to make heads: `source` behind what this process holds of the log's end. May be
    // nullptr: `source` itself.
    LogSource* follows = nullptr;
};
// So often it is followed between heads, while its end is in memory still: 8,192 events, a second of 8,000 a second.
inline constexpr std::chrono::milliseconds kKeepUpInterval{250};

struct TreeHeadStatus {
    bool leading = false;
    std::optional<SignedTreeHead> newest;
    std::string trouble;  // what it tries to get over; empty: nothing
    std::chrono::steady_clock::time_point troubled_since{};
    Position kept = 0;          // what the newest head covers that is kept in the database
    std::int64_t unopened = 0;  // heads in the database that no key opens
    // The log contradicts a head that was signed: it was changed, or another was put in its place. Nothing more is
    // signed; a person has to look.
    bool contradicted = false;
};

class TreeHeadMaker {
public:
    enum class Part { kMakes, kWatches };
    // `seen`: the newest head that is known from elsewhere (a file, Kafka): the log must reach it and agree with it.
    TreeHeadMaker(Uuid log_id, Part part, std::chrono::milliseconds interval, TreeHeadPorts ports,
                  std::optional<SignedTreeHead> seen = {});
    ~TreeHeadMaker();

    void start();                   // once
    void stop();                    // may be called twice
    TreeHeadStatus status() const;  // from any thread

    // One round, as the thread does every interval; for tests, instead of start().
    void round();
    // Follows the log, and makes no head. As the thread does between rounds; for tests, too.
    void keep_up();

private:
    enum class FollowResult { kToTheHead, kInterrupted, kFailed, kLost };
    void run();
    void work_or_tell(void (TreeHeadMaker::*part)());
    void work();
    bool resume();
    std::optional<StoredTreeHeads> load();
    void look_again();
    void keep();
    void publish();
    enum class Disavows { kNow, kLater };
    FollowResult follow(Disavows disavows = Disavows::kNow);
    bool take(const RecordedEvent& event);
    bool disavow();
    void make();
    void watch();
    void trouble(std::string sentence);
    void contradict(std::string sentence);
    bool stopping() const;

    const Uuid log_id_;
    const Part part_;
    const std::chrono::milliseconds interval_;
    const TreeHeadPorts ports_;
    // The thread's own.
    bool resumed_ = false;
    bool looks_again_ = false;  // with other keys, and not at the end yet
    Frontier frontier_;
    Cursor cursor_;
    std::optional<Cursor> covered_;  // the last event that the newest head covers that was seen in the database
    std::map<Position, LogDisavowed> inert_;  // read, and not yet disavowed
    std::optional<TreeHeadState> unkept_;     // made, and not yet in the database
    std::string trouble_;                     // of this round

    mutable std::mutex mutex_;  // guards what follows
    std::condition_variable wake_;
    bool stopping_ = false;
    TreeHeadStatus status_;
    std::thread thread_;
};

}  // namespace keyledger::eventstore::audit
