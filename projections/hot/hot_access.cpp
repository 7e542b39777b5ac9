#include "projections/hot/hot_access.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "eventstore/codec/jcs.hpp"
#include "projections/engine/limits.hpp"
#include "projections/hot/snapshot_file.hpp"

namespace keyledger::projections {
namespace {

using eventstore::CodecError;
using eventstore::Cursor;
using eventstore::FollowedEvent;
using eventstore::FollowedEventPtr;
using eventstore::FollowedEvents;
using eventstore::Head;
using eventstore::ReadError;
using eventstore::RecordedEvent;

constexpr std::chrono::milliseconds kLongestReadPause{250};  // somebody may wait for the first that succeeds

std::string fold_name() { return "access." + std::to_string(kAccessStateFold); }

// The events of one command carry its id, one behind the other. What can't be read stops the feed where it is applied.
std::string command_of(const FollowedEvent& event) try {
    return event.trust == RecordedEvent::Trust::kBelieved ? event.envelope().command_id : std::string();
} catch (const CodecError&) {
    return {};
}

// Takes the last command away, of which the rest may still be to come, unless it is all there is.
void cut_last_command(FollowedEvents& events) {
    const std::string last = command_of(*events.back());
    std::size_t keep = events.size();
    while (keep > 0 && command_of(*events[keep - 1]) == last) --keep;
    if (keep > 0) events.resize(keep);
}

}  // namespace

// Its timer belongs to the executor of whoever waits.
struct HotAccess::Waiter {
    explicit Waiter(const asio::any_io_executor& executor) : timer(executor) {}
    asio::steady_timer timer;
};

HotAccess::HotAccess(HotSettings settings, std::unique_ptr<eventstore::LogSource> source,
                     eventstore::SubjectCipher& cipher)
    : settings_(std::move(settings)),
      source_(std::move(source)),
      cipher_(cipher),
      state_(std::make_unique<AccessState>(settings_.lifetimes)) {}

HotAccess::~HotAccess() { stop(); }

void HotAccess::start() {
    thread_ = std::thread([this] { follow(); });
}

void HotAccess::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    source_->interrupt();
    if (thread_.joinable()) thread_.join();
    stop_answering("the service stops");
}

void HotAccess::hint() { source_->interrupt(); }

// ---- asking ----------------------------------------------------------------------------------------------------
template <class Found, class Find>
Result<bool, HotError> HotAccess::look(const Find& find, const Head& at_least, std::optional<Found>& found) {
    if (stopped_) return Unexpected(HotError::kStopped);
    if (!confirmed_ || log_id_ != at_least.log_id || cursor_.position < at_least.cursor.position) return false;
    // The head may be of a server that took over and lacks some of what was followed.
    if (unsure_ && cursor_ != at_least.cursor) return false;
    ++answers_;
    found.emplace(find(*state_, cursor_.position));
    return true;
}

template <class Found, class Find>
asio::awaitable<Result<Found, HotError>> HotAccess::await_answer(Find find, Head at_least,
                                                                 eventstore::Deadline deadline) {
    std::optional<Found> found;
    std::shared_ptr<Waiter> waiter;
    bool waits = false;
    for (;;) {
        {
            const std::lock_guard lock(mutex_);
            const auto is_there = look(find, at_least, found);
            if (!is_there) co_return Unexpected(is_there.error());
            if (*is_there) co_return std::move(*found);
            if (std::chrono::steady_clock::now() >= deadline || waiters_.size() >= kMaxHotWaiters)
                co_return Unexpected(HotError::kBehind);
        }
        if (!waiter) {
            const asio::any_io_executor executor = co_await asio::this_coro::executor;
            waiter = std::make_shared<Waiter>(executor);
        }
        waiter->timer.expires_at(deadline);
        {
            // Looked at again under the lock that the feed takes to release: what it applied in between is not missed.
            const std::lock_guard lock(mutex_);
            const auto is_there = look(find, at_least, found);
            if (!is_there) co_return Unexpected(is_there.error());
            if (*is_there) co_return std::move(*found);
            if (!waits) ++waits_;
            waits = true;
            waiters_.emplace(at_least.cursor.position, waiter);
        }
        source_->interrupt();
        boost::system::error_code cancelled;
        auto until = asio::redirect_error(asio::use_awaitable, cancelled);
        co_await waiter->timer.async_wait(until);
        if (!cancelled) {
            // The time is over, so the feed may not have taken it out.
            const std::lock_guard lock(mutex_);
            const auto [first, last] = waiters_.equal_range(at_least.cursor.position);
            for (auto at = first; at != last; ++at) {
                if (at->second != waiter) continue;
                waiters_.erase(at);
                break;
            }
        }
    }
}

