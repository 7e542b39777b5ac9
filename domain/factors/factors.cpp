#include "domain/factors/factors.hpp"

#include <algorithm>
#include <utility>

namespace keyledger {
namespace {

using Events = std::vector<FactorsEvent>;
using Enrolled = Factors::Enrolled;

EnrolledWith vouched_for(const Factors& factors, const BeginEnrolment& command) {
    const Enrolled* presented = command.presented ? factors.find(*command.presented) : nullptr;
    if (presented && is_established(*presented, command.now)) return EnrolledWith::kEstablishedFactor;
    const bool is_new = command.now - command.registered_at < Factors::kAccountIsNewFor;
    return is_new && factors.enrolled.empty() ? EnrolledWith::kNewAccount : EnrolledWith::kPassword;
}

FactorsDecision decide_on(const Factors& factors, const BeginEnrolment& command) {
    if (factors.enrolled.size() >= Factors::kMaxEnrolled) return Unexpected(refusals::kTooManyFactors);
    return Events{FactorEnrolmentBegun{command.user_id, command.factor_id, FactorKind::kTotp, command.sealed_sha256,
                                       vouched_for(factors, command), command.now + Factors::kEnrolmentLasts}};
}

FactorsDecision decide_on(const Factors& factors, const ConfirmEnrolment& command) {
    if (factors.find(command.factor_id)) return Events{};
    const auto& pending = factors.pending;
    if (!pending || pending->id != command.factor_id || command.now >= pending->expires_at)
        return Unexpected(refusals::kNoEnrolment);
    Events events{FactorEnrolled{command.user_id, command.factor_id}};
    if (factors.enrolled.empty()) events.push_back(RecoveryCodesMade{command.user_id, command.recovery_codes});
    return events;
}

FactorsDecision decide_on(const Factors& factors, const RenameFactor& command) {
    if (!factors.find(command.factor_id)) return Unexpected(refusals::kFactorUnknown);
    return Events{FactorRenamed{command.user_id, command.factor_id, command.sealed_sha256}};
}

FactorsDecision decide_on(const Factors& factors, const RemoveFactor& command) {
    if (!factors.find(command.factor_id)) return Unexpected(refusals::kFactorUnknown);
    return Events{FactorRemoved{command.user_id, command.factor_id}};
}

FactorsDecision decide_on(const Factors& factors, const RemoveAllFactors& command) {
    Events events;
    for (const Enrolled& one : factors.enrolled) events.push_back(FactorRemoved{command.user_id, one.id});
    return events;
}

FactorsDecision decide_on(const Factors& factors, const MakeRecoveryCodes& command) {
    if (factors.enrolled.empty()) return Unexpected(refusals::kFactorUnknown);
    return Events{RecoveryCodesMade{command.user_id, command.digests}};
}

FactorsDecision decide_on(const Factors& factors, const UseRecoveryCode& command) {
    if (std::ranges::find(factors.recovery_codes, command.digest) == factors.recovery_codes.end())
        return Unexpected(refusals::kWrongSecondFactor);
    return Events{RecoveryCodeUsed{command.user_id, command.digest, std::ssize(factors.recovery_codes) - 1}};
}

FactorsDecision decide_on(const Factors& factors, const TakeFactorAttempt& command) {
    if (factors.attempts.pause(command.origin, command.limits, command.now) > Duration())
        return Unexpected(refusals::kFactorPause);
    return Events{FactorAttemptTaken{command.user_id, command.origin}};
}

FactorsDecision decide_on(const Factors&, const PassFactorAttempt& command) {
    return Events{FactorAttemptPassed{command.user_id, command.origin}};
}

FactorsDecision decide_on(const Factors& factors, const ForgiveFactorAttempts& command) {
    const auto failed = [](const FactorAttempts::Origin& one) { return one.failures > 0; };
    if (factors.attempts.failures_in_a_row == 0 && std::ranges::none_of(factors.attempts.origins, failed))
        return Events{};
    return Events{FactorAttemptsForgiven{command.user_id}};
}

Factors apply(Factors factors, const FactorEnrolmentBegun& event, const Recorded&) {
    factors.pending =
        Factors::Pending{event.factor_id, event.kind, event.sealed_sha256, event.enrolled_with, event.expires_at};
    return factors;
}
Factors apply(Factors factors, const FactorEnrolled& event, const Recorded& recorded) {
    const auto begun = std::exchange(factors.pending, std::nullopt);
    if (begun && begun->id == event.factor_id)
        factors.enrolled.push_back(
            {begun->id, begun->kind, begun->sealed_sha256, begun->enrolled_with, recorded.occurred_at});
    return factors;
}
Factors apply(Factors factors, const FactorRenamed& event, const Recorded&) {
    for (Enrolled& one : factors.enrolled)
        if (one.id == event.factor_id) one.sealed_sha256 = event.sealed_sha256;
    return factors;
}
Factors apply(Factors factors, const FactorRemoved& event, const Recorded&) {
    std::erase_if(factors.enrolled, [&](const Enrolled& one) { return one.id == event.factor_id; });
    if (factors.enrolled.empty()) factors.recovery_codes.clear();
    return factors;
}
Factors apply(Factors factors, const RecoveryCodesMade& event, const Recorded&) {
    factors.recovery_codes = event.digests;
    return factors;
}
Factors apply(Factors factors, const RecoveryCodeUsed& event, const Recorded&) {
    std::erase(factors.recovery_codes, event.digest);
    return factors;
}
Factors apply(Factors factors, const FactorAttemptTaken& event, const Recorded& recorded) {
    factors.attempts.take(event.origin, recorded.occurred_at);
    return factors;
}
Factors apply(Factors factors, const FactorAttemptPassed& event, const Recorded& recorded) {
    factors.attempts.pass(event.origin, recorded.occurred_at);
    return factors;
}
Factors apply(Factors factors, const FactorAttemptsForgiven&, const Recorded&) {
    factors.attempts.forgive();
    return factors;
}

}  // namespace

const Enrolled* Factors::find(const FactorId& id) const {
    const auto found = std::ranges::find(enrolled, id, &Enrolled::id);
    return found == enrolled.end() ? nullptr : &*found;
}

bool is_established(const Factors::Enrolled& factor, Instant now) {
    return factor.enrolled_with != EnrolledWith::kPassword || now - factor.enrolled_at >= Factors::kEstablishedAfter;
}

FactorsDecision decide(const Factors& factors, const FactorsCommand& command) {
    return std::visit([&](const auto& c) { return decide_on(factors, c); }, command);
}

Factors evolve(Factors factors, const FactorsEvent& event, const Recorded& recorded) {
    return std::visit([&](const auto& e) { return apply(std::move(factors), e, recorded); }, event);
}

}  // namespace keyledger
