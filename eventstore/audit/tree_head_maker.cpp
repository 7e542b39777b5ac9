#include "eventstore/audit/tree_head_maker.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "eventstore/codec/events_codec.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::eventstore::audit {
namespace {

constexpr std::int32_t kBatch = 2'000;

}  // namespace

TreeHeadMaker::TreeHeadMaker(Uuid log_id, Part part, std::chrono::milliseconds interval, TreeHeadPorts ports,
                             std::optional<SignedTreeHead> seen)
    : log_id_(log_id), part_(part), interval_(interval), ports_(std::move(ports)) {
    status_.newest = std::move(seen);
}

TreeHeadMaker::~TreeHeadMaker() { stop(); }

void TreeHeadMaker::start() {
    thread_ = std::thread([this] { run(); });
}

void TreeHeadMaker::stop() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

TreeHeadStatus TreeHeadMaker::status() const {
    std::lock_guard lock(mutex_);
    return status_;
}

bool TreeHeadMaker::stopping() const {
    std::lock_guard lock(mutex_);
    return stopping_;
}

void TreeHeadMaker::run() {
    using Clock = std::chrono::steady_clock;
    auto next_round = Clock::now();
    while (!stopping()) {
        if (Clock::now() >= next_round) {
            work_or_tell(&TreeHeadMaker::round);
            next_round = Clock::now() + interval_;
        } else {
            work_or_tell(&TreeHeadMaker::keep_up);
        }
        const auto next = std::min(next_round, Clock::now() + kKeepUpInterval);
        std::unique_lock lock(mutex_);
        wake_.wait_until(lock, next, [this] { return stopping_; });
    }
    ports_.leadership.release();
}

// A key that has ended, or an event that only a newer version reads, is trouble, and no reason to end the process.
void TreeHeadMaker::work_or_tell(void (TreeHeadMaker::*part)()) {
    try {
        (this->*part)();
    } catch (const std::exception& error) {
        trouble(error.what());
        resumed_ = false;
        publish();
    }
}

// Who does not lead, has trouble or lost what was followed waits for the next round, which begins anew.
void TreeHeadMaker::keep_up() {
    if (!ports_.follows || !resumed_ || !trouble_.empty() || !status().leading) return;
    if (follow(Disavows::kLater) == FollowResult::kFailed) publish();
}

void TreeHeadMaker::round() {
    if (status().contradicted) return;
    trouble_.clear();
    work();
    publish();
}

// Each trouble is told once, however many rounds it lasts, and so is its end.
void TreeHeadMaker::publish() {
    {
        std::lock_guard lock(mutex_);
        if (status_.trouble == trouble_) return;
        if (status_.trouble.empty()) status_.troubled_since = std::chrono::steady_clock::now();
        status_.trouble = trouble_;
    }
    if (ports_.tell) ports_.tell(trouble_);
}

void TreeHeadMaker::work() {
    const Candidacy candidacy = part_ == Part::kMakes ? ports_.leadership.try_acquire() : Candidacy::kOtherLeads;
    {
        std::lock_guard lock(mutex_);
        status_.leading = candidacy == Candidacy::kLeading;
    }
    if (candidacy == Candidacy::kUnavailable) return trouble("the database does not answer");
    look_again();
    if (candidacy == Candidacy::kOtherLeads) return watch();
    if (!resumed_ && !resume()) return;
    FollowResult followed = follow();
    // What no head covers yet was followed, and is no more. The log is judged by its heads.
    if (followed == FollowResult::kLost && resume()) followed = follow();
    if (followed == FollowResult::kToTheHead) make();
    keep();
}

