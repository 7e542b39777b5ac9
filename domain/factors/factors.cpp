#include "domain/factors/factors.hpp"

#include <algorithm>
#include <utility>

namespace keyledger {
namespace {

using Events = std::vector<FactorsEvent>;
using Enrolled = Factors::Enrolled;

EnrolledWith vouched_for_without(const Factors& factors, Instant registered_at, Instant now) {
    const bool is_new = now - registered_at < Factors::kAccountIsNewFor;
    return is_new && factors.enrolled.empty() ? EnrolledWith::kNewAccount : EnrolledWith::kPassword;
}

EnrolledWith vouched_for(const Factors& factors, const BeginEnrolment& command) {
    const Enrolled* presented = command.presented ? factors.find(*command.presented) : nullptr;
    if (presented && is_established(*presented, command.now)) return EnrolledWith::kEstablishedFactor;
    return vouched_for_without(factors, command.registered_at, command.now);
}

FactorsDecision decide_on(const Factors& factors, const BeginEnrolment& command) {
    if (factors.count(FactorKind::kTotp) >= Factors::kMaxEnrolled) return Unexpected(refusals::kTooManyFactors);
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

FactorsDecision decide_on(const Factors& factors, const RegisterPasskey& command) {
    if (factors.count(FactorKind::kPasskey) >= Factors::kMaxPasskeys) return Unexpected(refusals::kTooManyPasskeys);
    for (const ClaimedName& held : factors.held_names())
        if (held.key == command.credential_sha256) return Unexpected(refusals::kPasskeyTaken);
    const EnrolledWith with = command.proved_factor ? EnrolledWith::kEstablishedFactor
                                                    : vouched_for_without(factors, command.registered_at, command.now);
    Events events{PasskeyRegistered{command.user_id, command.factor_id, command.credential_sha256, command.user_handle,
                                    command.sealed_sha256, with, command.counter, command.backup}};
    if (factors.enrolled.empty()) events.push_back(RecoveryCodesMade{command.user_id, command.recovery_codes});
    return events;
}

FactorsDecision decide_on(const Factors& factors, const UsePasskey& command) {
    const Enrolled* passkey = factors.find(command.factor_id);
    if (!passkey || passkey->kind != FactorKind::kPasskey) return Unexpected(refusals::kWrongSecondFactor);
    Events events;
    if (may_be_copied(*passkey, command.counter))
        events.push_back(PasskeyCounterWentBack{command.user_id, command.factor_id, passkey->counter, command.counter});
    events.push_back(PasskeyUsed{command.user_id, command.factor_id, command.counter, command.backup});
    return events;
}

FactorsDecision decide_on(const Factors& factors, const ForgetAllPasskeys& command) {
    Events events;
    for (const Factors::Kept& one : factors.kept)
        if (one.factor.kind == FactorKind::kPasskey) events.push_back(FactorForgotten{command.user_id, one.factor.id});
    for (const Enrolled& one : factors.enrolled)
        if (one.kind == FactorKind::kPasskey) events.push_back(FactorRemoved{command.user_id, one.id});
    return events;
}

FactorsDecision decide_on(const Factors& factors, const RenameFactor& command) {
    if (!factors.find(command.factor_id)) return Unexpected(refusals::kFactorUnknown);
    return Events{FactorRenamed{command.user_id, command.factor_id, command.sealed_sha256}};
}

// Nobody who removes many pushes out what was removed before.
bool can_be_kept(const Factors& factors, std::size_t removed, const std::optional<Instant>& until) {
    return !until || factors.kept.size() + removed <= Factors::kMaxKept;
}

FactorsDecision decide_on(const Factors& factors, const RemoveFactor& command) {
    if (!factors.find(command.factor_id)) return Unexpected(refusals::kFactorUnknown);
    if (!can_be_kept(factors, 1, command.kept_until)) return Unexpected(refusals::kTooManyRemoved);
    return Events{FactorRemoved{command.user_id, command.factor_id, command.kept_until}};
}

FactorsDecision decide_on(const Factors& factors, const RemoveAllFactors& command) {
    if (!can_be_kept(factors, factors.enrolled.size(), command.kept_until))
        return Unexpected(refusals::kTooManyRemoved);
    Events events;
    for (const Enrolled& one : factors.enrolled)
        events.push_back(FactorRemoved{command.user_id, one.id, command.kept_until});
    return events;
}

// May a thief have enrolled it? One that came within the week before, too, unless the account began with it.
bool may_be_a_thiefs(const Enrolled& factor, Instant since) {
    const bool is_of_old = factor.enrolled_at < since - Factors::kEstablishedAfter;
    const bool is_of_the_beginning = factor.enrolled_with == EnrolledWith::kNewAccount && factor.enrolled_at < since;
    return !is_of_old && !is_of_the_beginning;
}

// First given back, then removed: with the last one that is removed the recovery codes would be void.
FactorsDecision decide_on(const Factors& factors, const UndoFactorChanges& command) {
    Events events;
    for (const Factors::Kept& one : factors.kept) {
        if (may_be_a_thiefs(one.factor, command.since))
            events.push_back(FactorForgotten{command.user_id, one.factor.id});
        // What was removed before has a link of its own, and may be what its owner took off.
        else if (one.removed_at >= command.since && command.since < one.until)
            events.push_back(FactorGivenBack{command.user_id, one.factor.id});
    }
    bool any_left = std::ranges::any_of(
        events, [](const FactorsEvent& event) { return std::holds_alternative<FactorGivenBack>(event); });
    for (const Enrolled& one : factors.enrolled) {
        if (may_be_a_thiefs(one, command.since)) events.push_back(FactorRemoved{command.user_id, one.id});
        else any_left = true;
    }
    if (!any_left) return events;  // then there is nothing that recovery codes stand in for
    const auto& former = factors.former_codes;
    const bool were_replaced = former && former->replaced_at >= command.since - Factors::kKeptFor;
    if (were_replaced) events.push_back(RecoveryCodesGivenBack{command.user_id, former->digests});
    else if (factors.codes_made_at >= command.since) events.push_back(RecoveryCodesGivenBack{command.user_id, {}});
    return events;
}

FactorsDecision decide_on(const Factors& factors, const ForgetFactor& command) {
    const Factors::Kept* kept = factors.find_kept(command.factor_id);
    if (!kept || command.now < kept->until) return Events{};
    return Events{FactorForgotten{command.user_id, command.factor_id}};
}

FactorsDecision decide_on(const Factors& factors, const ForgetAllFactors& command) {
    Events events;
    for (const Factors::Kept& one : factors.kept) events.push_back(FactorForgotten{command.user_id, one.factor.id});
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
Factors apply(Factors factors, const PasskeyRegistered& event, const Recorded& recorded) {
    factors.user_id = event.user_id;
    factors.user_handle = event.user_handle;
    Enrolled made{event.factor_id, FactorKind::kPasskey, event.sealed_sha256, event.enrolled_with,
                  recorded.occurred_at};
    made.credential_sha256 = event.credential_sha256;
    made.counter = event.counter;
    made.backup = event.backup;
    factors.enrolled.push_back(std::move(made));
    return factors;
}
// The counter never goes back by itself: of a copy and its original one is found whenever both are used.
Factors apply(Factors factors, const PasskeyUsed& event, const Recorded&) {
    for (Enrolled& one : factors.enrolled) {
        if (one.id != event.factor_id) continue;
        one.counter = std::max(one.counter, event.counter);
        one.backup = event.backup;
    }
    return factors;
}
Factors apply(Factors factors, const PasskeyCounterWentBack&, const Recorded&) { return factors; }
Factors apply(Factors factors, const FactorRenamed& event, const Recorded&) {
    for (Enrolled& one : factors.enrolled)
        if (one.id == event.factor_id) one.sealed_sha256 = event.sealed_sha256;
    return factors;
}
// Those from before what somebody may want undone are kept: of several changes within seven days, the first ones.
void replace_codes(Factors& factors, std::vector<std::string> digests, Instant now) {
    const auto& former = factors.former_codes;
    const bool is_kept = former && now - former->replaced_at < Factors::kKeptFor;
    if (!is_kept && factors.codes_made_at.is_set())
        factors.former_codes = Factors::FormerCodes{std::move(factors.recovery_codes), factors.codes_made_at, now};
    factors.recovery_codes = std::move(digests);
    factors.codes_made_at = now;
}

Factors apply(Factors factors, const FactorRemoved& event, const Recorded& recorded) {
    const auto removed = std::ranges::find(factors.enrolled, event.factor_id, &Enrolled::id);
    if (removed == factors.enrolled.end()) return factors;
    if (event.kept_until) factors.kept.push_back({*removed, recorded.occurred_at, *event.kept_until});
    factors.enrolled.erase(removed);
    if (factors.enrolled.empty()) replace_codes(factors, {}, recorded.occurred_at);
    return factors;
}
Factors apply(Factors factors, const FactorGivenBack& event, const Recorded&) {
    const auto kept = std::ranges::find(factors.kept, event.factor_id, [](const auto& one) { return one.factor.id; });
    if (kept == factors.kept.end()) return factors;
    factors.enrolled.push_back(kept->factor);
    factors.kept.erase(kept);
    std::ranges::stable_sort(factors.enrolled, {}, &Enrolled::enrolled_at);
    return factors;
}
Factors apply(Factors factors, const FactorForgotten& event, const Recorded&) {
    std::erase_if(factors.kept, [&](const Factors::Kept& one) { return one.factor.id == event.factor_id; });
    return factors;
}
Factors apply(Factors factors, const RecoveryCodesMade& event, const Recorded& recorded) {
    replace_codes(factors, event.digests, recorded.occurred_at);
    return factors;
}
Factors apply(Factors factors, const RecoveryCodesGivenBack& event, const Recorded&) {
    const auto former = std::exchange(factors.former_codes, std::nullopt);
    factors.recovery_codes = event.digests;
    factors.codes_made_at = former ? former->made_at : Instant();
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

const Factors::Kept* Factors::find_kept(const FactorId& id) const {
    const auto found = std::ranges::find(kept, id, [](const Kept& one) { return one.factor.id; });
    return found == kept.end() ? nullptr : &*found;
}

const Enrolled* Factors::find_passkey(std::string_view credential_sha256) const {
    const auto found = std::ranges::find_if(enrolled, [&](const Enrolled& one) {
        return one.kind == FactorKind::kPasskey && one.credential_sha256 == credential_sha256;
    });
    return found == enrolled.end() ? nullptr : &*found;
}

std::size_t Factors::count(FactorKind kind) const {
    return static_cast<std::size_t>(std::ranges::count(enrolled, kind, &Enrolled::kind));
}

// What can be given back is nobody else's either.
std::vector<ClaimedName> Factors::held_names() const {
    std::vector<ClaimedName> names;
    const auto add = [&names](const Enrolled& one) {
        if (one.kind == FactorKind::kPasskey)
            names.push_back({kNameKinds[0], one.credential_sha256, refusals::kPasskeyTaken});
    };
    for (const Enrolled& one : enrolled) add(one);
    for (const Kept& one : kept) add(one.factor);
    return names;
}

bool may_be_copied(const Factors::Enrolled& passkey, std::int64_t counter) {
    return (passkey.counter != 0 || counter != 0) && counter <= passkey.counter;
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