asio::awaitable<Result<SubjectAccess, HotError>> HotAccess::read(std::optional<SubjectId> subject_id,
                                                                 std::optional<SessionId> session_id, Head at_least,
                                                                 eventstore::Deadline deadline) {
    auto find = [subject_id, session_id](const AccessState& state, Position position) {
        SubjectAccess access = state.find(subject_id, session_id);
        access.position = position;
        return access;
    };
    return await_answer<SubjectAccess>(std::move(find), at_least, deadline);
}

asio::awaitable<Result<ServiceAccess, HotError>> HotAccess::read_service(ServiceAccountId account_id,
                                                                         std::optional<ServiceTokenId> token_id,
                                                                         Head at_least, eventstore::Deadline deadline) {
    auto find = [account_id, token_id](const AccessState& state, Position position) {
        ServiceAccess access = state.find_service(account_id, token_id);
        access.held.position = position;
        return access;
    };
    return await_answer<ServiceAccess>(std::move(find), at_least, deadline);
}

asio::awaitable<Result<DeviceAuthorization, HotError>> HotAccess::read_device(DeviceAuthorizationId id, Head at_least,
                                                                              eventstore::Deadline deadline) {
    auto find = [id](const AccessState& state, Position) { return state.find_device(id); };
    return await_answer<DeviceAuthorization>(std::move(find), at_least, deadline);
}

asio::awaitable<Result<ExchangedAccess, HotError>> HotAccess::read_exchanged(UserId user_id, SessionId session_id,
                                                                             std::vector<Exchange> exchanges,
                                                                             Head at_least,
                                                                             eventstore::Deadline deadline) {
    auto find = [user_id, session_id, exchanges = std::move(exchanges)](const AccessState& state, Position position) {
        ExchangedAccess access;
        access.user = state.find(user_id, session_id);
        access.user.position = position;
        for (const Exchange& exchange : exchanges) {
            access.exchanges.push_back(state.find_service(exchange.account_id, exchange.token_id));
            access.exchanges.back().held.position = position;
        }
        return access;
    };
    return await_answer<ExchangedAccess>(std::move(find), at_least, deadline);
}

asio::awaitable<Result<SubjectPage, HotError>> HotAccess::search(SubjectSearch search, SubjectPlace from,
                                                                 std::size_t limit, Head at_least,
                                                                 eventstore::Deadline deadline) {
    SubjectPage page;
    page.next = from;
    for (int part = 0; part < kMaxSearchParts && page.next && page.ids.size() < limit; ++part) {
        auto find = [&search, place = *page.next, wanted = limit - page.ids.size()](const AccessState& state,
                                                                                    Position position) {
            SubjectPage found = state.search(search, place, wanted);
            found.position = position;
            return found;
        };
        auto found = co_await await_answer<SubjectPage>(std::move(find), at_least, deadline);
        if (!found) co_return Unexpected(found.error());
        if (part == 0) page.position = found->position;
        page.next = found->next;
        page.ids.insert(page.ids.end(), found->ids.begin(), found->ids.end());
        co_await asio::post(asio::use_awaitable);  // others on this thread come in between
    }
    co_return page;
}

asio::awaitable<Result<std::set<std::string>, HotError>> HotAccess::actions_of(std::string resource, Head at_least,
                                                                               eventstore::Deadline deadline) {
    auto find = [resource = std::move(resource)](const AccessState& state, Position) {
        return state.actions_of(resource);
    };
    return await_answer<std::set<std::string>>(std::move(find), at_least, deadline);
}

eventstore::LogMoment HotAccess::moment() const {
    const std::lock_guard lock(mutex_);
    if (stopped_ || !confirmed_ || unsure_) return {};
    return {history_, cursor_.position};
}

bool HotAccess::knows_since(const eventstore::LogMoment& seen) const {
    const std::lock_guard lock(mutex_);
    return !stopped_ && confirmed_ && seen.history == history_ && changes_.covers(seen.position);
}

asio::awaitable<Result<std::optional<eventstore::LogMoment>, HotError>> HotAccess::all_unmoved(
    std::vector<eventstore::StreamSeen> streams, Head at_least, eventstore::Deadline deadline) {
    using Moment = std::optional<eventstore::LogMoment>;
    auto find = [this, streams = std::move(streams)](const AccessState&, Position position) -> Moment {
        for (const eventstore::StreamSeen& one : streams)
            if (one.seen.history != history_ || !changes_.covers(one.seen.position) ||
                !changes_.is_unmoved(one.stream_id, one.version))
                return std::nullopt;
        return eventstore::LogMoment{history_, position};
    };
    return await_answer<Moment>(std::move(find), at_least, deadline);
}

