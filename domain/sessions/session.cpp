#include "domain/sessions/session.hpp"

#include "domain/sessions/lifetime.hpp"

namespace keyledger {
namespace {

using Events = std::vector<SessionEvent>;
using Status = Session::Status;

struct Subject {
    const Session& session;
    const Uuid& session_id;
    const User& user;
};

SessionDecision decide_on(const Subject& on, const StartSession& command) {
    if (on.session.status != Status::kAbsent) return Unexpected(refusals::kBegunTwice);
    if (on.user.status != User::Status::kActive) return Unexpected(refusals::kUserDisabled);
    if (on.user.sealed_sha256 != command.verified_sha256) return Unexpected(refusals::kCredentialTampered);
    return Events{SessionStarted{command.user_id, command.client_id, command.audiences, on.user.security_stamp,
                                 command.device, command.now_ms + command.lifetimes.absolute_ms}};
}

SessionDecision decide_on(const Subject& on, const RefreshSession& command) {
    KEYLEDGER_TRY(good, standing(on.session, on.session_id, on.user, command.lifetimes, command.now_ms));
    if (on.session.client_id != command.client_id) return Unexpected(refusals::kSessionOfOtherClient);
    const std::int64_t current = on.session.generation;
    if (command.presented_generation == current) return Events{SessionRefreshed{current + 1, command.device}};
    if (command.presented_generation > current) return Events{SessionRefreshRefused{command.presented_generation}};
    // An age below zero is of two clocks that differ: the grace would last for as long as they do.
    const std::int64_t age_ms = command.now_ms - on.session.refreshed_at_ms;
    const bool answer_may_be_lost = command.presented_generation + 1 == current &&
                                    on.session.device == command.device && age_ms >= 0 &&
                                    age_ms <= command.lifetimes.refresh_grace_ms;
    if (answer_may_be_lost) return Events{};
    return Events{SessionEnded{SessionEndReason::kRefreshTokenReused}};
}

SessionDecision decide_on(const Subject& on, const EndSession& command) {
    if (on.session.status == Status::kAbsent || on.session.user_id != command.user_id)
        return Unexpected(refusals::kSessionUnknown);
    if (on.session.status == Status::kEnded || on.user.ended_session(on.session_id, on.session.first_position))
        return Events{};
    return Events{SessionEnded{command.reason}};
}

Session apply(Session session, const SessionStarted& event, const Recorded& recorded) {
    session.status = Status::kLive;
    session.user_id = event.user_id;
    session.client_id = event.client_id;
    session.audiences = event.audiences;
    session.security_stamp = event.security_stamp;
    session.device = event.device;
    session.generation = 1;
    session.first_position = recorded.position;
    session.started_at_ms = recorded.occurred_at_ms;
    session.refreshed_at_ms = recorded.occurred_at_ms;
    session.expires_at_ms = event.expires_at_ms;
    return session;
}
Session apply(Session session, const SessionRefreshed& event, const Recorded& recorded) {
    session.generation = event.generation;
    session.device = event.device;
    session.refreshed_at_ms = recorded.occurred_at_ms;
    return session;
}
Session apply(Session session, const SessionRefreshRefused&, const Recorded&) { return session; }
Session apply(Session session, const SessionEnded&, const Recorded&) {
    session.status = Status::kEnded;
    return session;
}

}  // namespace

Result<void, RefusalRef> standing(const Session& session, const Uuid& session_id, const User& user,
                                  const SessionLifetimes& lifetimes, std::int64_t now_ms) {
    if (session.status == Status::kAbsent) return Unexpected(refusals::kSessionUnknown);
    if (session.status == Status::kEnded) return Unexpected(refusals::kSessionEnded);
    if (user.status != User::Status::kActive) return Unexpected(refusals::kUserDisabled);
    if (user.ended_session(session_id, session.first_position)) return Unexpected(refusals::kSessionEnded);
    if (now_ms >= over_at_ms(session.refreshed_at_ms, session.expires_at_ms, lifetimes.idle_ms))
        return Unexpected(refusals::kSessionExpired);
    return {};
}

SessionDecision decide(const Session& session, const Uuid& session_id, const User& user,
                       const SessionCommand& command) {
    const Subject on{session, session_id, user};
    return std::visit([&](const auto& c) { return decide_on(on, c); }, command);
}

Session evolve(Session session, const SessionEvent& event, const Recorded& recorded) {
    return std::visit([&](const auto& e) { return apply(std::move(session), e, recorded); }, event);
}

}  // namespace keyledger
