#include "domain/clients/service_account.hpp"

#include <algorithm>

#include "domain/access/permission.hpp"

namespace keyledger {
namespace {

using Events = std::vector<ServiceAccountEvent>;
using Status = ServiceAccount::Status;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_of_scheme(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'; }
// Of RFC 3986, beside letters and digits; no '#'.
bool is_of_uri(char c) {
    constexpr std::string_view kMarks = "_~:/?[]@!$&'()*,;=%";
    return is_of_scheme(c) || kMarks.find(c) != std::string_view::npos;
}

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

ServiceAccountDecision decide_on(const ServiceAccount& account, const AddAccountSecret& command) {
    if (!account.exists()) return Unexpected(refusals::kAccountUnknown);
    if (account.secrets.size() >= kMaxSecretsPerAccount) return Unexpected(refusals::kTooManySecrets);
    return Events{ServiceAccountSecretAdded{command.secret_id, command.sealed_sha256}};
}

ServiceAccountDecision decide_on(const ServiceAccount& account, const RemoveAccountSecret& command) {
    if (!account.exists()) return Unexpected(refusals::kAccountUnknown);
    if (account.secret(command.secret_id) == nullptr) return Unexpected(refusals::kCredentialUnknown);
    return Events{ServiceAccountSecretRemoved{command.secret_id}};
}

ServiceAccountDecision decide_on(const ServiceAccount& account, const AddAccountKey& command) {
    if (!account.exists()) return Unexpected(refusals::kAccountUnknown);
    if (account.key(command.key_id) != nullptr) return Unexpected(refusals::kKeyAlreadyRegistered);
    for (const auto& key : account.keys)
        if (key.is_named(command.key_id) || (command.kid && key.is_named(*command.kid)))
            return Unexpected(refusals::kKeyIdTaken);
    if (account.keys.size() >= kMaxKeysPerAccount) return Unexpected(refusals::kTooManyKeys);
    return Events{ServiceAccountKeyAdded{command.key_id, command.algorithm, command.public_key, command.kid}};
}

ServiceAccountDecision decide_on(const ServiceAccount& account, const RemoveAccountKey& command) {
    if (!account.exists()) return Unexpected(refusals::kAccountUnknown);
    const auto is_meant = [&](const auto& key) { return key.is_named(command.key_id); };
    const auto at = std::find_if(account.keys.begin(), account.keys.end(), is_meant);
    if (at == account.keys.end()) return Unexpected(refusals::kCredentialUnknown);
    return Events{ServiceAccountKeyRemoved{at->id}};
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
ServiceAccount apply(ServiceAccount account, const ServiceAccountSecretAdded& event, const Recorded&) {
    account.secrets.push_back({event.secret_id, event.sealed_sha256});
    return account;
}
ServiceAccount apply(ServiceAccount account, const ServiceAccountSecretRemoved& event, const Recorded&) {
    std::erase_if(account.secrets, [&](const auto& secret) { return secret.id == event.secret_id; });
    return account;
}
ServiceAccount apply(ServiceAccount account, const ServiceAccountKeyAdded& event, const Recorded&) {
    account.keys.push_back({event.key_id, event.algorithm, event.public_key, event.kid});
    return account;
}
ServiceAccount apply(ServiceAccount account, const ServiceAccountKeyRemoved& event, const Recorded&) {
    std::erase_if(account.keys, [&](const auto& key) { return key.id == event.key_id; });
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

bool is_audience(std::string_view text) {
    const auto colon = text.find(':');
    if (text.size() > kMaxAudienceBytes || colon == std::string_view::npos || colon + 1 == text.size()) return false;
    if (!is_letter(text.front())) return false;
    const auto scheme = text.substr(0, colon);
    return std::all_of(scheme.begin(), scheme.end(), is_of_scheme) && std::all_of(text.begin(), text.end(), is_of_uri);
}

const ServiceAccount::NamedSecret* ServiceAccount::secret(const CredentialId& id) const {
    const auto at = std::find_if(secrets.begin(), secrets.end(), [&](const auto& one) { return one.id == id; });
    return at == secrets.end() ? nullptr : &*at;
}

const ServiceAccount::PublicKey* ServiceAccount::key(std::string_view id) const {
    const auto at = std::find_if(keys.begin(), keys.end(), [&](const auto& one) { return one.id == id; });
    return at == keys.end() ? nullptr : &*at;
}

bool ServiceAccount::has_credential(std::string_view id) const {
    if (key(id) != nullptr) return true;
    const auto secret_id = CredentialId::parse(id);
    return secret_id && secret(*secret_id) != nullptr;
}

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
