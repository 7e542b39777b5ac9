#include "eventstore/log_tail.hpp"

#include <algorithm>
#include <utility>

namespace keyledger::eventstore {
namespace {

std::size_t bytes_of(const RecordedEvent& event) { return event.payload.size() + event.metadata.size(); }

void keep_believed(std::vector<RecordedEvent>& events) {
    const auto end = std::ranges::find_if(
        events, [](const RecordedEvent& event) { return event.trust != RecordedEvent::Trust::kBelieved; });
    events.erase(end, events.end());
}

bool is_dense(const std::vector<RecordedEvent>& events) {
    const auto parts = [](const RecordedEvent& one, const RecordedEvent& next) {
        return next.position != one.position + 1;
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
}

void LogTail::expect(Position position) {
    const std::lock_guard lock(mutex_);
    expected_ = std::max(expected_, position);
}

bool LogTail::expects_more() const {
    const std::lock_guard lock(mutex_);
    return events_.empty() || expected_ > last();
}

void LogTail::offer(Epoch epoch, std::vector<RecordedEvent> events, const std::optional<Cursor>& behind) {
    keep_believed(events);
    if (events.empty() || !is_dense(events)) return;
    const std::lock_guard lock(mutex_);
    if (epoch != epoch_) return;
    if (!events_.empty() && (events.front().position > last() + 1 || contradicts(events, behind))) {
        events_.clear();
        bytes_ = 0;
    }
    if (events_.empty()) {
        for (RecordedEvent& event : events) add_behind(std::move(event));
        return;
    }
    if (events.back().position < first()) return;  // beside it, they may be of another history
    const auto before = static_cast<std::size_t>(std::max<Position>(0, first() - events.front().position));
    const auto known = static_cast<std::size_t>(std::max<Position>(0, last() + 1 - events.front().position));
    for (std::size_t i = known; i < events.size(); ++i) add_behind(std::move(events[i]));
    add_before(std::move(events), before);
}

bool LogTail::holds_another(Position position, const Digest& leaf_hash) const {
    if (position < first() || position > last()) return false;
    return events_[static_cast<std::size_t>(position - first())]->leaf_hash != leaf_hash;
}

// Under the lock, of events that overlap with the run or adjoin it.
bool LogTail::contradicts(const std::vector<RecordedEvent>& events, const std::optional<Cursor>& behind) const {
    if (behind && holds_another(behind->position, behind->leaf_hash)) return true;
    return std::ranges::any_of(
        events, [&](const RecordedEvent& event) { return holds_another(event.position, event.leaf_hash); });
}

void LogTail::add_behind(RecordedEvent&& event) {
    bytes_ += bytes_of(event);
    events_.push_back(std::make_shared<const RecordedEvent>(std::move(event)));
    while (events_.size() > limits_.events || (bytes_ > limits_.bytes && events_.size() > 1)) {
        bytes_ -= bytes_of(*events_.front());
        events_.pop_front();
    }
}

// The first `count` of them, as many as there is room for.
void LogTail::add_before(std::vector<RecordedEvent>&& events, std::size_t count) {
    while (count > 0 && events[count - 1].position + 1 == first()) {
        RecordedEvent& event = events[--count];
        if (events_.size() >= limits_.events || bytes_ + bytes_of(event) > limits_.bytes) return;
        bytes_ += bytes_of(event);
        events_.push_front(std::make_shared<const RecordedEvent>(std::move(event)));
    }
}

std::optional<std::vector<RecordedEvent>> LogTail::after(const Cursor& cursor, std::int32_t limit) const {
    std::vector<Shared> found;
    {
        const std::lock_guard lock(mutex_);
        if (events_.empty() || cursor.position < first() || cursor.position > last()) return std::nullopt;
        const auto at = static_cast<std::size_t>(cursor.position - first());
        if (events_[at]->leaf_hash != cursor.leaf_hash) return std::nullopt;
        const std::size_t there = events_.size() - at - 1;
        const auto count = static_cast<std::ptrdiff_t>(std::min<std::size_t>(there, std::max(limit, 0)));
        const auto begin = events_.begin() + static_cast<std::ptrdiff_t>(at) + 1;
        found.assign(begin, begin + count);
        counts_.from_memory += found.size();
    }
    std::vector<RecordedEvent> events;
    events.reserve(found.size());
    for (const Shared& event : found) events.push_back(*event);
    return events;
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
    if (auto events = tail_->after(cursor, limit)) {
        if (!events->empty()) {
            was_at_its_end_ = true;
            return std::move(*events);
        }
        const bool is_end = was_at_its_end_ && has_waited_ && !tail_->expects_more();
        was_at_its_end_ = has_waited_ = false;
        if (is_end) return std::vector<RecordedEvent>{};
    }
    was_at_its_end_ = has_waited_ = false;
    const LogTail::Epoch epoch = tail_->epoch();
    auto events = log_->read_after(cursor, limit);
    if (!events) {
        tail_->clear();
        return events;
    }
    tail_->count_read(events->size());
    // What is cut at the limit may end within a command.
    if (std::ssize(*events) < limit) tail_->offer(epoch, *events, cursor);
    return events;
}

}  // namespace keyledger::eventstore