// What is kept in the database; the newest of it is known from then on.
std::optional<StoredTreeHeads> TreeHeadMaker::load() {
    const auto read = ports_.store.load(log_id_, ports_.open);
    if (!read) {
        trouble("the database does not answer");
        return std::nullopt;
    }
    std::optional<StoredTreeHeads> stored = *read;
    auto head = stored->newest ? open_tree_head(stored->newest->note, ports_.open)
                               : Result<SignedTreeHead, std::string>(Unexpected(std::string()));
    std::lock_guard lock(mutex_);
    status_.unopened = stored->unopened;
    if (!head) {
        stored->newest.reset();
        return stored;
    }
    status_.kept = std::max(status_.kept, head->head.size);
    if (!covered_ || stored->newest->cursor.position >= covered_->position) covered_ = stored->newest->cursor;
    if (!status_.newest || head->head.size >= status_.newest->head.size) status_.newest = std::move(*head);
    return stored;
}

// What a keyring of before did not open may be the service's own, under a key that came since.
void TreeHeadMaker::look_again() {
    if (status().unopened == 0) return;
    if (ports_.has_other_keys && ports_.has_other_keys()) {
        ports_.store.look_again();
        looks_again_ = true;
    }
    if (looks_again_ && load()) looks_again_ = false;
}

void TreeHeadMaker::watch() {
    resumed_ = false;  // whoever leads meanwhile goes further
    unkept_.reset();
    if (!load() || !covered_) return;
    // Another server may have taken over which lacks what was covered; who leads there may not have known of it.
    const auto events = ports_.source.read_after(*covered_, 1);
    if (events) return;
    if (events.error() == ReadError::kUnavailable) return trouble("the database does not answer");
    contradict("the log no longer holds what follows from position " + std::to_string(covered_->position) +
               " on, which a tree head covers");
}

// Goes on behind the newest head if signature, root and frontier fit; else the whole log is read again.
bool TreeHeadMaker::resume() {
    frontier_ = {};
    cursor_ = {};
    inert_.clear();
    const auto stored = load();
    if (!stored) return false;
    resumed_ = true;
    if (!stored->newest) return true;
    const auto head = open_tree_head(stored->newest->note, ports_.open);
    const auto frontier = Frontier::from_bytes(head->head.size, stored->newest->frontier);
    if (frontier && frontier->root() == head->head.root && stored->newest->cursor.position == head->head.size) {
        frontier_ = *frontier;
        cursor_ = stored->newest->cursor;
    }
    return true;
}

TreeHeadMaker::FollowResult TreeHeadMaker::follow(Disavows disavows) {
    const auto newest = status().newest;
    std::size_t left = std::numeric_limits<std::size_t>::max();  // of what was to be disavowed
    for (;;) {
        if (stopping()) return FollowResult::kInterrupted;
        const auto events = (ports_.follows ? *ports_.follows : ports_.source).follow_after(cursor_, kBatch);
        if (!events) {
            resumed_ = false;
            const bool is_covered = newest && cursor_.position <= newest->head.size;
            if (events.error() == ReadError::kCursorUnknown && !is_covered && cursor_.position > 0) {
                if (ports_.tell)
                    ports_.tell("the log no longer holds the event at position " + std::to_string(cursor_.position) +
                                ": what came behind position " + std::to_string(newest ? newest->head.size : 0) +
                                ", which no tree head covers, was lost in part");
                return FollowResult::kLost;
            }
            switch (events.error()) {
                case ReadError::kUnavailable: trouble("the database does not answer"); break;
                case ReadError::kHole:
                    contradict("the log has a hole behind position " + std::to_string(cursor_.position));
                    break;
                case ReadError::kCursorUnknown:
                    contradict("the log no longer holds the event at position " + std::to_string(cursor_.position) +
                               ", which a tree head covers");
                    break;
            }
            return FollowResult::kFailed;
        }
        for (const FollowedEventPtr& event : *events) {
            if (!take(*event)) return FollowResult::kFailed;
            frontier_.append(event->leaf_hash);
            cursor_ = {event->position, event->leaf_hash};
            if (newest && frontier_.size() == newest->head.size && frontier_.root() != newest->head.root) {
                contradict("the first " + std::to_string(frontier_.size()) +
                           " events are not those that the newest tree head covers");
                return FollowResult::kFailed;
            }
        }
        if (!events->empty()) continue;
        if (!inert_.empty() && disavows == Disavows::kLater) return FollowResult::kInterrupted;
        if (!inert_.empty()) {
            if (inert_.size() == std::exchange(left, inert_.size())) trouble("what was disavowed does not come back");
            if (!trouble_.empty() || !disavow()) return FollowResult::kFailed;
            continue;
        }
        if (newest && frontier_.size() < newest->head.size) {
            contradict("the log ends at position " + std::to_string(frontier_.size()) +
                       ", behind the newest tree head at " + std::to_string(newest->head.size));
            return FollowResult::kFailed;
        }
        return FollowResult::kToTheHead;
    }
}

