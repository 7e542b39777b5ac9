#include "reactors/account_mail.hpp"

#include "commands/accounts/erase_user.hpp"
#include "commands/accounts/undo.hpp"
#include "commands/sessions/disown_session.hpp"
#include "domain/credentials/login_attempts.hpp"
#include "domain/devices/devices.hpp"
#include "domain/factors/factors.hpp"
#include "domain/sessions/session.hpp"
#include "domain/users/user.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "eventstore/subscription.hpp"
#include "mail/kinds.hpp"

namespace keyledger::reactors {
namespace {

using eventstore::ActorType;
using eventstore::StoreError;
using mail::Kind;

bool is_by(const eventstore::EventMetadata& metadata, const Uuid& user_id) {
    return metadata.actor_type == ActorType::kUser && metadata.actor_id == user_id.to_string();
}

// What is told of an event of a stream, if anything is: the mail, and whom it is about where that is not the stream's.
struct Told {
    Kind kind;
    std::optional<Uuid> user_id{};
};
using Telling = std::optional<Told>;

constexpr std::int64_t kFewRecoveryCodes = 3;

// What is told, event by event. What users did themselves is told all the same where a thief would have done it.
struct Teller {
    const SealedEvent& event;
    bool is_own() const { return is_by(*event.metadata, event.recorded->stream_id); }

