#include "domain/sessions/session.hpp"

#include "domain/sessions/lifetime.hpp"

namespace keyledger {
namespace {

using Events = std::vector<SessionEvent>;
using Status = Session::Status;

struct DecisionInput {
    const Session& session;
    const SessionId& session_id;
    const User& user;
};

SessionDecision decide_on(const DecisionInput& input, const StartSession& command) {
    if (input.session.status != Status::kAbsent) return Unexpected(refusals::kBegunTwice);
    if (input.user.status != User::Status::kActive) return Unexpected(refusals::kUserDisabled);
    if (input.user.sealed_sha256 != command.verified_sha256) return Unexpected(refusals::kCredentialTampered);
    SessionStarted started{command.user_id,           command.client_id, command.audiences,
                           input.user.security_stamp, command.device,    command.now + command.lifetimes.absolute};
    started.methods = command.methods;
    started.authenticated_at = command.authenticated_at.is_set() ? command.authenticated_at : command.now;
    started.device_id = command.device_id;
    started.country.value = command.country;
    started.city.value = command.city;
    started.risk = command.risk;
    started.scope = command.scope;
    started.browser_session_id = command.browser_session_id;
    return Events{std::move(started)};
}

SessionDecision decide_on(const DecisionInput& input, const RefreshSession& command) {
    KEYLEDGER_TRY(good, check_session(input.session, input.session_id, input.user, command.lifetimes, command.now));
    if (input.session.client_id != command.client_id) return Unexpected(refusals::kSessionOfOtherClient);
    const std::int64_t current = input.session.generation;
    const std::int64_t next = command.refresh_tokens == RefreshTokens::kRotate ? current + 1 : current;
    if (command.presented_generation == current) return Events{SessionRefreshed{next, command.device}};
    if (command.presented_generation > current) return Events{SessionRefreshRefused{command.presented_generation}};
    // An age below zero is of two clocks that differ: the grace would last for as long as they do.
    const Duration age = command.now - input.session.refreshed_at;
    const bool answer_may_be_lost = command.presented_generation + 1 == current &&
                                    input.session.device == command.device && age >= Duration() &&
                                    age <= command.lifetimes.refresh_grace;
    if (answer_may_be_lost) return Events{};
    return Events{SessionEnded{SessionEndReason::kRefreshTokenReused}};
}

SessionDecision decide_on(const DecisionInput& input, const EndSession& command) {
    if (input.session.status == Status::kAbsent || input.session.user_id != command.user_id)
        return Unexpected(refusals::kSessionUnknown);
    if (input.session.status == Status::kEnded ||
        input.user.ended_session(input.session_id, input.session.first_position))
        return Events{};
    return Events{SessionEnded{command.reason}};
}

SessionDecision decide_on(const DecisionInput& input, const RecordEndOfSession& command) {
    if (input.session.status == Status::kAbsent) return Unexpected(refusals::kSessionUnknown);
    if (input.session.status == Status::kEnded) return Events{};
    return Events{SessionEnded{command.reason}};
}

SessionDecision decide_on(const DecisionInput& input, const ReauthenticateSession& command) {
    KEYLEDGER_TRY(good, check_session(input.session, input.session_id, input.user, command.lifetimes, command.now));
    return Events{SessionReauthenticated{command.methods}};
}

void put_proof(std::vector<Proof>& proofs, const Proof& proof) {
    std::erase_if(proofs, [&](const Proof& known) { return known.method == proof.method; });
    proofs.push_back(proof);
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
    session.started_at = recorded.occurred_at;
    session.refreshed_at = recorded.occurred_at;
    session.expires_at = event.expires_at;
    const Instant proven_at = event.authenticated_at.is_set() ? event.authenticated_at : recorded.occurred_at;
    for (const ProofMethod method : event.methods) put_proof(session.proofs, {method, proven_at});
    // Before schema 2 a password was the only way in.
    if (event.methods.empty()) put_proof(session.proofs, {ProofMethod::kPassword, proven_at});
    session.device_id = event.device_id;
    session.scope = event.scope;
    session.browser_session_id = event.browser_session_id;
    return session;
}
Session apply(Session session, const SessionRefreshed& event, const Recorded& recorded) {
    session.generation = event.generation;
    session.device = event.device;
    session.refreshed_at = recorded.occurred_at;
    return session;
}
Session apply(Session session, const SessionReauthenticated& event, const Recorded& recorded) {
    for (const ProofMethod method : event.methods) put_proof(session.proofs, {method, recorded.occurred_at});
    return session;
}
Session apply(Session session, const SessionRefreshRefused&, const Recorded&) { return session; }
Session apply(Session session, const SessionEnded&, const Recorded&) {
    session.status = Status::kEnded;
    return session;
}

}  // namespace

Result<void, RefusalRef> check_session(const Session& session, const SessionId& session_id, const User& user,
                                       const SessionLifetimes& lifetimes, Instant now) {
    const auto ends_at = session_ends_at(session.refreshed_at, session.expires_at, lifetimes.idle);
    Result<void, RefusalRef> checked;  // one for all: of several, g++ 12 takes the good one for uninitialized
    if (session.status == Status::kAbsent) checked = Unexpected(refusals::kSessionUnknown);
    else if (session.status == Status::kEnded) checked = Unexpected(refusals::kSessionEnded);
    else if (user.status != User::Status::kActive) checked = Unexpected(refusals::kUserDisabled);
    else if (user.ended_session(session_id, session.first_position)) checked = Unexpected(refusals::kSessionEnded);
    else if (now >= ends_at) checked = Unexpected(refusals::kSessionExpired);
    return checked;
}

SessionDecision decide(const Session& session, const SessionId& session_id, const User& user,
                       const SessionCommand& command) {
    const DecisionInput input{session, session_id, user};
    return std::visit([&](const auto& c) { return decide_on(input, c); }, command);
}

Session evolve(Session session, const SessionEvent& event, const Recorded& recorded) {
    return std::visit([&](const auto& e) { return apply(std::move(session), e, recorded); }, event);
}

}  // namespace keyledger
