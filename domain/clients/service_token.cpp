#include "domain/clients/service_token.hpp"

namespace keyledger {
namespace {

using Events = std::vector<ServiceTokenEvent>;
using Status = ServiceToken::Status;

struct Subject {
    const ServiceToken& token;
    const ServiceAccount& account;

    bool authenticates(const std::string& credential) const {
        return account.status == ServiceAccount::Status::kEnabled && account.has_credential(credential);
    }
};

ServiceTokenDecision decide_on(const Subject& on, const IssueServiceToken& command) {
    if (!on.authenticates(command.credential)) return Unexpected(refusals::kInvalidClient);
    if (on.token.status != Status::kAbsent) return Unexpected(refusals::kAssertionUsed);
    return Events{ServiceTokenIssued{command.service_account_id, command.audiences, command.scope, command.credential,
                                     command.expires_at_ms}};
}

ServiceTokenDecision decide_on(const Subject& on, const RevokeServiceToken&) {
    if (on.token.status == Status::kAbsent || on.token.status == Status::kSpent)
        return Unexpected(refusals::kInvalidToken);
    if (on.token.status == Status::kRevoked) return Events{};
    return Events{ServiceTokenRevoked{on.token.service_account_id}};
}

ServiceTokenDecision decide_on(const Subject& on, const UseAssertion& command) {
    if (!on.authenticates(command.credential)) return Unexpected(refusals::kInvalidClient);
    if (on.token.status != Status::kAbsent) return Unexpected(refusals::kAssertionUsed);
    return Events{AssertionUsed{command.service_account_id, command.credential}};
}

ServiceToken apply(ServiceToken token, const ServiceTokenIssued& event, const Recorded& recorded) {
    token.status = Status::kLive;
    token.service_account_id = event.service_account_id;
    token.audiences = event.audiences;
    token.scope = event.scope;
    token.credential = event.credential;
    token.first_position = recorded.position;
    token.expires_at_ms = event.expires_at_ms;
    return token;
}
ServiceToken apply(ServiceToken token, const ServiceTokenRevoked&, const Recorded&) {
    token.status = Status::kRevoked;
    return token;
}
ServiceToken apply(ServiceToken token, const AssertionUsed& event, const Recorded&) {
    token.status = Status::kSpent;
    token.service_account_id = event.service_account_id;
    token.credential = event.credential;
    return token;
}

}  // namespace

bool holds(const ServiceToken& token, const Uuid& service_account_id, const ServiceAccount& account,
           std::int64_t now_ms) {
    return token.status == Status::kLive && token.service_account_id == service_account_id &&
           account.status == ServiceAccount::Status::kEnabled && token.first_position > account.tokens_ended_before &&
           account.has_credential(token.credential) && now_ms < token.expires_at_ms;
}

ServiceTokenDecision decide(const ServiceToken& token, const ServiceAccount& account,
                            const ServiceTokenCommand& command) {
    const Subject on{token, account};
    return std::visit([&](const auto& c) { return decide_on(on, c); }, command);
}

ServiceToken evolve(ServiceToken token, const ServiceTokenEvent& event, const Recorded& recorded) {
    return std::visit([&](const auto& e) { return apply(std::move(token), e, recorded); }, event);
}

}  // namespace keyledger
