#pragma once
// Histories for the tests of read models: a log in memory that followers read through the port, and a builder
// that seals, encodes and numbers events as the service does. Subject keys go to the database under test.
#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>
#include <unordered_map>

#include "domain/base/time.hpp"
#include "eventstore/aggregates.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "eventstore/log_source.hpp"
#include "tests/projections/story/test_cipher.hpp"
#include "tests/support/postgres/postgres.hpp"
#include "tests/support/world/ids.hpp"

namespace keyledger::projections::test {

using keyledger::test::TestId;

class ScriptedLog {
public:
    void append(std::vector<eventstore::RecordedEvent> events);
    // Changes one recorded event in place: an attack, or another history.
    void tamper(Position position, const std::function<void(eventstore::RecordedEvent&)>& change);
    // While set, every read fails so.
    void fail_with(std::optional<eventstore::ReadError> error);

    Result<std::vector<eventstore::RecordedEvent>, eventstore::ReadError> read_after(const eventstore::Cursor& cursor,
                                                                                     std::int32_t limit) const;
    eventstore::Cursor head() const;
    std::vector<eventstore::RecordedEvent> all() const;

private:
    friend class ScriptedSource;
    mutable std::mutex mutex_;
    std::condition_variable grown_;
    std::vector<eventstore::RecordedEvent> events_;
    std::optional<eventstore::ReadError> failure_;
};

class ScriptedSource : public eventstore::LogSource {
public:
    explicit ScriptedSource(ScriptedLog& log) : log_(log) {}
    Result<std::vector<eventstore::RecordedEvent>, eventstore::ReadError> read_after(const eventstore::Cursor& cursor,
                                                                                     std::int32_t limit) override;
    Result<eventstore::Head, eventstore::ReadError> head() override;
    void wait(std::chrono::milliseconds at_most) override;
    void interrupt() override;

private:
    ScriptedLog& log_;
    std::size_t seen_ = 0;  // guarded by the log's mutex, as is:
    bool interrupted_ = false;
};

// Takes all read models away, with their checkpoints.
void reset(const keyledger::test::Database& database);
// The programme's database as a new one: neither read models nor events nor keys.
keyledger::test::Database& fresh_database();

// Who does it, and from where.
struct By {
    eventstore::ActorType type = eventstore::ActorType::kAnonymous;
    std::string id;
    std::optional<std::string> address = "192.0.2.7";
    std::optional<std::string> agent = "curl/8";
    std::string request_id = "req-1";
    std::optional<SessionId> session;
};

class Story {
public:
    // `seed` makes identifiers and random histories repeatable.
    explicit Story(const keyledger::test::Database& database, std::uint64_t seed = 1);

    ScriptedLog& log() { return log_; }
    TestCipher& cipher() { return cipher_; }
    std::unique_ptr<eventstore::LogSource> source() { return std::make_unique<ScriptedSource>(log_); }

    // Records one event; it reaches the log with publish(). Returns its position.
    Position record(const Uuid& stream, const eventstore::AnyEvent& event, const By& by);
    void publish();
    Position head() const { return next_position_ - 1; }

    UserId registers(const std::string& email, std::optional<std::string> username = {},
                     std::optional<std::string> name = {});
    SessionId logs_in(const UserId& user, const std::string& client = "web");
    void refreshes(const SessionId& session);
    void ends(const SessionId& session, SessionEndReason reason);
    static By user(const Uuid& id);

    // Plausible events of every type on users and sessions that grow in number.
    void random_events(int count);
    // As an erasure does, once the events under the key are published.
    void destroy_key(const Uuid& subject);

    const Uuid& key_of_the_day() const { return key_of_the_day_; }
    TestId new_id();
    Instant now = Instant::at_ms(1'700'000'000'000);  // of the next event; grows by one each

private:
    struct SessionFacts {
        UserId user;
        std::int64_t generation = 1;
    };
    eventstore::SubjectKeyPtr key_of(const Uuid& subject);
    void random_event();
    void random_role_event(const UserId& user, const By& by);
    void random_group_event(const UserId& user, const By& by);

    const keyledger::test::Database& database_;
    TestCipher cipher_;
    ScriptedLog log_;
    std::mt19937_64 random_;
    Uuid key_of_the_day_;
    Position next_position_ = 1;
    std::unordered_map<Uuid, eventstore::SubjectKeyPtr> keys_;
    std::vector<eventstore::NewSubjectKey> new_keys_;
    std::vector<eventstore::RecordedEvent> unpublished_;
    std::unordered_map<Uuid, std::int32_t> versions_;
    std::vector<UserId> users_;
    std::vector<SessionId> sessions_;
    std::vector<RoleId> roles_;  // that are not deleted
    std::vector<GroupId> groups_;
    std::unordered_map<Uuid, SessionFacts> session_facts_;
};

}  // namespace keyledger::projections::test
