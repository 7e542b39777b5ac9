#pragma once
// Users and sessions as they are, without personal data, one compacted record each: for those who want state,
// not history. Tombstones follow erased users and sessions that are over.
//
//     <prefix>.users.v1     key user id      {"position":7,"registered_at_ms":…,"status":"active"|"disabled",
//                                             "tenant":"default","user_id":"…"}
//     <prefix>.sessions.v1  key session id   {"audiences":[…],"client_id":"…","expires_at_ms":…,"position":9,
//                                             "session_id":"…","started_at_ms":…,"tenant":"…","user_id":"…"}
//
// The headers `ce_logid`, `ce_sequence` (19 digits) and `ce_id` name the event that changed it. A refresh
// changes nothing of this. A session whose end has come by the clock is taken away when the log's next event
// is as late: what the topics hold follows from the log alone, wherever a publisher was killed.
//
// All users and live sessions are held in memory, about 100 bytes a user and 300 a session. They are restored
// from the topics, so a start reads what is live, not the log.
#include <map>
#include <set>
#include <unordered_map>

#include "domain/base/time.hpp"
#include "domain/sessions/session.hpp"
#include "domain/users/user.hpp"
#include "eventstore/kafka/publishing/output.hpp"

namespace keyledger::eventstore::kafka {

class StateOutput : public Output {
public:
    explicit StateOutput(const TopicSettings& topics)
        : users_topic_(topics.users()), sessions_topic_(topics.sessions()) {}

    std::vector<OutputTopic> topics() const override;
    Result<void, ReadError> prepare(const FollowedEvents&) override { return {}; }
    std::vector<Outgoing> records_of(const FollowedEvent& event, const EventSource& source) override;
    void forget() override;
    void restore(std::size_t topic, const ReadRecord& record) override;
    void replay(const FollowedEvent& event) override;

private:
    struct Account {
        User::Status status = User::Status::kAbsent;
        Instant registered_at;
        bool operator==(const Account&) const = default;
    };
    struct LiveSession {
        UserId user;
        Position first_position = 0;
        Instant expires_at;
    };
    struct Change;  // one event, and what it sends

    void fold(Change& change);
    void apply(Change& change, const UserId& id, const UserEvent& event);
    void apply(Change& change, const SessionId& id, const SessionEvent& event);
    void apply(Change& change, const SessionId& id, const SessionStarted& event);
    void apply(Change& change, const SessionId& id, const SessionRefreshed& event);
    void apply(Change& change, const SessionId& id, const SessionRefreshRefused& event);
    void apply(Change& change, const SessionId& id, const SessionReauthenticated& event);
    void apply(Change& change, const SessionId& id, const SessionEnded& event);

    void keep(const SessionId& session, const LiveSession& live);
    bool drop(const SessionId& session);  // whether it was there
    void end(Change& change, SessionId session);

    const std::string users_topic_;
    const std::string sessions_topic_;
    std::unordered_map<UserId, Account> users_;
    std::unordered_map<SessionId, LiveSession> sessions_;
    std::set<std::pair<UserId, SessionId>> by_user_;
    std::set<std::pair<Instant, SessionId>> by_end_;  // by when they expire
};

}  // namespace keyledger::eventstore::kafka
