#include "tests/projections/story/story.hpp"

#include <pqxx/pqxx>

#include "eventstore/codec/envelope.hpp"
#include "eventstore/leaf.hpp"
#include "projections/engine/sql_array.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::projections::test {

using namespace keyledger::eventstore;

namespace {

class StorySealer : public FieldSealer {
public:
    StorySealer(TestCipher& cipher, const SubjectKeyPtr& key, const Uuid& event_id)
        : cipher_(cipher), key_(key), event_id_(event_id) {}
    std::string seal(std::string_view field, std::string_view clear) override {
        return cipher_.seal_field(*key_, {kDefaultTenant, event_id_, field}, clear);
    }

private:
    TestCipher& cipher_;
    const SubjectKeyPtr& key_;
    const Uuid& event_id_;
};

}  // namespace

void ScriptedLog::append(std::vector<RecordedEvent> events) {
    std::lock_guard lock(mutex_);
    std::ranges::move(events, std::back_inserter(events_));
    grown_.notify_all();
}

void ScriptedLog::tamper(Position position, const std::function<void(RecordedEvent&)>& change) {
    std::lock_guard lock(mutex_);
    change(events_.at(static_cast<std::size_t>(position - 1)));
}

void ScriptedLog::fail_with(std::optional<ReadError> error) {
    std::lock_guard lock(mutex_);
    failure_ = error;
}

Result<std::vector<RecordedEvent>, ReadError> ScriptedLog::read_after(const Cursor& cursor, std::int32_t limit) const {
    std::lock_guard lock(mutex_);
    if (failure_) return Unexpected(*failure_);
    const auto from = static_cast<std::size_t>(cursor.position);
    if (from > events_.size() || (from > 0 && events_[from - 1].leaf_hash != cursor.leaf_hash))
        return Unexpected(ReadError::kCursorUnknown);
    const std::size_t to = std::min(events_.size(), from + static_cast<std::size_t>(limit));
    std::vector<RecordedEvent> events;
    for (std::size_t at = from; at < to; ++at) {
        if (events_[at].position != static_cast<Position>(at) + 1) return Unexpected(ReadError::kHole);
        events.push_back(events_[at]);
    }
    return events;
}

Cursor ScriptedLog::head() const {
    std::lock_guard lock(mutex_);
    return events_.empty() ? Cursor{} : Cursor{events_.back().position, events_.back().leaf_hash};
}

std::vector<RecordedEvent> ScriptedLog::all() const {
    std::lock_guard lock(mutex_);
    return events_;
}

Result<std::vector<RecordedEvent>, ReadError> ScriptedSource::read_after(const Cursor& cursor, std::int32_t limit) {
    auto events = log_.read_after(cursor, limit);
    std::lock_guard lock(log_.mutex_);
    if (events) seen_ = static_cast<std::size_t>(cursor.position) + events->size();
    return events;
}

Result<Head, ReadError> ScriptedSource::head() { return Head{{}, log_.head()}; }

void ScriptedSource::wait(std::chrono::milliseconds at_most) {
    std::unique_lock lock(log_.mutex_);
    log_.grown_.wait_for(lock, at_most, [this] { return interrupted_ || log_.events_.size() > seen_; });
    interrupted_ = false;
}

void ScriptedSource::interrupt() {
    std::lock_guard lock(log_.mutex_);
    interrupted_ = true;
    log_.grown_.notify_all();
}

void reset(const keyledger::test::Database& database) {
    database.execute("drop schema read_models cascade; create schema read_models; "
                     "grant usage, create on schema read_models to keyledger_service; "
                     "delete from keyledger.checkpoints");
}

keyledger::test::Database& fresh_database() {
    keyledger::test::Database& database = keyledger::test::database();
    reset(database);
    database.execute("delete from keyledger.subject_keys; delete from keyledger.events");
    return database;
}

Story::Story(const keyledger::test::Database& database, std::uint64_t seed) : database_(database), random_(seed) {
    key_of_the_day_ = new_id();
}

TestId Story::new_id() {
    TestId id;
    for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(random_());
    id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0F) | 0x70);
    id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3F) | 0x80);
    return id;
}

By Story::user(const Uuid& id) {
    By by;
    by.type = ActorType::kUser;
    by.id = id.to_string();
    return by;
}

SubjectKeyPtr Story::key_of(const Uuid& subject) {
    SubjectKeyPtr& key = keys_[subject];
    if (!key) {
        key = cipher_.make_key(subject);
        new_keys_.push_back(cipher_.wrap(*key));
    }
    return key;
}

