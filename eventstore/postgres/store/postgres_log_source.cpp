#include "eventstore/postgres/store/postgres_log_source.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "eventstore/postgres/store/read_session.hpp"

namespace keyledger::eventstore::postgres {
namespace {

constexpr std::chrono::milliseconds kLongestPause{500};

void prepare_deaf(pqxx::connection& connection) {
    prepare_head(connection);
    prepare_reads(connection);
}

void prepare_listening(pqxx::connection& connection) {
    pqxx::nontransaction(connection).exec("listen keyledger_log");
    prepare_deaf(connection);
}

}  // namespace

struct PostgresLogSource::Session {
    Session(const std::string& url, std::chrono::milliseconds patience, WokenBy woken_by)
        : reads(url, patience, kLongestPause, woken_by == WokenBy::kNotifications ? prepare_listening : prepare_deaf) {}
    ReadSession reads;
};

PostgresLogSource::PostgresLogSource(std::string url, std::shared_ptr<Authenticity> authenticity,
                                     std::chrono::milliseconds patience, WokenBy woken_by)
    : session_(std::make_unique<Session>(url, patience, woken_by)),
      authenticity_(std::move(authenticity)),
      woken_by_(woken_by),
      wake_fd_(eventfd(0, EFD_NONBLOCK)) {
    if (wake_fd_ < 0) throw std::runtime_error("no eventfd: too many open files");
}

PostgresLogSource::~PostgresLogSource() { close(wake_fd_); }

Result<std::vector<RecordedEvent>, ReadError> PostgresLogSource::read_after(const Cursor& cursor, std::int32_t limit) {
    if (cursor.position < 0 || (cursor.position == 0 && cursor != Cursor{}))
        return Unexpected(ReadError::kCursorUnknown);
    const bool checked = cursor.position == 0 || (has_last_ && cursor == last_);
    auto events = read_from(cursor, std::clamp(limit, 0, kMaxReadBatch - 1), checked);
    has_last_ = events.has_value();
    if (has_last_) last_ = events->empty() ? cursor : Cursor{events->back().position, events->back().leaf_hash};
    return events;
}

// Unchecked, it reads the event at the cursor too, compares it and leaves it out. So it does on a new connection: that
// may lead to another server, which was promoted and holds another history.
Result<std::vector<RecordedEvent>, ReadError> PostgresLogSource::read_from(const Cursor& cursor, std::int32_t limit,
                                                                           bool checked) {
    auto read = session_->reads.run([&] {
        checked = cursor.position == 0 || (checked && session_->reads.openings() == checked_on_);
        checked_on_ = session_->reads.openings();
        const Position first = checked ? cursor.position + 1 : cursor.position;
        return read_log(session_->reads.connection(), first, checked ? limit : limit + 1, authenticity_.get());
    });
    if (!read) return Unexpected(ReadError::kUnavailable);
    hear();
    std::vector<RecordedEvent>& events = *read;
    if (!checked) {
        if (events.empty() || Cursor{events[0].position, events[0].leaf_hash} != cursor)
            return Unexpected(ReadError::kCursorUnknown);
        events.erase(events.begin());
    }
    Position next = cursor.position + 1;
    for (const RecordedEvent& event : events)
        if (event.position != next++) return Unexpected(ReadError::kHole);
    return std::move(events);
}

Result<Head, ReadError> PostgresLogSource::head() {
    auto head = session_->reads.run([&] { return read_head(session_->reads.connection()); });
    if (!head) return Unexpected(ReadError::kUnavailable);
    hear();
    return *head;
}

// Notifications come in with what is read, and libpq keeps each until somebody takes it: of whoever reads and never
// waits, all that were ever sent. The next wait() is over at once then.
void PostgresLogSource::hear() {
    if (woken_by_ == WokenBy::kHintsAlone || !session_->reads.is_open()) return;
    const auto heard = as_value([&] { return session_->reads.connection().get_notifs(); });
    has_heard_ = has_heard_ || !heard || *heard > 0;
}

// A broken connection shows as readable: the next read finds out and connects again.
void PostgresLogSource::wait(std::chrono::milliseconds at_most) {
    std::array<pollfd, 2> watched{};
    watched[0] = {wake_fd_, POLLIN, 0};
    watched[1] = {-1, POLLIN, 0};
    hear();
    const bool hinted = std::exchange(has_heard_, false);
    if (session_->reads.is_open()) watched[1].fd = session_->reads.connection().sock();
    const auto timeout = std::clamp<std::int64_t>(at_most.count(), 0, 3'600'000);
    poll(watched.data(), watched.size(), hinted ? 0 : static_cast<int>(timeout));
    if (watched[1].revents != 0)
        if (const auto heard = as_value([&] { return session_->reads.connection().get_notifs(); }); !heard)
            session_->reads.close();
    std::uint64_t count = 0;
    [[maybe_unused]] const auto drained = ::read(wake_fd_, &count, sizeof count);
}

void PostgresLogSource::interrupt() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(wake_fd_, &one, sizeof one);
}

}  // namespace keyledger::eventstore::postgres