// Called without the lock by the thread, and by whoever stops.
void HotAccess::release(Position up_to) {
    std::vector<std::shared_ptr<Waiter>> released;
    {
        const std::lock_guard lock(mutex_);
        const auto end = waiters_.upper_bound(up_to);
        for (auto at = waiters_.begin(); at != end; ++at) released.push_back(std::move(at->second));
        waiters_.erase(waiters_.begin(), end);
    }
    for (auto& waiter : released) {
        const asio::any_io_executor executor = waiter->timer.get_executor();
        asio::post(executor, [waiter = std::move(waiter)] { waiter->timer.cancel(); });
    }
}

std::optional<ConsentRule> HotAccess::page_origin(std::string_view origin) const {
    const std::lock_guard lock(mutex_);
    if (stopped_ || !confirmed_ || !caught_up()) return std::nullopt;
    return state_->page_origin(origin);
}

HotStatus HotAccess::status() const {
    HotStatus status;
    status.caught_up = caught_up();
    const std::lock_guard lock(mutex_);
    status.position = cursor_.position;
    status.trouble = trouble_;
    status.stopped = stopped_;
    status.sessions = state_->sessions();
    status.users = state_->users();
    status.bytes = state_->bytes();
    status.answers = answers_;
    status.waits = waits_;
    status.waiting = waiters_.size();
    status.snapshot_position = snapshot_position_;
    return status;
}

// ---- following -------------------------------------------------------------------------------------------------
void HotAccess::follow() {
    auto back_off = kFirstBackOff;
    while (!begin()) {
        if (!pause_for(back_off)) return;
        back_off = std::min<std::chrono::milliseconds>(2 * back_off, kLongestBackOff);
    }
    load_snapshot();
    next_snapshot_ = std::chrono::steady_clock::now() + settings_.snapshot_every;
    while (pause_for(std::chrono::milliseconds(0))) {
        if (!step()) {
            if (!pause_for(back_off)) break;
            back_off = std::min<std::chrono::milliseconds>(2 * back_off, kLongestReadPause);
            continue;
        }
        back_off = kFirstBackOff;
        sweep();
        if (std::chrono::steady_clock::now() >= next_snapshot_) keep_snapshot();
    }
    if (writing_.valid()) writing_.wait();
    keep_snapshot();
    if (writing_.valid()) writing_.wait();
}

bool HotAccess::begin() {
    const auto head = source_->head();
    if (!head) {
        see("the log can't be read");
        return false;
    }
    {
        const std::lock_guard lock(mutex_);
        log_id_ = head->log_id;
        first_head_ = head->cursor.position;
    }
    return true;
}

void HotAccess::load_snapshot() {
    if (settings_.snapshot_file.empty()) return;
    try {
        auto in = SnapshotReader::open(settings_.snapshot_file, log_id_, fold_name(), cipher_);
        if (!in) return;
        const Cursor cursor{in->number(), in->digest()};
        // Another setting lets other sessions go.
        const Duration idle = milliseconds(in->number());
        const Duration absolute = milliseconds(in->number());
        if (idle != settings_.lifetimes.idle || absolute != settings_.lifetimes.absolute) return;
        auto state = std::make_unique<AccessState>(settings_.lifetimes);
        state->read(*in);
        const std::lock_guard lock(mutex_);
        state_ = std::move(state);
        cursor_ = cursor;
        changes_.begin(cursor.position);
        snapshot_position_ = cursor.position;
    } catch (const CodecError& error) {
        spdlog::warn("{}: {}; the whole log is read instead", settings_.snapshot_file, error.what());
    }
}

// False: nothing could be read, try again later.
bool HotAccess::step() {
    if (log_id_.is_nil() && !begin()) return false;  // forgotten: which log it is now has to be learned first
    auto events = source_->follow_after(cursor_, settings_.batch_events);
    if (!events) {
        switch (events.error()) {
            case ReadError::kUnavailable: see("the log can't be read", Doubt::kTillRead); return false;
            case ReadError::kCursorUnknown:
                forget("the log holds another event at position " + std::to_string(cursor_.position) +
                       ", or none: it is another history");
                return false;
            case ReadError::kHole:
                stop_answering("the log has a hole behind position " + std::to_string(cursor_.position) + " (I1)");
                return false;
        }
        return false;
    }
    confirm();
    if (events->empty()) {
        see("");
        source_->wait(is_awaited() ? kAwaitedWait : kIdleWait);
        return true;
    }
    const bool cut = std::ssize(*events) == settings_.batch_events;
    return apply(std::move(*events), cut);
}

bool HotAccess::apply(FollowedEvents events, bool cut) {
    if (cut) cut_last_command(events);
    std::vector<AccessState::Change> changes;
    changes.reserve(events.size());
    try {
        for (const FollowedEventPtr& event : events) changes.push_back(AccessState::read_change(*event));
    } catch (const std::exception& error) {
        const Position position = cursor_.position + 1 + std::ssize(changes);
        stop_answering("position " + std::to_string(position) + " can't be read: " + error.what());
        return false;
    }
    const Cursor reached{events.back()->position, events.back()->leaf_hash};
    {
        const std::lock_guard lock(mutex_);
        for (const AccessState::Change& change : changes) state_->apply(change);
        for (const FollowedEventPtr& event : events) changes_.note(event->stream_id, event->version);
        cursor_ = reached;
        if (!stopped_) trouble_.clear();
        note_level();
    }
    release(reached.position);
    followed_to_ = std::ranges::min(changes, {}, [](const auto& change) {
                       return change.recorded.occurred_at;
                   }).recorded.occurred_at;
    return true;
}

