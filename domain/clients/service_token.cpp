#include "domain/clients/service_token.hpp"

namespace keyledger {
namespace {

using Events = std::vector<ServiceTokenEvent>;
using Status = ServiceToken::Status;

struct DecisionInput {
    const ServiceToken& token;
    const ServiceAccount& account;
};

ServiceTokenDecision decide_on(const DecisionInput& input, const IssueServiceToken& command) {
    if (!input.account.authenticates_by(command.credential)) return Unexpected(refusals::kInvalidClient);
    if (input.token.status != Status::kAbsent) return Unexpected(refusals::kBegunTwice);
    return Events{ServiceTokenIssued{command.service_account_id, command.audiences, command.scope, command.credential,
                                     command.expires_at}};
}

ServiceTokenDecision decide_on(const DecisionInput& input, const ExchangeToken& command) {
    if (!input.account.authenticates_by(command.credential)) return Unexpected(refusals::kInvalidClient);
    if (input.token.status != Status::kAbsent) return Unexpected(refusals::kBegunTwice);
    return Events{ServiceTokenExchanged{command.service_account_id, command.kind, command.user_id, command.session_id,
                                        command.subject_token_id, command.earlier_exchanges, command.actors,
                                        command.audiences, command.scope, command.credential, command.expires_at}};
}

ServiceTokenDecision decide_on(const DecisionInput& input, const RevokeServiceToken&) {
    if (input.token.status == Status::kAbsent || input.token.status == Status::kSpent)
        return Unexpected(refusals::kInvalidToken);
    if (input.token.status == Status::kRevoked) return Events{};
    return Events{ServiceTokenRevoked{input.token.service_account_id}};
}

ServiceToken apply(ServiceToken token, const ServiceTokenIssued& event, const Recorded& recorded) {
    token.status = Status::kLive;
    token.service_account_id = event.service_account_id;
    token.audiences = event.audiences;
    token.scope = event.scope;
    token.credential = event.credential;
    token.first_position = recorded.position;
    token.expires_at = event.expires_at;
    return token;
}
ServiceToken apply(ServiceToken token, const ServiceTokenExchanged& event, const Recorded& recorded) {
    token.status = Status::kLive;
    token.service_account_id = event.service_account_id;
    token.audiences = event.audiences;
    token.scope = event.scope;
    token.credential = event.credential;
    token.first_position = recorded.position;
    token.expires_at = event.expires_at;
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

ServiceToken with_carried(ServiceToken token, const ServiceAccountId& service_account_id,
                          const std::optional<CarriedRecord>& record) {
    if (!record || token.status != Status::kAbsent) return token;
    token.status = Status::kLive;
    token.service_account_id = service_account_id;
    token.credential = record->credential;
    token.first_position = record->position;
    token.expires_at = record->expires_at;
    return token;
}

bool holds(const ServiceToken& token, const ServiceAccountId& service_account_id, const ServiceAccount& account,
           Instant now) {
    return token.status == Status::kLive && token.service_account_id == service_account_id &&
           token.first_position > account.tokens_ended_before && account.authenticates_by(token.credential) &&
           now < token.expires_at;
}

ServiceTokenDecision decide(const ServiceToken& token, const ServiceAccount& account,
                            const ServiceTokenCommand& command) {
    const DecisionInput input{token, account};
    return std::visit([&](const auto& c) { return decide_on(input, c); }, command);
}

ServiceToken evolve(ServiceToken token, const ServiceTokenEvent& event, const Recorded& recorded) {
    return std::visit([&](const auto& e) { return apply(std::move(token), e, recorded); }, event);
}

}  // namespace keyledger
