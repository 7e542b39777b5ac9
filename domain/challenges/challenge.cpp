#include "domain/challenges/challenge.hpp"

namespace keyledger {
namespace {

using Events = std::vector<ChallengeEvent>;
using Status = Challenge::Status;

ChallengeDecision decide_on(const Challenge& challenge, const AskChallenge& command) {
    if (challenge.status != Status::kAbsent) return Unexpected(refusals::kBegunTwice);
    return Events{command.what};
}

ChallengeDecision decide_on(const Challenge& challenge, const FailChallenge& command) {
    if (!challenge.takes_codes(command.now)) return Unexpected(refusals::kNotProven);
    return Events{ChallengeFailed{}};
}

// What it was presented with has an expiry of its own, which whoever opened that has looked at.
ChallengeDecision decide_on(const Challenge& challenge, const CompleteChallenge& command) {
    if (!challenge.is_open()) return Unexpected(refusals::kNotProven);
    return Events{ChallengeCompleted{command.subject}};
}

Challenge apply(Challenge challenge, const ChallengeAsked& event) {
    challenge.status = Status::kOpen;
    challenge.purpose = event.purpose;
    challenge.subject = event.subject;
    challenge.key_id = event.key_id;
    challenge.expires_at = event.expires_at;
    challenge.language = event.language;
    return challenge;
}
Challenge apply(Challenge challenge, const ChallengeFailed&) {
    challenge.wrong_codes += 1;
    return challenge;
}
Challenge apply(Challenge challenge, const ChallengeCompleted&) {
    challenge.status = Status::kCompleted;
    return challenge;
}

}  // namespace

ChallengeDecision decide(const Challenge& challenge, const ChallengeCommand& command) {
    return std::visit([&](const auto& c) { return decide_on(challenge, c); }, command);
}

Challenge evolve(Challenge challenge, const ChallengeEvent& event, const Recorded&) {
    return std::visit([&](const auto& e) { return apply(std::move(challenge), e); }, event);
}

}  // namespace keyledger
