#include "eventstore/kafka/publishing/state_output.hpp"

#include <rapidjson/document.h>

#include "eventstore/codec/jcs.hpp"
#include "eventstore/subscription.hpp"

namespace keyledger::eventstore::kafka {
namespace {

constexpr std::size_t kUsers = 0;
constexpr std::size_t kSessions = 1;

class Object {
public:
    Object& text(const char* name, std::string_view value) { return add(name, copy(value)); }
    Object& number(const char* name, std::int64_t value) { return add(name, rapidjson::Value(value)); }
    Object& list(const char* name, const std::vector<std::string>& values) {
        rapidjson::Value array(rapidjson::kArrayType);
        for (const std::string& value : values) array.PushBack(copy(value), json_.GetAllocator());
        return add(name, std::move(array));
    }
    std::string finish() const { return jcs(json_); }

private:
    rapidjson::Value copy(std::string_view value) {
        return rapidjson::Value(value.data(), static_cast<rapidjson::SizeType>(value.size()), json_.GetAllocator());
    }
    Object& add(const char* name, rapidjson::Value&& value) {
        json_.AddMember(rapidjson::StringRef(name), value, json_.GetAllocator());
        return *this;
    }
    rapidjson::Document json_{rapidjson::kObjectType};
};

// What this build wrote itself, or an older one: anything else is for a person to look at.
class Stored {
public:
    explicit Stored(std::string_view value) : json_(parse_json(value)) {
        if (!json_.IsObject()) throw CodecError("a state record is not an object");
    }
    std::string_view text(const char* name) const {
        const auto at = json_.FindMember(name);
        if (at == json_.MemberEnd() || !at->value.IsString()) lacks(name);
        return {at->value.GetString(), at->value.GetStringLength()};
    }
    std::int64_t number(const char* name) const {
        const auto at = json_.FindMember(name);
        if (at == json_.MemberEnd() || !at->value.IsInt64()) lacks(name);
        return at->value.GetInt64();
    }
    UserId user_id(const char* name) const {
        const auto id = UserId::parse(text(name));
        if (!id) lacks(name);
        return *id;
    }

private:
    [[noreturn]] static void lacks(const char* name) {
        throw CodecError("a state record has no good '" + std::string(name) + "'");
    }
    rapidjson::Document json_;
};

// nullopt: users have no record in this state.
std::optional<std::string_view> name_of(User::Status status) {
    switch (status) {
        case User::Status::kActive: return "active";
        case User::Status::kDisabled: return "disabled";
        case User::Status::kAbsent:
        case User::Status::kErased: return std::nullopt;
    }
    return std::nullopt;
}

User::Status status_of(std::string_view name) {
    for (const auto status : {User::Status::kActive, User::Status::kDisabled})
        if (name_of(status) == name) return status;
    throw CodecError("a state record has the unknown status '" + std::string(name) + "'");
}

}  // namespace

struct StateOutput::Change {
    const FollowedEvent& event;
    Recorded recorded;
    const EventSource* source;  // nullptr: nothing is sent
    std::vector<Outgoing> sent;