    // Of all others nothing is. Whether a new one is, AccountMailPlan.OfEveryEvent asks.
    template <class Event>
    Telling operator()(const Event&) const {
        return {};
    }
    // Whom somebody else made a user is told by what lets them in: an invitation, or the one-time password.
    Telling operator()(const UserRegistered&) const { return is_own() ? Told{Kind::kWelcome} : Telling(); }
    Telling operator()(const UserPasswordChanged&) const { return Told{Kind::kPasswordChanged}; }
    Telling operator()(const UserPasswordReset&) const { return Told{Kind::kPasswordChanged}; }
    // Whoever was registered with it had no other before.
    Telling operator()(const UserOneTimePasswordSet&) const {
        return Told{event.recorded->version > 2 ? Kind::kPasswordChanged : Kind::kAccountMade};
    }
    Telling operator()(const UserEmailChangeUndone&) const { return Told{Kind::kChangesUndone}; }
    Telling operator()(const UserSecondFactorGivenBack&) const { return Told{Kind::kChangesUndone}; }
    // With which the account began, the welcome tells.
    Telling operator()(const UserIdentityLinked& linked) const {
        return linked.linked_by == LinkedBy::kRegistration ? Telling() : Told{Kind::kIdentityLinked};
    }
    Telling operator()(const UserIdentityUnlinked&) const { return Told{Kind::kIdentityUnlinked}; }
    Telling operator()(const UserDisabled&) const { return Told{Kind::kAccountDisabled}; }
    Telling operator()(const UserEnabled&) const { return Told{Kind::kAccountEnabled}; }
    Telling operator()(const UserSessionsRevoked&) const { return is_own() ? Telling() : Told{Kind::kSessionsRevoked}; }
    Telling operator()(const UserErasureRequested&) const { return Told{Kind::kErasureRequested}; }
    Telling operator()(const UserErasureWithdrawn&) const { return Told{Kind::kErasureWithdrawn}; }
    // Users end none but their own; whether a client ended one of its own is looked at when it is told.
    Telling operator()(const SessionEnded& ended) const {
        const bool by_user = event.metadata->actor_type == ActorType::kUser;
        switch (ended.reason) {
            case SessionEndReason::kLoggedOut:
            case SessionEndReason::kDisplaced: return {};
            case SessionEndReason::kRevoked: return by_user ? Telling() : Told{Kind::kSessionRevoked};
            case SessionEndReason::kCodeReused:
            case SessionEndReason::kRefreshTokenReused: return Told{Kind::kSessionRevoked};
            // What ended before it was told itself, where it is to be told.
            case SessionEndReason::kUserSessionsEnded:
            case SessionEndReason::kBrowserSessionEnded:
            case SessionEndReason::kConsentWithdrawn:
            case SessionEndReason::kApplicationEnded: return {};
        }
        return {};
    }
    Telling operator()(const LoginUnlocked& unlocked) const { return Told{Kind::kUnlocked, unlocked.user_id}; }
    Telling operator()(const FactorEnrolled& enrolled) const { return Told{Kind::kFactorAdded, enrolled.user_id}; }
    Telling operator()(const PasskeyRegistered& made) const { return Told{Kind::kFactorAdded, made.user_id}; }
    Telling operator()(const FactorRemoved& removed) const { return Told{Kind::kFactorRemoved, removed.user_id}; }
    Telling operator()(const RecoveryCodesMade& made) const { return Told{Kind::kRecoveryCodesMade, made.user_id}; }
    Telling operator()(const RecoveryCodeUsed& used) const {
        return used.left <= kFewRecoveryCodes ? Told{Kind::kRecoveryCodesLow, used.user_id} : Telling();
    }
    // These say themselves whether somebody is told: one log-in is one mail, and a burst is not one each.
    Telling operator()(const LoginLocked& locked) const {
        return locked.alert == LockAlert::kMail ? Told{Kind::kLocked, locked.user_id} : Telling();
    }
    Telling operator()(const DeviceFirstSeen& seen) const { return told(seen.alert, seen.user_id); }
    Telling operator()(const CountryFirstSeen& seen) const { return told(seen.alert, seen.user_id); }

private:
    static Telling told(DeviceAlert alert, const UserId& user_id) {
        return alert == DeviceAlert::kMail ? Told{Kind::kNewDevice, user_id} : Telling();
    }
};

using Concerns = eventstore::Subscription<User, Session, LoginAttempts, Factors, Devices>;

std::optional<int> codes_left_after(const eventstore::AnyEvent& event) {
    const auto* of_factors = eventstore::event_in<Factors>(event);
    const auto* used = of_factors != nullptr ? std::get_if<RecoveryCodeUsed>(of_factors) : nullptr;
    return used != nullptr ? std::optional(static_cast<int>(used->left)) : std::nullopt;
}

// Whose enrolment or removal it is; nullopt: of no factor.
std::optional<FactorId> factor_in(const eventstore::AnyEvent& event) {
    const auto* of_factors = eventstore::event_in<Factors>(event);
    if (of_factors == nullptr) return std::nullopt;
    if (const auto* enrolled = std::get_if<FactorEnrolled>(of_factors)) return enrolled->factor_id;
    if (const auto* made = std::get_if<PasskeyRegistered>(of_factors)) return made->factor_id;
    if (const auto* removed = std::get_if<FactorRemoved>(of_factors)) return removed->factor_id;
    return std::nullopt;
}

// Of a link.
std::string provider_in(const eventstore::AnyEvent& event) {
    const auto* of_user = eventstore::event_in<User>(event);
    const auto* linked = of_user != nullptr ? std::get_if<UserIdentityLinked>(of_user) : nullptr;
    return linked != nullptr ? linked->provider : std::string();
}

mail::Mail mail_to(const User& user, Kind kind, std::string id, Instant at) {
    mail::Mail letter;
    letter.kind = kind;
    letter.id = std::move(id);
    letter.date = at;
    letter.address = *user.email;
    // Whoever reads there has not said that the account is theirs: then its name is not for them.
    if (user.email_proof == User::EmailProof::kVerified) letter.name = user.name.value_or("");
    if (user.locale) letter.languages.push_back(*user.locale);
    letter.facts.at = at;
    if (kind == Kind::kErasureRequested) letter.facts.due = user.erasure_due_at;
    return letter;
}

}  // namespace

std::vector<PlannedJob> AccountMail::plan(const SealedEvent& event) const {
    Telling told;
    Concerns::deliver(*event.event, [&](const auto& of_one) { told = std::visit(Teller{event}, of_one); });
    if (!told) return {};
    return {{std::string(mail::row_of(told->kind).name), told->user_id.value_or(event.recorded->stream_id)}};
}

bool AccountMail::performs(std::string_view kind) const {
    const auto known = mail::kind_named(kind);
    return known && !mail::is_alert(*known);
}

// The event that caused the job, as far as its stream does not fold it.
struct AccountMail::Cause {
    std::string stream_type;
    Uuid stream_id;
    Uuid event_id;
    eventstore::EventMetadata metadata;
    // The job is what the event causes. Whoever has the service's role can write rows that no event has caused.
    bool planned = false;
    eventstore::AnyEventPtr event{};
};

asio::awaitable<Result<AccountMail::Cause, StoreError>> AccountMail::read_cause(const Job& job, Deadline deadline) {
    KEYLEDGER_CO_TRY(events, co_await store_.read_log(job.id.position, 1, deadline));
    if (events->empty()) co_return Unexpected(StoreError::kUnavailable);
    const eventstore::RecordedEvent& recorded = events->front();
    if (recorded.is_inert()) co_return Cause{};
    eventstore::NullFieldOpener nothing;
    const auto event = eventstore::decode_any(recorded, nothing);
    const auto metadata = eventstore::decode_metadata(recorded, nothing);
    const auto jobs = plan({&recorded, event.get(), &metadata});
    const auto place = static_cast<std::size_t>(job.id.ordinal);  // a negative one is beyond the end, too
    const bool planned = place < jobs.size() && jobs[place] == PlannedJob{job.kind, job.subject, job.arguments};
    co_return Cause{recorded.stream_type, recorded.stream_id, recorded.event_id, metadata, planned, event};
}

// Nil: nobody is to be told.
asio::awaitable<Result<UserId, StoreError>> AccountMail::recipient_of(const Job& job, const Cause& cause,
                                                                      Deadline deadline) {
    if (cause.stream_type != Session::kStreamType) co_return UserId{job.subject};
    const commands::LoadStream stream{job.subject, Session::kStreamType};
    KEYLEDGER_CO_TRY(fold, co_await folder_.load_as_of(stream, job.id.position, deadline));
    const Session& session = commands::state_of<Session>(*fold);
    const bool own_client =
        cause.metadata.actor_type == ActorType::kClient && cause.metadata.actor_id == session.client_id;
    co_return own_client ? UserId{} : session.user_id;
}

// What the event itself tells of it, and what is sealed for its user: that is folded with their key.
asio::awaitable<Result<void, StoreError>> AccountMail::tell_of_device(const Job& job, const Cause& cause,
                                                                      const UserId& user_id, mail::Facts& facts,
                                                                      Deadline deadline) {
    const auto* attempts = eventstore::event_in<LoginAttempts>(*cause.event);
    const auto* locked = attempts != nullptr ? std::get_if<LoginLocked>(attempts) : nullptr;
    if (locked != nullptr) facts.due = locked->until;
    const auto* event = eventstore::event_in<Devices>(*cause.event);
    if (event == nullptr) co_return Result<void, StoreError>{};
    commands::LoadStream stream{cause.stream_id, Devices::kStreamType};
    stream.sealed_for = user_id;
    KEYLEDGER_CO_TRY(fold, co_await folder_.load_as_of(stream, job.id.position, deadline));
    const Devices& devices = commands::state_of<Devices>(*fold);
    if (const auto* seen = std::get_if<DeviceFirstSeen>(event)) {
        const auto known = std::ranges::find(devices.known, seen->device_id, &Devices::Known::device_id);
        if (known == devices.known.end()) co_return Result<void, StoreError>{};
        facts.device = known->agent.value_or("");
        facts.place = known->city ? *known->city + ", " + known->country.value_or("") : known->country.value_or("");
    } else if (!devices.countries.empty()) {
        facts.place = devices.countries.back();
    }
    co_return Result<void, StoreError>{};
}

asio::awaitable<Result<std::string, StoreError>> AccountMail::factor_of(const Job& job, const Cause& cause,
                                                                        const UserId& user_id, Deadline deadline) {
    const auto factor_id = factor_in(*cause.event);
    if (!factor_id) co_return std::string();
    auto name = co_await factor_names_.find(user_id, *factor_id, job.id.position, deadline);
    co_return name;
}

// By the mail of another event of the same append: of the change of address that is undone with it, and of the first
// factor, with which recovery codes come.
asio::awaitable<Result<bool, StoreError>> AccountMail::is_told_elsewhere(const Job& job, const Cause& cause,
                                                                         const User& user, Deadline deadline) {
    const auto* of_user = eventstore::event_in<User>(*cause.event);
    if (of_user != nullptr && std::holds_alternative<UserSecondFactorGivenBack>(*of_user))
        co_return user.former_email.has_value();
    const auto* of_factors = eventstore::event_in<Factors>(*cause.event);
    if (of_factors == nullptr || !std::holds_alternative<RecoveryCodesMade>(*of_factors)) co_return false;
    KEYLEDGER_CO_TRY(events, co_await store_.read_log(job.id.position - 1, 1, deadline));
    if (events->empty()) co_return Unexpected(StoreError::kUnavailable);
    const auto& first = events->front();
    const bool is_factor = first.type == FactorEnrolled::kType || first.type == PasskeyRegistered::kType;
    co_return first.stream_id == cause.stream_id&& is_factor;
}

// Of whoever is new it stands behind the event with which they are there.
asio::awaitable<Result<void, StoreError>> AccountMail::choose_language(const commands::LoadStream& user,
                                                                       mail::Mail& letter, Deadline deadline) {
    const bool is_new = letter.kind == Kind::kWelcome || letter.kind == Kind::kAccountMade;
    if (!is_new || !letter.languages.empty()) co_return Result<void, StoreError>{};
    std::vector<commands::LoadStream> streams{user};
    KEYLEDGER_CO_TRY(now, co_await folder_.load(std::move(streams), commands::Freshness::kAtHead, deadline));
    const auto& locale = commands::state_of<User>(now->front()).locale;
    if (locale) letter.languages.push_back(*locale);
    co_return Result<void, StoreError>{};
}

// What undoes it; empty: nothing does. Only whoever proved the address gets one, and nobody whose address took the
// place of another within the last days: it may be a thief's, and the mail to the former one has a link.
std::string AccountMail::link_of(const Cause& cause, const UserId& user_id, const User& user) const {
    if (user.email_proof != User::EmailProof::kVerified || user.former_email) return {};
    if (const auto* of_user = eventstore::event_in<User>(*cause.event)) {
        const auto* requested = std::get_if<UserErasureRequested>(of_user);
        if (requested == nullptr || requested->due_at <= cause.metadata.occurred_at) return {};
        return links_.to("/account/keep-account", commands::withdrawal_link(user_id, requested->due_at));
    }
    if (const auto* of_factors = eventstore::event_in<Factors>(*cause.event)) {
        const auto* removed = std::get_if<FactorRemoved>(of_factors);
        if (removed == nullptr || !removed->kept_until) return {};
        return links_.to("/account/undo", commands::undo_link(user_id, removed->factor_id, *removed->kept_until));
    }
    const bool of_device = eventstore::event_in<Devices>(*cause.event) != nullptr;
    const auto& session_id = cause.metadata.session_id;
    if (!of_device || !session_id) return {};
    return links_.to("/account/not-me", commands::disown_link(user_id, *session_id, cause.metadata.occurred_at));
}

asio::awaitable<Performed> AccountMail::perform(Job job, Deadline deadline) {
    const auto kind = mail::kind_named(job.kind);
    if (!kind) co_return Again{"unknown-kind"};  // a node of a newer version may know it
    const auto cause = co_await read_cause(job, deadline);
    if (!cause) co_return Again{"log-unavailable"};
    // By a node of another version, which the next attempt may find; or by nobody, and after a day the log tells it.
    if (!cause->planned) co_return Again{"not-planned"};
    const auto user_id = co_await recipient_of(job, *cause, deadline);
    if (!user_id) co_return Again{"log-unavailable"};
    if (user_id->is_nil()) co_return Done{};
    const commands::LoadStream stream{*user_id, User::kStreamType};
    const auto fold = co_await folder_.load_as_of(stream, job.id.position, deadline);
    if (!fold) co_return Again{"log-unavailable"};
    const User& user = commands::state_of<User>(*fold);
    if (!user.email) co_return Done{};  // erased meanwhile: nobody is left
    const auto is_told = co_await is_told_elsewhere(job, *cause, user, deadline);
    if (!is_told) co_return Again{"log-unavailable"};
    if (*is_told) co_return Done{};
    auto letter = mail_to(user, *kind, message_id(cause->event_id, job.id), cause->metadata.occurred_at);
    letter.facts.left = codes_left_after(*cause->event);
    letter.facts.provider = provider_in(*cause->event);
    letter.facts.link = link_of(*cause, *user_id, user);
    const auto told = co_await tell_of_device(job, *cause, *user_id, letter.facts, deadline);
    if (!told) co_return Again{"log-unavailable"};
    // Like their own, no name is told before the address is proven.
    if (user.email_proof == User::EmailProof::kVerified) {
        auto factor = co_await factor_of(job, *cause, *user_id, deadline);
        if (!factor) co_return Again{"log-unavailable"};
        letter.facts.factor = std::move(*factor);
    }
    const auto chosen = co_await choose_language(stream, letter, deadline);
    if (!chosen) co_return Again{"log-unavailable"};
    auto performed = co_await out_.send(job, std::move(letter), deadline);
    co_return performed;
}

}  // namespace keyledger::reactors
