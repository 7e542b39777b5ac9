#include "domain/clients/service_account.hpp"

#include <algorithm>

#include "domain/access/permission.hpp"

namespace keyledger {
namespace {

using Events = std::vector<ServiceAccountEvent>;
using Status = ServiceAccount::Status;

ServiceAccountDecision decide_on(const ServiceAccount& account, const RegisterServiceAccount& command) {
    if (account.status != Status::kAbsent) return Unexpected(refusals::kBegunTwice);
    return Events{ServiceAccountRegistered{command.name, command.audiences}};
}

ServiceAccountDecision decide_on(const ServiceAccount& account, const ChangeServiceAccount& command) {
    if (!account.exists()) return Unexpected(refusals::kAccountUnknown);
    Events events;
    if (account.name != command.name || account.audiences != command.audiences)
        events.emplace_back(ServiceAccountChanged{command.name, command.audiences});
    const bool enabled = account.status == Status::kEnabled;
    if (enabled && command.account_status == AccountStatus::kDisabled) events.emplace_back(ServiceAccountDisabled{});
    if (!enabled && command.account_status == AccountStatus::kEnabled) events.emplace_back(ServiceAccountEnabled{});
    return events;
}

// On what it authenticates with.
template <class Event, class Command>
ServiceAccountDecision decide_on_credentials(const ServiceAccount& account, const Command& command) {
    if (!account.exists()) return Unexpected(refusals::kAccountUnknown);
    KEYLEDGER_TRY(decided, decide_on(static_cast<const ClientCredentials&>(account), command));
    return Events{Event{std::move(*decided)}};
}
ServiceAccountDecision decide_on(const ServiceAccount& account, const AddClientSecret& command) {
    return decide_on_credentials<ServiceAccountSecretAdded>(account, command);
}
ServiceAccountDecision decide_on(const ServiceAccount& account, const RemoveClientSecret& command) {
    return decide_on_credentials<ServiceAccountSecretRemoved>(account, command);
}
ServiceAccountDecision decide_on(const ServiceAccount& account, const AddClientKey& command) {
    return decide_on_credentials<ServiceAccountKeyAdded>(account, command);
}
ServiceAccountDecision decide_on(const ServiceAccount& account, const RemoveClientKey& command) {
    return decide_on_credentials<ServiceAccountKeyRemoved>(account, command);
}

ServiceAccountDecision decide_on(const ServiceAccount& account, const DeleteServiceAccount&) {
    if (!account.exists()) return Unexpected(refusals::kAccountUnknown);
    return Events{ServiceAccountDeleted{}};
}

ServiceAccount apply(ServiceAccount account, const ServiceAccountRegistered& event, const Recorded& recorded) {
    account.status = Status::kEnabled;
    account.name = event.name;
    account.audiences = event.audiences;
    account.registered_at = recorded.occurred_at;
    return account;
}
ServiceAccount apply(ServiceAccount account, const ServiceAccountChanged& event, const Recorded&) {
    account.name = event.name;
    account.audiences = event.audiences;
    return account;
}
// What it authenticates with.
template <class Event>
    requires requires(ServiceAccount& account, const Event& event) { account.take(event); }
ServiceAccount apply(ServiceAccount account, const Event& event, const Recorded&) {
    account.take(event);
    return account;
}
ServiceAccount apply(ServiceAccount account, const ServiceAccountDisabled&, const Recorded& recorded) {
    account.status = Status::kDisabled;
    account.tokens_ended_before = recorded.position;
    return account;
}
ServiceAccount apply(ServiceAccount account, const ServiceAccountEnabled&, const Recorded&) {
    account.status = Status::kEnabled;
    return account;
}
ServiceAccount apply(ServiceAccount account, const ServiceAccountDeleted&, const Recorded& recorded) {
    account.status = Status::kDeleted;
    account.secrets.clear();
    account.keys.clear();
    account.tokens_ended_before = recorded.position;
    return account;
}

}  // namespace

std::vector<ClaimedName> ServiceAccount::held_names() const {
    return exists() ? held_as("service_account_name", name, refusals::kAccountNameTaken) : std::vector<ClaimedName>{};
}

ServiceAccountDecision decide(const ServiceAccount& account, const ServiceAccountCommand& command) {
    return std::visit([&](const auto& c) { return decide_on(account, c); }, command);
}

ServiceAccount evolve(ServiceAccount account, const ServiceAccountEvent& event, const Recorded& recorded) {
    return std::visit([&](const auto& e) { return apply(std::move(account), e, recorded); }, event);
}

}  // namespace keyledger