bool HotAccess::is_awaited() const {
    const std::lock_guard lock(mutex_);
    return !waiters_.empty();
}

// The log holds the event at the cursor: only now is a snapshot known to be of this history.
void HotAccess::confirm() {
    {
        const std::lock_guard lock(mutex_);
        if (confirmed_ && !unsure_) return;
        confirmed_ = true;
        unsure_ = false;
        note_level();
    }
    release(cursor_.position);
}

// Under the lock, with the position that it is about: whoever was answered from it knows it.
void HotAccess::note_level() {
    if (stopped_ || !confirmed_ || caught_up() || cursor_.position < first_head_) return;
    caught_up_.store(true, std::memory_order_release);
    spdlog::info("answers come from memory from position {} on", cursor_.position);
}

void HotAccess::forget(const std::string& why) {
    spdlog::error("what was remembered is dropped: {}", why);
    followed_to_ = {};
    const std::lock_guard lock(mutex_);
    state_ = std::make_unique<AccessState>(settings_.lifetimes);
    cursor_ = {};
    changes_.begin(0);
    ++history_;
    confirmed_ = unsure_ = false;
    log_id_ = {};
    trouble_ = why;
    snapshot_position_ = 0;
    caught_up_.store(false, std::memory_order_release);
}

void HotAccess::stop_answering(const std::string& why) {
    bool said = false;
    {
        const std::lock_guard lock(mutex_);
        said = std::exchange(stopped_, true) || stopping_;
        trouble_ = why;
    }
    if (!said) spdlog::error("no answers come from memory any more: {}", why);
    release(std::numeric_limits<Position>::max());
}

void HotAccess::see(const std::string& trouble, Doubt doubt) {
    const std::lock_guard lock(mutex_);
    unsure_ = unsure_ || doubt == Doubt::kTillRead;
    if (!stopped_) trouble_ = trouble;
}

// By the time of the log: while an old log is read, or what was missed, a session that seems to have expired may have
// been refreshed further on, and nothing would bring it back.
void HotAccess::sweep() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_sweep_) return;
    next_sweep_ = now + settings_.sweep_every;
    const std::lock_guard lock(mutex_);
    state_->sweep(next_shard_, std::min(settings_.now(), followed_to_));
    next_shard_ = (next_shard_ + 1) % Sharded<Uuid, int>::kShards;
}

// Nobody else writes the state, so that a reader who finds the answer does not wait; the log waits only until all is
// gathered in memory, and not for the disk.
void HotAccess::keep_snapshot() {
    if (writing_.valid() && writing_.wait_for(0s) != std::future_status::ready) return;
    next_snapshot_ = std::chrono::steady_clock::now() + settings_.snapshot_every;
    if (settings_.snapshot_file.empty() || stopped_ || !caught_up() || cursor_.position == snapshot_position_) return;
    try {
        SnapshotWriter out(settings_.snapshot_file, {settings_.new_id(), log_id_, fold_name()}, cipher_);
        out.number(cursor_.position);
        out.digest(cursor_.leaf_hash);
        out.number(settings_.lifetimes.idle.ms());
        out.number(settings_.lifetimes.absolute.ms());
        state_->write(out);
        auto finish = [this, log = log_id_, at = cursor_.position, out = std::move(out)]() mutable {
            finish_snapshot(out, log, at);
        };
        writing_ = std::async(std::launch::async, std::move(finish));
    } catch (const std::exception& error) {  // no memory, no thread: answers need no snapshot
        spdlog::warn("{} can't be written: {}", settings_.snapshot_file, error.what());
    }
}

// On a thread of its own.
void HotAccess::finish_snapshot(SnapshotWriter& out, const Uuid& log_id, Position position) {
    try {
        const auto kept = out.finish();
        if (!kept) return spdlog::warn("{}", kept.error());
        const std::lock_guard lock(mutex_);
        if (log_id_ == log_id) snapshot_position_ = position;
    } catch (const std::exception& error) {  // a missing key
        spdlog::warn("{} can't be written: {}", settings_.snapshot_file, error.what());
    }
}

// False: the process ends.
bool HotAccess::pause_for(std::chrono::milliseconds pause) {
    std::unique_lock lock(mutex_);
    return !wake_.wait_for(lock, pause, [this] { return stopping_; });
}

}  // namespace keyledger::projections
