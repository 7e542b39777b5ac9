#include "tests/eventstore/kafka/scripted_log.hpp"

#include <algorithm>
#include <iterator>

#include "eventstore/aggregates.hpp"
#include "eventstore/codec/envelope.hpp"
#include "eventstore/declarations.hpp"
#include "eventstore/leaf.hpp"

namespace keyledger::test {

using namespace eventstore;

namespace {

constexpr Instant kFirst = Instant::at_ms(1'700'000'000'000);

class MarksSealed : public FieldSealer {
public:
    std::string seal(std::string_view field, std::string_view clear) override {
        return std::string(kSealedMark) + "." + std::string(field) + "." + std::to_string(clear.size());
    }
};

std::string clear(std::string_view what) { return std::string(kClearMark) + "-" + std::string(what); }

template <class Event>
std::pair<std::string, std::string> coded(const Event& event) {
    MarksSealed sealer;
    const EncodedEvent encoded = encode(event, sealer);
    return {std::string(encoded.type), encoded.payload};
}

}  // namespace

ScriptedLog::ScriptedLog(std::uint64_t seed, std::size_t users) : random_(seed) {
    log_id_ = next_id();
    for (std::size_t i = 0; i < users; ++i) {
        users_.push_back({next_id(), i, 0});
        attempts_.push_back({next_id(), i, 0});
    }
}

Uuid ScriptedLog::next_id() {
    Uuid id;
    for (std::uint8_t& byte : id.bytes) byte = static_cast<std::uint8_t>(random_());
    return id;
}

void ScriptedLog::grow(std::size_t count) {
    {
        const std::lock_guard lock(mutex_);
        for (std::size_t i = 0; i < count; ++i) add_one();
    }
    grown_.notify_all();
}

void ScriptedLog::add_one() {
    const std::size_t who = random_() % users_.size();
    Stream& user = users_[who];
    const std::string subject = user.id.to_string();
    if (user.version == 0) {
        const UserEvent event = UserRegistered{{clear("ann@example.com")}, {std::nullopt}, {clear("Ann")}};
        const auto [type, payload] = coded(event);
        return add("user", user, type, payload, subject);
    }
    std::size_t what = random_() % 10;
    if (what < 2 || (what < 7 && sessions_.empty())) {
        sessions_.push_back({next_id(), who, 0});
        const SessionEvent event =
            SessionStarted{UserId{user.id}, "portal", {"https://api.example"}, 1, "dGV2aWNl", Instant::at_ms(1)};
        const auto [type, payload] = coded(event);
        return add("session", sessions_.back(), type, payload, subject);
    }
    if (what < 7) {
        Stream& session = sessions_[random_() % sessions_.size()];
        const SessionEvent event = SessionRefreshed{session.version + 1, "dGV2aWNl"};
        const auto [type, payload] = coded(event);
        return add("session", session, type, payload, users_[session.user].id.to_string());
    }
    if (what < 9) {
        const LoginAttemptsEvent event = LoginFailed{UserId{user.id}, LoginFailure::kWrongPassword};
        const auto [type, payload] = coded(event);
        return add("login_attempts", attempts_[who], type, payload, subject);
    }
    const UserEvent event = UserProfileUpdated{{clear("ann")}, {std::nullopt}};
    const auto [type, payload] = coded(event);
    add("user", user, type, payload, subject);
}

void ScriptedLog::append(std::string stream_type, const Uuid& stream_id, std::string type, std::string payload) {
    {
        const std::lock_guard lock(mutex_);
        Stream stream{stream_id, 0, 0};
        for (const RecordedEvent& event : events_)
            if (event.stream_id == stream_id) ++stream.version;
        add(std::move(stream_type), stream, std::move(type), std::move(payload), stream_id.to_string());
    }
    grown_.notify_all();
}

void ScriptedLog::add(std::string stream_type, Stream& stream, std::string type, std::string payload,
                      std::string subject) {
    EventMetadata metadata;
    metadata.occurred_at = kFirst + milliseconds(events_.size());
    metadata.actor_type = ActorType::kUser;
    metadata.actor_id = subject;
    metadata.command_id = "Y29tbWFuZA";
    metadata.correlation_id = "request-" + std::to_string(events_.size() + 1);
    metadata.request_id = metadata.correlation_id;
    metadata.client_address.value = clear("192.0.2.1");
    metadata.user_agent.value = clear("Browser/1.0");
    if (stream_type == "session") metadata.session_id = SessionId{stream.id};
    MarksSealed sealer;
    RecordedEvent event;
    event.position = static_cast<Position>(events_.size()) + 1;
    event.tenant = kDefaultTenant;
    event.stream_type = std::move(stream_type);
    event.stream_id = stream.id;
    event.version = ++stream.version;
    event.type = std::move(type);
    for (const EventTypeInfo& info : event_types())  // as this build writes them; 1 where it knows none
        if (info.type == event.type) event.schema_version = static_cast<std::int16_t>(info.schema_version);
    event.event_id = next_id();
    event.payload = std::move(payload);
    event.metadata = encode(metadata, {event.event_id, event.stream_type, event.stream_id}, sealer);
    event.recorded_at = metadata.occurred_at + milliseconds(3);
    event.is_canonical = true;
    event.leaf_hash = leaf_hash(event);
    event.trust = RecordedEvent::Trust::kBelieved;
    events_.push_back(std::move(event));
    subjects_.push_back(std::move(subject));
}

RecordedEvent ScriptedLog::at(Position position) const {
    const std::lock_guard lock(mutex_);
    return events_.at(static_cast<std::size_t>(position) - 1);
}

std::string ScriptedLog::subject_of(Position position) const {
    const std::lock_guard lock(mutex_);
    return subjects_.at(static_cast<std::size_t>(position) - 1);
}

Position ScriptedLog::size() const {
    const std::lock_guard lock(mutex_);
    return static_cast<Position>(events_.size());
}

Cursor ScriptedLog::cursor_of(Position position) const {
    if (position == 0) return {};
    return {position, events_.at(static_cast<std::size_t>(position) - 1).leaf_hash};
}

Cursor ScriptedLog::cursor_at(Position position) const {
    const std::lock_guard lock(mutex_);
    return cursor_of(position);
}

void ScriptedLog::cut_after(Position position) {
    const std::lock_guard lock(mutex_);
    events_.resize(static_cast<std::size_t>(position));
    subjects_.resize(static_cast<std::size_t>(position));
}

void ScriptedLog::rewrite(Position position, std::string metadata) {
    const std::lock_guard lock(mutex_);
    RecordedEvent& event = events_.at(static_cast<std::size_t>(position) - 1);
    event.metadata = std::move(metadata);
    event.leaf_hash = leaf_hash(event);
}

void ScriptedLog::go_away(bool away) {
    const std::lock_guard lock(mutex_);
    away_ = away;
}

Result<std::vector<RecordedEvent>, ReadError> ScriptedLog::read_after(const Cursor& cursor, std::int32_t limit) {
    const std::lock_guard lock(mutex_);
    if (away_) return Unexpected(ReadError::kUnavailable);
    const auto size = static_cast<Position>(events_.size());
    if (cursor.position > size || cursor_of(cursor.position) != cursor) return Unexpected(ReadError::kCursorUnknown);
    const auto first = events_.begin() + cursor.position;
    const auto count = std::min<Position>(limit, size - cursor.position);
    seen_ = cursor.position + count;
    return std::vector<RecordedEvent>(first, first + count);
}

Result<Head, ReadError> ScriptedLog::head() {
    const std::lock_guard lock(mutex_);
    if (away_) return Unexpected(ReadError::kUnavailable);
    return Head{log_id_, cursor_of(static_cast<Position>(events_.size()))};
}

void ScriptedLog::wait(std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    grown_.wait_for(lock, at_most, [&] { return interrupted_ || static_cast<Position>(events_.size()) > seen_; });
    interrupted_ = false;
}

void ScriptedLog::interrupt() {
    {
        const std::lock_guard lock(mutex_);
        interrupted_ = true;
    }
    grown_.notify_all();
}

Result<std::vector<RecordedEvent>, ReadError> ScriptedLog::first_events(const std::vector<Uuid>& streams) {
    const std::lock_guard lock(mutex_);
    ++origin_questions_;
    if (away_) return Unexpected(ReadError::kUnavailable);
    std::vector<RecordedEvent> first;
    std::copy_if(events_.begin(), events_.end(), std::back_inserter(first), [&](const RecordedEvent& event) {
        return event.version == 1 && std::find(streams.begin(), streams.end(), event.stream_id) != streams.end();
    });
    return first;
}

}  // namespace keyledger::test
