#include "eventstore/log_tail.hpp"

#include <algorithm>
#include <utility>

namespace keyledger::eventstore {
namespace {

void keep_believed(FollowedEvents& events) {
    const auto end = std::ranges::find_if(
        events, [](const FollowedEventPtr& event) { return event->trust != RecordedEvent::Trust::kBelieved; });
    events.erase(end, events.end());
}

bool is_dense(const FollowedEvents& events) {
    const auto parts = [](const FollowedEventPtr& one, const FollowedEventPtr& next) {
        return next->position != one->position + 1;
    };
    return std::ranges::adjacent_find(events, parts) == events.end();
}

}  // namespace

LogTail::Epoch LogTail::epoch() const {
    const std::lock_guard lock(mutex_);
    return epoch_;
}

void LogTail::clear() {
    const std::lock_guard lock(mutex_);
    ++epoch_;
    events_.clear();
    bytes_ = 0;
    expected_ = 0;
    own_until_ = 0;
    own_events_ = 0;
}

LogTail::HandOver LogTail::begin_hand_over() {
    const std::lock_guard lock(mutex_);
    ++hand_overs_;
    return HandOver(this);
}

void LogTail::end_hand_over() {
    const std::lock_guard lock(mutex_);
    --hand_overs_;
}

bool LogTail::expects_hand_over() const {
    const std::lock_guard lock(mutex_);
    return hand_overs_ > 0 && own_events_ >= limits_.alone_after && !events_.empty() && last() == own_until_;
}

void LogTail::expect(Position position) {
    const std::lock_guard lock(mutex_);
    expected_ = std::max(expected_, position);
}

bool LogTail::expects_more() const {
    const std::lock_guard lock(mutex_);
    return events_.empty() || expected_ > last();
}

void LogTail::offer(Epoch epoch, FollowedEvents events, const std::optional<Cursor>& behind) {
    keep_believed(events);
    if (events.empty() || !is_dense(events)) return;
    const std::lock_guard lock(mutex_);
    if (epoch != epoch_) return;
    if (!behind) note_own(events);
    if (!events_.empty() && (events.front()->position > last() + 1 || contradicts(events, behind))) {
        events_.clear();
        bytes_ = 0;
    }
    if (events_.empty()) {
        for (FollowedEventPtr& event : events) add_behind(std::move(event));
        return;
    }
    if (events.back()->position < first()) return;  // beside it, they may be of another history
    const auto before = static_cast<std::size_t>(std::max<Position>(0, first() - events.front()->position));
    const auto known = static_cast<std::size_t>(std::max<Position>(0, last() + 1 - events.front()->position));
    for (std::size_t i = known; i < events.size(); ++i) add_behind(events[i]);
    add_before(events, before);
}

// Under the lock.
void LogTail::note_own(const FollowedEvents& events) {
    if (events.front()->position != own_until_ + 1) own_events_ = 0;  // others appended in between
    own_events_ += events.size();
    own_until_ = events.back()->position;
}

bool LogTail::holds_another(Position position, const Digest& leaf_hash) const {
    if (position < first() || position > last()) return false;
    return events_[static_cast<std::size_t>(position - first())]->leaf_hash != leaf_hash;
}

// Under the lock, of events that overlap with the run or adjoin it.
bool LogTail::contradicts(const FollowedEvents& events, const std::optional<Cursor>& behind) const {
    if (behind && holds_another(behind->position, behind->leaf_hash)) return true;
    return std::ranges::any_of(
        events, [&](const FollowedEventPtr& event) { return holds_another(event->position, event->leaf_hash); });
}

void LogTail::add_behind(FollowedEventPtr event) {
    bytes_ += event->bytes();
    events_.push_back(std::move(event));
    while (events_.size() > limits_.events || (bytes_ > limits_.bytes && events_.size() > 1)) {
        bytes_ -= events_.front()->bytes();
        events_.pop_front();
    }
}

// The first `count` of them, as many as there is room for.
void LogTail::add_before(const FollowedEvents& events, std::size_t count) {
    while (count > 0 && events[count - 1]->position + 1 == first()) {
        const FollowedEventPtr& event = events[--count];
        if (events_.size() >= limits_.events || bytes_ + event->bytes() > limits_.bytes) return;
        bytes_ += event->bytes();
        events_.push_front(event);
    }
}

std::optional<FollowedEvents> LogTail::after(const Cursor& cursor, std::int32_t limit) const {
    const std::lock_guard lock(mutex_);
    if (events_.empty() || cursor.position < first() || cursor.position > last()) return std::nullopt;
    const auto at = static_cast<std::size_t>(cursor.position - first());
    if (events_[at]->leaf_hash != cursor.leaf_hash) return std::nullopt;
    const std::size_t there = events_.size() - at - 1;
    const auto count = static_cast<std::ptrdiff_t>(std::min<std::size_t>(there, std::max(limit, 0)));
    const auto begin = events_.begin() + static_cast<std::ptrdiff_t>(at) + 1;
    counts_.from_memory += static_cast<std::uint64_t>(count);
    return FollowedEvents(begin, begin + count);
}

LogTailCounts LogTail::counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
}

void LogTail::count_read(std::size_t events) {
    const std::lock_guard lock(mutex_);
    counts_.from_log += events;
}

Result<std::vector<RecordedEvent>, ReadError> TailSource::read_after(const Cursor& cursor, std::int32_t limit) {
    const auto followed = follow_after(cursor, limit);
    if (!followed) return Unexpected(followed.error());
    std::vector<RecordedEvent> events;
    events.reserve(followed->size());
    for (const FollowedEventPtr& event : *followed) events.push_back(*event);
    return events;
}

Result<FollowedEvents, ReadError> TailSource::follow_after(const Cursor& cursor, std::int32_t limit) {
    if (auto events = tail_->after(cursor, limit)) {
        if (!events->empty()) {
            was_at_its_end_ = true;
            asks_log_at_.reset();
            return std::move(*events);
        }
        if (is_end()) return FollowedEvents{};
    }
    was_at_its_end_ = has_waited_ = false;
    asks_log_at_.reset();
    const LogTail::Epoch epoch = tail_->epoch();
    auto events = log_->follow_after(cursor, limit);
    if (!events) {
        tail_->clear();
        return events;
    }
    tail_->count_read(events->size());
    // What is cut at the limit may end within a command.
    if (std::ssize(*events) < limit) tail_->offer(epoch, *events, cursor);
    return events;
}

// Whether it may be told that nothing is behind the cursor, where nothing more is known here. Nobody answers from that:
// whoever has to include a position waits until it was given the event there.
bool TailSource::is_end() {
    if (!std::exchange(has_waited_, false) || tail_->expects_more()) return false;
    if (std::exchange(was_at_its_end_, false)) return true;
    if (!tail_->expects_hand_over()) return false;
    const auto now = now_();
    if (!asks_log_at_) asks_log_at_ = now + kHandOverPatience;
    return now < *asks_log_at_;
}

}  // namespace keyledger::eventstore
