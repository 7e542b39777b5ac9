#pragma once
// The reactor `log-out`: applications are told of sessions that are over (OpenID Connect Back-Channel Logout 1.0).
//
// What ends a session of an application is often no event of its own stream: the user's sessions end together, the
// browser's ends, a consent is withdrawn. Of such an event the first job looks for the sessions that rested on it and
// records the end of each in its own stream; that event causes the second job, which tells the application. So each
// session is told by a job of its own, with its own attempts, and whoever follows the log sees each end.
//
// An application that is disabled or deleted is told nothing: its sessions, which may be very many, end with it at
// once, and no event of theirs follows.
#include <functional>

#include "commands/runtime/outgoing.hpp"
#include "commands/services.hpp"
#include "commands/sessions/logout_tokens.hpp"
#include "domain/sessions/session.hpp"
#include "reactors/engine/reactor.hpp"

namespace keyledger::reactors {

// A session that an application holds, as a list of its user's sessions has it.
struct ListedSession {
    SessionId id;
    std::string client_id;
    Position first_position = 0;
    std::optional<Position> ended_position{};  // by itself or with others
};
// The user's, as of a position at least; nullopt: they can't be told now.
using SessionsAsOf = std::function<asio::awaitable<std::optional<std::vector<ListedSession>>>(
    UserId user_id, Position position, Deadline deadline)>;

// All outlive it.
struct LogOutParts {
    commands::Services& services;
    SessionsAsOf sessions;
    commands::LogoutTokens& tokens;
    commands::Outgoing& outgoing;
};

class LogOuts : public Reactor {
public:
    explicit LogOuts(LogOutParts parts) : parts_(std::move(parts)) {}

    std::string_view name() const override { return "log-out"; }
    std::vector<PlannedJob> plan(const SealedEvent& event) const override;
    // Again while the read model of sessions is behind the event.
    asio::awaitable<Performed> perform(Job job, Deadline deadline) override;

private:
    struct Ended;
    asio::awaitable<Performed> perform_end_of_session(const Job& job, Deadline deadline);
    asio::awaitable<Performed> record_ends(const Job& job, const Ended& ended, Deadline deadline);
    asio::awaitable<std::optional<Again>> record_end(const SessionId& session_id, const Ended& ended,
                                                     Deadline deadline);
    asio::awaitable<Performed> tell(const Job& job, const Session& session, Deadline deadline);

    const LogOutParts parts_;
};

}  // namespace keyledger::reactors