Position Story::record(const Uuid& stream, const AnyEvent& event, const By& by) {
    RecordedEvent& recorded = unpublished_.emplace_back();
    recorded.position = next_position_++;
    recorded.tenant = kDefaultTenant;
    recorded.stream_type = stream_type_of(event);
    recorded.stream_id = stream;
    recorded.version = ++versions_[stream];
    recorded.event_id = new_id();
    recorded.recorded_at = now;

    const SubjectKeyPtr subject_key = key_of(stream);
    StorySealer payload_sealer(cipher_, subject_key, recorded.event_id);
    const EncodedEvent encoded = encode(event, payload_sealer);
    recorded.type = encoded.type;
    recorded.schema_version = encoded.schema_version;
    recorded.payload = encoded.payload;

    EventMetadata metadata;
    metadata.occurred_at = now;
    now += milliseconds(1);
    metadata.actor_type = by.type;
    metadata.actor_id = by.id;
    metadata.request_id = by.request_id;
    metadata.session_id = by.session;
    metadata.client_address.value = by.address;
    metadata.user_agent.value = by.agent;
    const auto actor = by.type == ActorType::kUser ? Uuid::parse(by.id) : std::nullopt;
    const SubjectKeyPtr actor_key = key_of(actor.value_or(key_of_the_day_));
    StorySealer metadata_sealer(cipher_, actor_key, recorded.event_id);
    const EnvelopePlace place{recorded.event_id, recorded.stream_type, recorded.stream_id};
    recorded.metadata = encode(metadata, place, metadata_sealer);
    recorded.is_canonical = true;
    recorded.leaf_hash = leaf_hash(recorded);
    recorded.trust = RecordedEvent::Trust::kBelieved;
    return recorded.position;
}

void Story::publish() {
    if (!new_keys_.empty()) {
        SqlArray subject, key, wrapped, kek;
        for (const NewSubjectKey& made : new_keys_) {
            subject.add(made.subject);
            key.add(made.key_id);
            wrapped.add(security::hex_encode(made.wrapped));
            kek.add(made.key_encryption_key_id);
        }
        new_keys_.clear();
        pqxx::connection connection(database_.owner_url());
        pqxx::work work(connection);
        work.exec_params0("insert into keyledger.subject_keys (subject, tenant, key_id, wrapped_key, "
                          "key_encryption_key_id) select s, 'default', k, decode(w, 'hex'), e "
                          "from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) as u(s, k, w, e)",
                          subject.parameter(), key.parameter(), wrapped.parameter(), kek.parameter());
        work.commit();
    }
    log_.append(std::exchange(unpublished_, {}));
}

void Story::destroy_key(const Uuid& subject) {
    database_.execute("update keyledger.subject_keys set wrapped_key = '', destroyed_at = now() where subject = '" +
                      subject.to_string() + "'");
}

UserId Story::registers(const std::string& email, std::optional<std::string> username,
                        std::optional<std::string> name) {
    const UserId user = new_id();
    record(user, UserEvent(UserRegistered{{email}, {std::move(username)}, {std::move(name)}}), By{});
    users_.push_back(user);
    return user;
}

SessionId Story::logs_in(const UserId& user, const std::string& client) {
    const SessionId session = new_id();
    By by = Story::user(user);
    by.session = session;
    SessionStarted started;
    started.user_id = user;
    started.client_id = client;
    started.expires_at = now + seconds(1000);
    record(session, SessionEvent(started), by);
    sessions_.push_back(session);
    session_facts_[session] = {user, 1};
    return session;
}

void Story::refreshes(const SessionId& session) {
    SessionFacts& facts = session_facts_.at(session);
    By by = user(facts.user);
    by.session = session;
    by.agent = "agent " + std::to_string(facts.generation);
    record(session, SessionEvent(SessionRefreshed{++facts.generation, ""}), by);
}

void Story::ends(const SessionId& session, SessionEndReason reason) {
    By by = user(session_facts_.at(session).user);
    by.session = session;
    record(session, SessionEvent(SessionEnded{reason}), by);
}