    void send(std::size_t topic, const Uuid& key, std::optional<std::string> value) {
        if (source == nullptr) return;
        Record record{key.to_string(),
                      std::move(value),
                      {{"ce_logid", source->log_text()},
                       {"ce_sequence", sequence_of(event.position)},
                       {"ce_id", event.event_id.to_string()}}};
        if (record.value) record.headers.emplace_back("content-type", "application/json");
        sent.push_back({topic, std::move(record)});
    }
};

std::vector<OutputTopic> StateOutput::topics() const {
    return {{users_topic_, OutputTopic::Retention::kLatest}, {sessions_topic_, OutputTopic::Retention::kLatest}};
}

std::vector<Outgoing> StateOutput::records_of(const FollowedEvent& event, const EventSource& source) {
    if (event.is_inert()) return {};
    Change change{event, {}, &source, {}};
    fold(change);
    return std::move(change.sent);
}

void StateOutput::replay(const FollowedEvent& event) {
    if (event.is_inert()) return;
    Change change{event, {}, nullptr, {}};
    fold(change);
}

void StateOutput::fold(Change& change) try {
    const Instant now = change.event.envelope().occurred_at;
    change.recorded = {change.event.position, now};
    while (!by_end_.empty() && by_end_.begin()->first <= now) end(change, by_end_.begin()->second);
    Subscription<User, Session>::deliver(*change.event.decoded(), change.event.stream_id,
                                         [&](const auto& id, const auto& of_one) { apply(change, id, of_one); });
} catch (const CodecError& error) {
    throw CodecError("position " + std::to_string(change.event.position) + ": " + error.what());
}

void StateOutput::apply(Change& change, const UserId& id, const UserEvent& event) {
    const Account before = users_[id];
    User user;
    user.status = before.status;
    user.registered_at = before.registered_at;
    user = evolve(std::move(user), event, change.recorded);
    // Sessions that an earlier event ended are not here any more: what the fold says now is this event's
    // doing.
    std::vector<SessionId> ended;
    for (auto at = by_user_.lower_bound({id, SessionId{}}); at != by_user_.end() && at->first == id; ++at)
        if (user.ended_session(at->second, sessions_.at(at->second).first_position)) ended.push_back(at->second);
    for (const SessionId& session : ended) end(change, session);

    const Account after{user.status, user.registered_at};
    const auto status = name_of(after.status);
    if (!status) {
        users_.erase(id);
        if (name_of(before.status)) change.send(kUsers, id, std::nullopt);
        return;
    }
    if (after == before) return;
    users_[id] = after;
    Object value;
    value.text("user_id", id.to_string())
        .text("tenant", change.event.tenant)
        .text("status", *status)
        .number("registered_at_ms", after.registered_at.ms())
        .number("position", change.event.position);
    change.send(kUsers, id, value.finish());
}

void StateOutput::apply(Change& change, const SessionId& id, const SessionEvent& event) {
    std::visit([&](const auto& one) { apply(change, id, one); }, event);
}

void StateOutput::apply(Change& change, const SessionId& id, const SessionStarted& event) {
    keep(id, {event.user_id, change.event.position, event.expires_at});
    Object value;
    value.text("session_id", id.to_string())
        .text("tenant", change.event.tenant)
        .text("user_id", event.user_id.to_string())
        .text("client_id", event.client_id)
        .list("audiences", event.audiences)
        .number("started_at_ms", change.recorded.occurred_at.ms())
        .number("expires_at_ms", event.expires_at.ms())
        .number("position", change.event.position);
    change.send(kSessions, id, value.finish());
}

void StateOutput::apply(Change&, const SessionId&, const SessionRefreshed&) {}
void StateOutput::apply(Change&, const SessionId&, const SessionRefreshRefused&) {}
void StateOutput::apply(Change&, const SessionId&, const SessionReauthenticated&) {}
void StateOutput::apply(Change& change, const SessionId& id, const SessionEnded&) { end(change, id); }

void StateOutput::keep(const SessionId& session, const LiveSession& live) {
    sessions_[session] = live;
    by_user_.emplace(live.user, session);
    by_end_.emplace(live.expires_at, session);
}

bool StateOutput::drop(const SessionId& session) {
    const auto found = sessions_.find(session);
    if (found == sessions_.end()) return false;
    by_user_.erase({found->second.user, session});
    by_end_.erase({found->second.expires_at, session});
    sessions_.erase(found);
    return true;
}

// By value: the caller's may be in what is dropped.
void StateOutput::end(Change& change, SessionId session) {
    if (drop(session)) change.send(kSessions, session, std::nullopt);
}

void StateOutput::forget() {
    users_.clear();
    sessions_.clear();
    by_user_.clear();
    by_end_.clear();
}

void StateOutput::restore(std::size_t topic, const ReadRecord& record) {
    const auto id = Uuid::parse(record.key());
    if (!id) throw CodecError("a state record has no id as its key");
    if (record.value().empty()) {
        topic == kUsers ? void(users_.erase(UserId{*id})) : void(drop(SessionId{*id}));
        return;
    }
    const Stored stored(record.value());
    if (topic == kUsers) {
        users_[UserId{*id}] = {status_of(stored.text("status")), Instant::at_ms(stored.number("registered_at_ms"))};
    } else {
        const SessionId session{*id};
        drop(session);
        keep(session,
             {stored.user_id("user_id"), stored.number("position"), Instant::at_ms(stored.number("expires_at_ms"))});
    }
}

}  // namespace keyledger::eventstore::kafka
