#pragma once
// The aggregate `challenge`: one ask to prove something by mail, and what came of it. A stream of its own for each ask,
// whose id stands in what only the asker has and in what only the mailbox gets: nobody else can fail it or use it up.
// Pure. Stream id: random.
//
// Whoever asks, and whoever the address belongs to, one and the same event is written (I14). What is proven is a matter
// of codes and links, which nobody stores (commands/challenges/challenge_secrets.hpp).
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/refusal.hpp"
#include "domain/base/time.hpp"
#include "domain/challenges/purpose.hpp"

namespace keyledger {

// ---- events ----------------------------------------------------------------------------------------------------
struct ChallengeAsked {
    ChallengePurpose purpose = ChallengePurpose::kResetPassword;
    Personal<std::string> address;
    Uuid key_of;                  // whose key seals the address
    std::optional<Uuid> subject;  // known where somebody asks who has proven who they are
    std::string key_id;
    Instant expires_at;
    std::optional<std::string> language;
    static constexpr std::string_view kType = "challenge.asked";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "Somebody asks for a mail with a code or a link. On the routes that ask nobody who they are it is the same "
        "event whether or not the address belongs to anybody; whom it concerns is looked up when the mail is written.";
    static constexpr auto fields() {
        using E = ChallengeAsked;
        return std::tuple{
            Field{"purpose", &E::purpose, "what is to be proven by it"},
            Field{"address", &E::address, "as typed; `null` where the subject says it"},
            Field{"key_of", &E::key_of,
                  "whose key seals the address: that of the day's anonymous callers, or the subject's"},
            Field{"subject", &E::subject, "the user or registration that asks, or `null`: nobody is known"},
            Field{"key_id", &E::key_id, "of the sealing root from which the code is derived"},
            Field{"expires_at_ms", &E::expires_at, "from then on its code is not accepted"},
            Field{"language", &E::language,
                  "language, script and region of the caller's first (BCP 47), or `null`: the mail is written in it "
                  "where the user has chosen none"}};
    }
    constexpr Uuid sealed_for() const { return key_of; }
};
struct ChallengeFailed {
    static constexpr std::string_view kType = "challenge.failed";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "A wrong code was presented, with the handle that only the asker has. The third ends the challenge.";
    static constexpr auto fields() { return std::tuple{}; }
    AuditOutcome outcome() const { return AuditOutcome::failure("wrong_code"); }
};
struct ChallengeCompleted {
    std::optional<Uuid> subject;
    static constexpr std::string_view kType = "challenge.completed";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "Its code or link was presented, and is used up: it stands with the events that it earned.";
    static constexpr auto fields() {
        return std::tuple{Field{"subject", &ChallengeCompleted::subject, "for whom: the user, or a registration"}};
    }
};
using ChallengeEvent = std::variant<ChallengeAsked, ChallengeFailed, ChallengeCompleted>;

// ---- commands --------------------------------------------------------------------------------------------------
struct AskChallenge {
    ChallengeAsked what;
};
struct FailChallenge {
    Instant now;
};
struct CompleteChallenge {
    Uuid subject;
};

// ---- refusals --------------------------------------------------------------------------------------------------
namespace refusals {
// Wrong, used, too late, of another log, of nobody: one answer, for a difference would tell who has an account.
inline constexpr Refusal kNotProven{
    RefusalKind::kUnsuitable, "code-not-accepted", "Code or link not accepted",
    "The code is wrong, or code or link were used before or are too old. Ask for a new mail and use the newest one."};
// The same of a link that its reader can't ask for again.
inline constexpr Refusal kLinkSpent{
    kNotProven.kind, kNotProven.slug, kNotProven.title,
    "The link was used before, is too old, or is not whole. If it was used, what it is for was done then."};
}  // namespace refusals

// ---- state -----------------------------------------------------------------------------------------------------
inline constexpr int kMostWrongCodes = 3;

struct Challenge {
    enum class Status { kAbsent, kOpen, kCompleted };
    Status status = Status::kAbsent;
    ChallengePurpose purpose = ChallengePurpose::kResetPassword;
    std::optional<Uuid> subject;
    std::string key_id;
    Instant expires_at;
    std::optional<std::string> language;
    int wrong_codes = 0;

    static constexpr std::string_view kStreamType = "challenge";
    static constexpr std::string_view kTitle = "Challenges";
    static constexpr std::string_view kMeaning =
        "One an ask for a code or a link by mail; the stream's id is random. The address is sealed under the key of "
        "the day's anonymous callers, so that an ask for somebody who has no account looks like any other.";
    static constexpr About kAbout = About::stream();
    using Event = ChallengeEvent;

    // Neither used nor ended by wrong codes. A link may be good for longer than the code beside it: it says so itself.
    bool is_open() const { return status == Status::kOpen && wrong_codes < kMostWrongCodes; }
    bool takes_codes(Instant now) const { return is_open() && now < expires_at; }
};

// ---- rules -----------------------------------------------------------------------------------------------------
using ChallengeDecision = Result<std::vector<ChallengeEvent>, RefusalRef>;
using ChallengeCommand = std::variant<AskChallenge, FailChallenge, CompleteChallenge>;

ChallengeDecision decide(const Challenge& challenge, const ChallengeCommand& command);
Challenge evolve(Challenge challenge, const ChallengeEvent& event, const Recorded& recorded);

}  // namespace keyledger
