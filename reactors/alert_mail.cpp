#include "reactors/alert_mail.hpp"

#include <algorithm>

#include "domain/access/administrators.hpp"
#include "domain/credentials/login_attempts.hpp"
#include "domain/users/user.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "eventstore/subscription.hpp"
#include "mail/kinds.hpp"

namespace keyledger::reactors {
namespace {

using eventstore::ActorType;
using mail::Kind;

// What is told, and of whom or of how many.
struct Alert {
    Kind kind;
    std::optional<UserId> user_id{};
    std::int64_t count = 0;
};
using Alerting = std::optional<Alert>;

struct Alerter {
    const SealedEvent& event;

    // Of all others nothing is.
    template <class Event>
    Alerting operator()(const Event&) const {
        return {};
    }
    Alerting operator()(const AdministratorsJoined& joined) const {
        return Alert{Kind::kAlertAdministrator, joined.user_id};
    }
    // At the machine, and not for whoever was made there with it.
    Alerting operator()(const UserOneTimePasswordSet&) const {
        const bool is_recovery = event.metadata->actor_type == ActorType::kSystem && event.recorded->version > 2;
        return is_recovery ? Alert{Kind::kAlertRecovery, UserId{event.recorded->stream_id}} : Alerting();
    }
    Alerting operator()(const LoginFailuresSummed& summed) const {
        return summed.count >= kAlertingFailures ? Alert{Kind::kAlertGuesses, {}, summed.count} : Alerting();
    }
    Alerting operator()(const HoneypotsSummed& summed) const {
        return summed.count >= kAlertingForms ? Alert{Kind::kAlertForms, {}, summed.count} : Alerting();
    }
};

constexpr std::int64_t kMostTold = 1'000'000;

using Concerns = eventstore::Subscription<User, LoginAttempts, Administrators>;

Alerting alert_of(const SealedEvent& event) {
    Alerting alert;
    Concerns::deliver(*event.event, [&](const auto& of_one) { alert = std::visit(Alerter{event}, of_one); });
    return alert;
}

}  // namespace

std::vector<PlannedJob> AlertMail::plan(const SealedEvent& event) const {
    if (to_.empty()) return {};
    const auto alert = alert_of(event);
    if (!alert) return {};
    return {{std::string(mail::row_of(alert->kind).name), event.recorded->stream_id}};
}

bool AlertMail::performs(std::string_view kind) const {
    const auto known = mail::kind_named(kind);
    return known && mail::is_alert(*known);
}

asio::awaitable<Performed> AlertMail::perform(Job job, Deadline deadline) {
    if (to_.empty()) co_return Done{"no-recipient"};
    const auto events = co_await store_.read_log(job.id.position, 1, deadline);
    if (!events || events->empty()) co_return Again{"log-unavailable"};
    const eventstore::RecordedEvent& recorded = events->front();
    if (recorded.is_inert() || recorded.stream_id != job.subject) co_return Again{"not-planned"};
    eventstore::NullFieldOpener nothing;
    const auto event = eventstore::decode_any(recorded, nothing);
    const auto metadata = eventstore::decode_metadata(recorded, nothing);
    const auto alert = alert_of({&recorded, event.get(), &metadata});
    // Whoever has the service's role can write rows that no event has caused.
    if (!alert || mail::row_of(alert->kind).name != job.kind) co_return Again{"not-planned"};
    mail::Mail letter;
    letter.kind = alert->kind;
    letter.id = message_id(recorded.event_id, job.id);
    letter.date = metadata.occurred_at;
    letter.address = to_;
    letter.facts.at = metadata.occurred_at;
    if (alert->count > 0) letter.facts.count = static_cast<int>(std::min<std::int64_t>(alert->count, kMostTold));
    if (alert->user_id) {
        const commands::LoadStream stream{*alert->user_id, User::kStreamType};
        const auto fold = co_await folder_.load_as_of(stream, job.id.position, deadline);
        if (!fold) co_return Again{"log-unavailable"};
        // Whoever was erased meanwhile is named by nothing but the log.
        letter.facts.address = commands::state_of<User>(*fold).email.value_or(alert->user_id->to_string());
    }
    auto performed = co_await out_.send(job, std::move(letter), deadline);
    co_return performed;
}

}  // namespace keyledger::reactors
