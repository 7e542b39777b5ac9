#include "commands/providers/identities.hpp"

#include <algorithm>

#include "commands/access/answers_at_head.hpp"
#include "commands/access/step_up.hpp"
#include "commands/account_services.hpp"
#include "commands/factors/presented_factor.hpp"
#include "commands/passkeys/passkey_challenges.hpp"
#include "commands/sessions/half_log_in.hpp"
#include "domain/sessions/session.hpp"

namespace keyledger::commands {
namespace {

bool has_passkey(const Factors& factors) {
    return std::ranges::find(factors.enrolled, FactorKind::kPasskey, &Factors::Enrolled::kind) !=
           factors.enrolled.end();
}

// What would be left beside the one that goes, of what somebody can log in by as the service is configured now.
bool is_last_way_in(Services& services, const User& user, const Factors& factors, const LinkedIdentityId& goes) {
    const LogInByMail& by_mail = services.accounts.log_in_by_mail;
    const bool reads_mail = user.email_proof == User::EmailProof::kVerified && (by_mail.by_link || by_mail.by_code);
    const bool has_another = std::ranges::any_of(user.identities, [&](const LinkedIdentity& one) {
        return one.id != goes && offer_named(services, one.provider);
    });
    const bool uses_passkey = offers_passkeys(services) && has_passkey(factors);
    return !has_another && user.credential_id.is_nil() && !uses_passkey && !reads_mail;
}

}  // namespace

Answer<Receipt> may_link_identity(Services& services, Bearer bearer, std::string provider, Deadline deadline) {
    KEYLEDGER_CO_TRY(known, co_await session_of_bearer(services, bearer, deadline));
    if (!offer_named(services, provider)) co_return Unexpected(refusals::kProviderUnknown);
    const auto recent = steps_up(*known->session, known->user, bearer, services, StepUpFor::kAccount);
    if (!recent) co_return Unexpected(recent.error());
    co_return Receipt{};
}

Answer<Receipt> link_identity(Services& services, ComeBack back, Caller caller) {
    caller.idempotency.reset();
    const Bearer bearer = back.sent.links.value_or(Bearer{});
    KEYLEDGER_CO_TRY(proven, co_await arrive_from_provider(services, back, caller.deadline));
    LinkIdentity link = link_of(services, identity_to_link(back.sent.trip.provider, *proven));
    link.linked_by = LinkedBy::kUser;
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    const Step step = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(known, authorise(attempt, actor, bearer, services));
        attempt.spend(use_of(back.sent), refusals::kTripOver);
        co_return attempt.decide_and_append(actor.user, link);
    };
    Caller user_caller = caller.acting_as(bearer.user_id);
    user_caller.session_id = bearer.session_id;
    auto executed = co_await services.executor.run(std::move(user_caller), streams, step);
    co_return done(executed);
}

Answer<Receipt> unlink_identity(Services& services, Bearer bearer, LinkedIdentityId identity_id, Caller caller) {
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    const auto factors = streams.read<Factors>(factors_of(bearer.user_id));
    const Step step = [&](Attempt& attempt) -> StepResult {
        const User& user = attempt.state(actor.user);
        KEYLEDGER_CO_TRY(unlinked, decide(user, UnlinkIdentity{identity_id, bearer.session_id}));
        if (is_last_way_in(services, user, attempt.state(factors), identity_id))
            co_return Unexpected(refusals::kLastWayIn);
        KEYLEDGER_CO_TRY(recent, require_step_up(attempt, actor, bearer, services, StepUpFor::kAccount));
        attempt.append(actor.user, *unlinked);
        co_return Result<void, CommandError>{};
    };
    CommandSteps steps(require_actor(services, actor, bearer), step);
    auto executed = co_await services.executor.run(std::move(caller), streams, std::move(steps));
    co_return done(executed);
}

}  // namespace keyledger::commands
