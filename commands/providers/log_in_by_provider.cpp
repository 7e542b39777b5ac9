#include "commands/providers/log_in_by_provider.hpp"

#include <algorithm>

#include "commands/account_services.hpp"
#include "commands/accounts/new_identity.hpp"
#include "commands/claim_owner.hpp"
#include "commands/credentials/one_time_password.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/sessions/begin_session.hpp"
#include "commands/sessions/half_log_in.hpp"
#include "domain/base/language_tag.hpp"
#include "domain/ladder/waits.hpp"
#include "domain/sessions/session.hpp"

namespace keyledger::commands {
namespace {

// Somebody may register, link or unlink the same at the same moment.
constexpr int kMaxLooks = 3;

// Kept of a request's time to answer it, where the provider takes all of the rest.
constexpr std::chrono::milliseconds kToAnswer{1'000};

// Between two looks somebody else took or gave back what this one found.
constexpr Refusal kMovedMeanwhile = told_as(refusals::kBusy);

RefusalRef refusal_of(ProviderFault fault) {
    switch (fault) {
        case ProviderFault::kUnavailable: return refusals::kProviderAway;
        case ProviderFault::kDenied: return refusals::kProviderDenied;
        case ProviderFault::kNotProven: return refusals::kProviderNotBelieved;
    }
    return refusals::kProviderNotBelieved;
}

void tell_operators(Services& services, const std::string& provider, std::string_view why) {
    services.operator_log.warning("provider '" + provider + "': " + std::string(why), Uuid{});
}

// Operators learn what it was, in a word of ours.
CommandError told(Services& services, const std::string& provider, const ProviderFailure& failure) {
    if (failure.fault != ProviderFault::kDenied) tell_operators(services, provider, failure.why);
    return refusal_of(failure.fault);
}

struct Arrival {
    Client client;
    eventstore::SpentValue use;  // for one session
    Instant authenticated_at;
    ProviderOffer offer;
    ProvenIdentity proven;
    std::optional<Identifier> email;  // that is believed
};

Arrival arrival_of(Services& services, const ComeBack& back, ProviderOffer offer, ProvenIdentity proven) {
    const Instant now = services.clock.now();
    // Of a trip that asked for it, the provider said that it was then: nothing that was asked for before is older.
    const bool anew = back.sent.trip.authenticated_since.has_value();
    const Instant there = anew ? now : std::min(proven.authenticated_at.value_or(now), now);
    Arrival arrival{back.client, use_of(back.sent), there, std::move(offer), std::move(proven), std::nullopt};
    if (!arrival.proven.verified_email.empty()) arrival.email = parse_email(arrival.proven.verified_email);
    return arrival;
}

// The address is the account's, proven there as here, and the operator lets it link.
bool may_link(const Arrival& arrival, const User& user) {
    const auto address = user.email ? parse_email(*user.email) : std::nullopt;
    return arrival.offer.links_by_address && arrival.email && address && address->key == arrival.email->key &&
           user.email_proof == User::EmailProof::kVerified;
}

// What its user linked a moment ago may be somebody else's. A second factor that is enrolled by it alone would count at
// once, and be theirs.
bool may_enrol(const Arrival& arrival, const User& user, Instant now) {
    const LinkedIdentity* linked = user.find_identity(arrival.proven.issuer, arrival.proven.subject);
    return linked == nullptr || linked->linked_by != LinkedBy::kUser || now >= linked->linked_at + kWaitOfNewFactor;
}

HalfLogin half_of(Services& services, const Arrival& arrival, const User& user, const UserId& user_id,
                  const SessionId& session_id, const Caller& caller) {
    const Instant now = services.clock.now();
    HalfLogin half = begun_by(user_id, {ProofMethod::kProvider, arrival.authenticated_at});
    half.made_at = now;
    half.expires_at = now + kHalfLoginLasts;
    half.session_id = session_id;
    half.security_stamp = user.security_stamp;
    half.client_id = arrival.client.client_id;
    half.device = services.pseudonyms.device(caller.user_agent);
    if (user.find_identity(arrival.proven.issuer, arrival.proven.subject) == nullptr)
        half.links = identity_to_link(arrival.offer.name, arrival.proven);
    return half;
}

// Of who is linked, or may be. kMovedMeanwhile: they are not any more.
Answer<Grant> let_in(Services& services, const Arrival& arrival, UserId user_id, Caller caller) {
    KEYLEDGER_CO_TRY(audiences, audiences_for(arrival.client, services.settings.issuer, std::nullopt));
    const SessionId session_id{services.identifiers.next()};
    const LogInDevice device = device_of_log_in(services, user_id, session_id, caller);
    KEYLEDGER_CO_TRY(history, co_await login_history_at_head(services, user_id, caller.deadline));
    const LogInOrigin origin{*history, device, risk_of_log_in(services, *history, device)};
    if (is_refused(origin.risk, services.accounts.refused_risk)) {
        co_await record_failed_login(services, user_id, LoginFailure::kTooRisky, std::move(caller));
        co_return Unexpected(refusals::kArrivalTooRisky);
    }
    Streams streams;
    const auto user = streams.read<User>(user_id);
    const auto session = streams.begin<Session>(session_id);
    HalfLogin half;
    std::optional<CommandError> go_on;  // the trip is used up, and leads to half a log-in
    const Step step = [&](Attempt& attempt) -> StepResult {
        go_on.reset();
        const User& state = attempt.state(user);
        if (!state.exists()) co_return Unexpected(kMovedMeanwhile);
        // What was taken over and given back is its owner's again once they set another password.
        if (state.password_use == User::PasswordUse::kMustBeReset)
            co_return Unexpected(refusals::kPasswordResetRequired);
        half = half_of(services, arrival, state, user_id, session_id, caller);
        half.audiences = *audiences;
        if (half.links && !may_link(arrival, state)) co_return Unexpected(refusals::kAddressHasAccount);
        attempt.spend(arrival.use, refusals::kTripOver);
        const bool enrols = may_enrol(arrival, state, services.clock.now());
        auto begun = co_await begin_session(services, attempt, user, session, half, origin);
        if (!begun && begun.error().refusal == refusals::kEnrolmentNeeded && !enrols)
            co_return Unexpected(refusals::kEnrolmentNeedsPassword);
        if (begun && half.links) begun = attempt.decide_and_append(user, link_of(services, *half.links));
        if (!begun && begun.error().go_on) {
            go_on = begun.error();
            begun = Result<void, CommandError>{};
        }
        co_return begun;
    };
    Caller user_caller = caller.acting_as(user_id);
    user_caller.session_id = session_id;
    auto executed = co_await services.executor.run(user_caller, streams, step, attempts_to_begin(services));
    if (!executed) {
        report_tampering(services, user_id, executed.error());
        co_return Unexpected(executed.error());
    }
    if (go_on) co_return Unexpected(*go_on);
    co_await record_good_login(services, device, std::move(*history), std::move(user_caller));
    Grant grant = grant_of(half, *executed);
    grant.device = device_for_client(services, device);
    co_return grant;
}

// The profile that came, in one append with the link. kEmailTaken, kIdentityTaken: somebody was faster.
Answer<UserId> register_them(Services& services, const Arrival& arrival, Caller caller) {
    const UserId user_id{services.identifiers.next()};
    Streams streams;
    const auto user = streams.begin<User>(user_id);
    RegisterUser command{arrival.email->text, std::nullopt, std::nullopt, std::nullopt};
    if (auto name = parse_name(arrival.proven.name)) command.name = std::move(*name);
    LinkIdentity link = link_of(services, identity_to_link(arrival.offer.name, arrival.proven));
    const auto locale = parse_language_tag(arrival.proven.locale);
    const Step step = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(events, decide(attempt.state(user), command));
        events->push_back(UserEmailVerified{});
        if (locale) events->push_back(UserLocaleChosen{{locale}});
        events->push_back(UserIdentityLinked{
            link.identity_id, link.provider, {link.issuer}, {link.subject}, {link.shown_as}, LinkedBy::kRegistration});
        attempt.append(user, *events);
        co_return Result<void, CommandError>{};
    };
    auto executed = co_await services.executor.run(caller.acting_as(user_id), streams, step);
    if (!executed) co_return Unexpected(executed.error());
    co_return user_id;
}

// Whose session it may become. Whoever has the address is looked for only where the provider proved that it is theirs:
// nobody else learns of it.
Answer<UserId> user_of(Services& services, const Arrival& arrival, const Caller& caller) {
    const std::string key = identity_key(arrival.proven.issuer, arrival.proven.subject);
    KEYLEDGER_CO_TRY(linked, co_await owner_of_claim(services, "identity", key, caller.deadline));
    if (linked->has_value()) co_return UserId{linked->value()};
    if (!arrival.email)
        co_return Unexpected(arrival.offer.signs_up ? refusals::kNoTrustedAddress : refusals::kNobodyLinked);
    KEYLEDGER_CO_TRY(addressee, co_await owner_of_claim(services, "email", arrival.email->key, caller.deadline));
    if (addressee->has_value()) co_return UserId{addressee->value()};
    if (!arrival.offer.signs_up) co_return Unexpected(refusals::kNobodyLinked);
    auto registered = co_await register_them(services, arrival, caller);
    co_return registered;
}

// Nothing is appended but that the trip was used: who came back is kept by the browser from here on.
Answer<KeptIdentity> keep_identity(Services& services, const ComeBack& back, const Arrival& arrival, Caller caller) {
    Streams streams;
    const Step step = [&](Attempt& attempt) -> StepResult {
        attempt.spend(arrival.use, refusals::kTripOver);
        co_return Result<void, CommandError>{};
    };
    KEYLEDGER_CO_TRY(executed, co_await services.executor.run(std::move(caller), streams, step));
    KeptIdentity kept;
    kept.id = services.identifiers.next();
    kept.provider = arrival.offer.name;
    kept.issuer = arrival.proven.issuer;
    kept.subject = arrival.proven.subject;
    if (auto name = parse_name(arrival.proven.name)) kept.name = std::move(*name);
    kept.locale = parse_language_tag(arrival.proven.locale).value_or("");
    kept.authenticated_at = arrival.authenticated_at;
    kept.made_at = services.clock.now();
    kept.flow = back.sent.flow;
    co_return kept;
}

bool is_worth_another_look(RefusalRef refusal) {
    return refusal == kMovedMeanwhile || refusal == refusals::kIdentityTaken || refusal == refusals::kEmailTaken;
}

Answer<Grant> let_in_or_register(Services& services, const Arrival& arrival, Caller caller) {
    for (int look = 0; look < kMaxLooks; ++look) {
        auto user_id = co_await user_of(services, arrival, caller);
        if (!user_id && !is_worth_another_look(user_id.error().refusal)) co_return Unexpected(user_id.error());
        if (!user_id) continue;
        auto grant = co_await let_in(services, arrival, *user_id, caller);
        if (grant || !is_worth_another_look(grant.error().refusal)) co_return grant;
    }
    co_return Unexpected(refusals::kBusy);
}

}  // namespace

std::optional<ProviderOffer> offer_named(Services& services, std::string_view name) {
    if (services.accounts.providers == nullptr) return std::nullopt;
    for (ProviderOffer& offer : services.accounts.providers->offers())
        if (offer.name == name) return std::move(offer);
    return std::nullopt;
}

IdentityToLink identity_to_link(const std::string& provider, const ProvenIdentity& proven) {
    IdentityToLink identity{provider, proven.issuer, proven.subject, {}};
    const auto email = parse_email(proven.verified_email);
    auto name = parse_name(proven.name);
    if (email) identity.shown_as = email->text;
    else if (name) identity.shown_as = std::move(*name);
    return identity;
}

Answer<ProviderDeparture> depart_to_provider(Services& services, std::string name, ProviderWish wish,
                                             Deadline deadline) {
    auto departure = co_await services.accounts.providers->depart(name, std::move(wish), deadline - kToAnswer);
    if (!departure) co_return Unexpected(told(services, name, departure.error()));
    co_return std::move(*departure);
}

Answer<ProvenIdentity> arrive_from_provider(Services& services, const ComeBack& back, Deadline deadline) {
    auto proven = co_await services.accounts.providers->arrive(back.sent.trip, back.returned, back.redirect_uri,
                                                               deadline - kToAnswer);
    const std::string& provider = back.sent.trip.provider;
    if (!proven) co_return Unexpected(told(services, provider, proven.error()));
    if (!proven->no_address.empty()) tell_operators(services, provider, proven->no_address);
    co_return std::move(*proven);
}

Answer<Grant> log_in_by_provider(Services& services, ComeBack back, Caller caller, std::optional<KeptIdentity>* kept) {
    caller.idempotency.reset();
    auto offer = offer_named(services, back.sent.trip.provider);
    if (!offer) co_return Unexpected(refusals::kProviderAway);
    KEYLEDGER_CO_TRY(proven, co_await arrive_from_provider(services, back, caller.deadline));
    const Arrival arrival = arrival_of(services, back, std::move(*offer), std::move(*proven));
    auto grant = co_await let_in_or_register(services, arrival, caller);
    const bool lacks_address = !grant && grant.error().refusal == refusals::kNoTrustedAddress;
    if (lacks_address && kept != nullptr && services.accounts.verifies_email) {
        KEYLEDGER_CO_TRY(identity, co_await keep_identity(services, back, arrival, std::move(caller)));
        *kept = std::move(*identity);
    }
    co_return grant;
}

Answer<Grant> log_in_as_kept(Services& services, KeptIdentity kept, Client client, Caller caller) {
    caller.idempotency.reset();
    auto offer = offer_named(services, kept.provider);
    if (!offer) co_return Unexpected(refusals::kProviderAway);
    // Nobody registers by it here: without an address there is nothing to register.
    offer->signs_up = false;
    ProvenIdentity proven{kept.issuer, kept.subject, {}, kept.name, kept.locale, std::nullopt};
    const Arrival arrival{std::move(client), use_of(kept),      kept.authenticated_at,
                          std::move(*offer), std::move(proven), std::nullopt};
    auto grant = co_await let_in_or_register(services, arrival, std::move(caller));
    co_return grant;
}

}  // namespace keyledger::commands