// False: nothing can be signed over this event.
bool TreeHeadMaker::take(const RecordedEvent& event) {
    const std::string at = "the event at position " + std::to_string(event.position);
    switch (event.trust) {
        case RecordedEvent::Trust::kUnchecked: return true;
        case RecordedEvent::Trust::kInert:
            inert_[event.position] = {event.position, security::hex_encode(security::view_of(event.leaf_hash))};
            return true;
        case RecordedEvent::Trust::kChanged:
            contradict(at + " was changed after a tree head had covered it");
            return false;
        case RecordedEvent::Trust::kKeyMissing:
            trouble(at + " is authenticated by key " + event.mac_key_id + ", which the keyring lacks");
            resumed_ = false;
            return false;
        case RecordedEvent::Trust::kBelieved: break;
    }
    if (event.stream_type != LogKeeping::kStreamType) return true;
    NullFieldOpener nothing;
    const AnyEventPtr decoded = decode_any(event, nothing);
    const LogEvent* of_log = event_in<LogKeeping>(*decoded);
    const auto* disavowed = of_log ? std::get_if<LogDisavowed>(of_log) : nullptr;
    if (disavowed) inert_.erase(disavowed->position);
    return true;
}

// The log is read on afterwards, up to the events that say so.
bool TreeHeadMaker::disavow() {
    std::vector<LogDisavowed> records;
    for (const auto& [position, record] : inert_)
        if (records.size() < kMaxEventsPerCommand) records.push_back(record);
    Result<void, std::string> done = Unexpected(std::string("nothing here can do that"));
    if (ports_.disavow) done = ports_.disavow(records);
    if (done) return true;
    trouble("the record at position " + std::to_string(records.front().position) +
            " was not written by the service, and could not be disavowed: " + done.error());
    return false;
}

void TreeHeadMaker::make() {
    const auto newest = status().newest;
    if (frontier_.size() == 0 || (newest && newest->head.size == frontier_.size())) return;
    SignedTreeHead made;
    made.head = {log_id_, frontier_.size(), frontier_.root(), ports_.now()};
    made.note = ports_.sign(made.head);
    for (const auto& sink : ports_.sinks)
        if (const auto done = sink(made); !done) trouble(done.error());
    unkept_ = TreeHeadState{made.note, cursor_, frontier_.to_bytes()};
    std::lock_guard lock(mutex_);
    status_.newest = std::move(made);
}

// Tried again until it is there: what a process that starts can compare the log with.
void TreeHeadMaker::keep() {
    if (!unkept_) return;
    const auto kept = ports_.store.store(log_id_, *unkept_);
    if (!kept) return trouble("the newest tree head could not be kept in the database: " + kept.error());
    std::lock_guard lock(mutex_);
    status_.kept = unkept_->cursor.position;
    unkept_.reset();
}

void TreeHeadMaker::trouble(std::string sentence) { trouble_ = std::move(sentence); }

void TreeHeadMaker::contradict(std::string sentence) {
    trouble_ = std::move(sentence);
    std::lock_guard lock(mutex_);
    status_.contradicted = true;
}

}  // namespace keyledger::eventstore::audit
