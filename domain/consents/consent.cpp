#include "domain/consents/consent.hpp"

#include <algorithm>

namespace keyledger {
namespace {

using Events = std::vector<ConsentEvent>;
using Status = Consent::Status;

std::vector<std::string> together(std::vector<std::string> texts, const std::vector<std::string>& more) {
    texts.insert(texts.end(), more.begin(), more.end());
    std::ranges::sort(texts);
    texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
    return texts;
}

bool has_all(const std::vector<std::string>& texts, const std::vector<std::string>& asked) {
    return std::ranges::all_of(asked,
                               [&](const std::string& text) { return std::ranges::find(texts, text) != texts.end(); });
}

ConsentDecision decide_on(const Consent& consent, const GiveConsent& command) {
    return Events{ConsentGiven{command.user_id, command.application_id, together(consent.scope, command.scope),
                               together(consent.audiences, command.audiences)}};
}

ConsentDecision decide_on(const Consent& consent, const WithdrawConsent& command) {
    if (consent.status == Status::kAbsent) return Unexpected(refusals::kConsentUnknown);
    if (consent.status == Status::kWithdrawn) return Events{};
    return Events{ConsentWithdrawn{command.user_id, command.application_id}};
}

Consent apply(Consent consent, const ConsentGiven& event, const Recorded& recorded) {
    consent.status = Status::kGiven;
    consent.user_id = event.user_id;
    consent.application_id = event.application_id;
    consent.scope = event.scope;
    consent.audiences = event.audiences;
    consent.given_at = recorded.occurred_at;
    return consent;
}
Consent apply(Consent consent, const ConsentWithdrawn&, const Recorded& recorded) {
    consent.status = Status::kWithdrawn;
    consent.scope.clear();
    consent.audiences.clear();
    consent.sessions_ended_before = recorded.position;
    return consent;
}

}  // namespace

bool Consent::covers(const std::vector<std::string>& words, const std::vector<std::string>& resources) const {
    return status == Status::kGiven && has_all(scope, words) && has_all(audiences, resources);
}

ConsentDecision decide(const Consent& consent, const ConsentCommand& command) {
    return std::visit([&](const auto& c) { return decide_on(consent, c); }, command);
}

Consent evolve(Consent consent, const ConsentEvent& event, const Recorded& recorded) {
    return std::visit([&](const auto& e) { return apply(std::move(consent), e, recorded); }, event);
}

}  // namespace keyledger