void Story::random_role_event(const UserId& user, const By& by) {
    const std::size_t dice = static_cast<std::size_t>(random_() % 10);
    if (roles_.empty() || dice < 3) {
        const std::string name = "role" + std::to_string(next_position_);
        roles_.push_back(new_id());
        record(roles_.back(), RoleEvent(RoleDefined{name, {"a:b", "invoices:*"}, RoleKind::kCustom}), by);
        return;
    }
    const auto at = roles_.begin() + static_cast<std::ptrdiff_t>(random_() % roles_.size());
    const RoleId role = dice == 9 ? kAdministratorRole : *at;
    if (dice < 4) return void(record(role, RoleEvent(RoleChanged{"renamed", {"orders:read"}}), by));
    const AssignmentsId assignments = assignments_of(user);
    if (dice < 8 || dice == 9) record(assignments, AssignmentsEvent(RoleAssigned{user, role}), by);
    else record(assignments, AssignmentsEvent(RoleWithdrawn{user, role}), by);
    if (dice == 9) record(kAdministratorsStream, AdministratorsEvent(AdministratorsJoined{user}), by);
    if (dice == 6) random_group_event(user, by);
    if (dice != 5) return;
    record(role, RoleEvent(RoleDeleted{}), by);
    roles_.erase(at);
}

void Story::random_group_event(const UserId& user, const By& by) {
    const std::size_t dice = static_cast<std::size_t>(random_() % 8);
    if (groups_.size() < 2 || dice == 0) {
        groups_.push_back(new_id());
        record(groups_.back(), GroupEvent(GroupDefined{"group" + std::to_string(next_position_)}), by);
        return;
    }
    const GroupId group = groups_[random_() % groups_.size()];
    const AssignmentsId assignments = assignments_of(user);
    if (dice < 4) record(assignments, AssignmentsEvent(GroupMemberAdded{user, group}), by);
    if (dice == 4) record(assignments, AssignmentsEvent(GroupMemberRemoved{user, group}), by);
    if (dice == 5) record(kNestingsStream, NestingsEvent(GroupNested{groups_.front(), group}), by);
    if (dice == 6) record(kNestingsStream, NestingsEvent(GroupUnnested{groups_.front(), group}), by);
    if (dice != 7) return;
    record(groups_.back(), GroupEvent(GroupDeleted{}), by);
    groups_.pop_back();
}

void Story::random_events(int count) {
    for (int i = 0; i < count; ++i) random_event();
}

void Story::random_event() {
    auto below = [this](std::size_t n) { return static_cast<std::size_t>(random_() % n); };
    const std::size_t dice = users_.empty() ? 0 : sessions_.empty() ? 10 : below(100);
    if (dice < 10) {
        const std::string n = std::to_string(users_.size());
        const UserId user = registers("user" + n + "@example.com", "user" + n, "User \xC3\x9C " + n);
        record(user, UserEvent(UserPasswordSet{new_id(), "aa"}), Story::user(user));
        return;
    }
    const UserId user = users_[below(users_.size())];
    if (dice < 24) return void(logs_in(user));
    if (dice < 30) return random_role_event(user, Story::user(user));
    const SessionId session = sessions_[below(sessions_.size())];
    if (dice < 70) return refreshes(session);
    if (dice < 76) return ends(session, SessionEndReason::kLoggedOut);
    if (dice < 78) return ends(session, SessionEndReason::kRefreshTokenReused);
    if (dice < 80) return void(record(session, SessionEvent(SessionRefreshRefused{99}), By{}));
    By by = Story::user(user);
    if (dice < 84) return void(record(user, UserEvent(UserProfileUpdated{{"renamed"}, {"A \"B\" \\ {C},"}}), by));
    if (dice < 86) return void(record(user, UserEvent(UserDisabled{"left"}), by));
    if (dice < 88) return void(record(user, UserEvent(UserEnabled{}), by));
    if (dice < 91) return void(record(user, UserEvent(UserSessionsRevoked{session}), by));
    if (dice < 93) return void(record(user, UserEvent(UserPasswordChanged{new_id(), "bb", {}}), by));
    if (dice < 94) return void(record(user, UserEvent(UserPasswordHashRenewed{new_id(), "cc"}), by));
    if (dice < 95) return void(record(user, UserEvent(UserMadeAdministrator{}), by));
    if (dice < 97) return void(record(new_id(), LoginAttemptsEvent(LoginFailuresCleared{user}), by));
    if (dice < 98) {
        const LoginFailuresSummed summed{LoginFailure::kUnknownUser, 1 + static_cast<std::int64_t>(below(99)),
                                         Instant::at_ms(1), Instant::at_ms(2)};
        return void(record(new_id(), LoginAttemptsEvent(summed), By{}));
    }
    const std::optional<UserId> whom = dice < 99 ? std::optional(user) : std::nullopt;
    record(new_id(), LoginAttemptsEvent(LoginFailed{whom, LoginFailure::kWrongPassword}), By{});
}

}  // namespace keyledger::projections::test
