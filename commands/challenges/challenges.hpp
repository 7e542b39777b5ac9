#pragma once
// Asking for a code or a link by mail, and proving by one. What the asks of several subjects have in common: who may
// register, reset or log in by them stands in files of their own.
#include <functional>

#include "commands/challenges/challenge_secrets.hpp"
#include "commands/services.hpp"
#include "domain/challenges/challenge.hpp"
#include "domain/challenges/wrong_codes.hpp"
#include "domain/users/user.hpp"

namespace keyledger::commands {

// ---- asking ----------------------------------------------------------------------------------------------------
// By anybody, for an address that may be anybody's. What follows is the same for every address: buckets, one event.
struct ChallengeAsk {
    ChallengePurpose purpose = ChallengePurpose::kResetPassword;
    std::string email;
    std::optional<std::string> handle{};    // of an ask just before: asked again within a minute it is the same one
    std::optional<std::string> language{};  // that the caller reads (BCP 47)
};
struct AskedChallenge {
    std::string handle;
    Instant expires_at;
};
Answer<AskedChallenge> ask_challenge(Services& services, ChallengeAsk ask, Caller caller);

// The same in a step, for whoever appends something beside it. `subject`: who is known to ask, or the registration; a
// nil address is theirs, as their stream says it. Without a subject the address is sealed for the day's callers.
struct KnownAsk {
    ChallengePurpose purpose = ChallengePurpose::kVerifyEmail;
    std::optional<Uuid> subject{};
    std::optional<std::string> address{};
    AddressDigests digests{};
    std::optional<std::string> language{};
    std::optional<Duration> lasts{};  // else as its purpose does
};
// What is asked then; the handle is sealed by ChallengeSecrets once it is appended.
Result<ChallengeHandle, CommandError> begin_challenge(Services& services, Attempt& attempt,
                                                      const StreamOf<Challenge>& challenge, KnownAsk ask);

// Asks for one address: from one network, and from all. Mail to one address is worth a nuisance; a third of it is kept
// for those who are known there.
Answer<void> admit_ask(Services& services, ChallengePurpose purpose, const AddressDigests& address,
                       const Caller& caller);

// ---- proving ---------------------------------------------------------------------------------------------------
// What somebody presents: a link's token; or a code, with the handle of who asked. A purpose that is bound to who asked
// takes the handle with the link, too.
struct Presented {
    ChallengePurpose purpose = ChallengePurpose::kResetPassword;
    std::optional<Secret> link{};
    std::optional<Secret> handle{};
    std::optional<Secret> code{};
};

// The user's stream of wrong codes; of an address that nobody has, too.
WrongCodesId wrong_codes_of(const std::string& address_digest);

// What is opened of it, before anything is read; nullopt: it is none of ours, of another purpose, or too late.
struct OpenedProof {
    ChallengePurpose purpose = ChallengePurpose::kResetPassword;
    ChallengeId challenge_id;
    Uuid subject{};  // nil: nobody's
    std::string address_digest;
    std::optional<std::int64_t> link_stamp{};  // of a link
    std::optional<std::string> code{};         // in digits
    bool is_by_link() const { return link_stamp.has_value(); }
};

// The streams that proving reads, and what came of them.
struct ProofStreams {
    StreamOf<Challenge> challenge;
    StreamOf<WrongCodes> wrong_codes;
};
ProofStreams read_proof(Streams& streams, const OpenedProof& proof);

// In a step: whether it is proven by the subject that the step has folded (`stamp`; nullopt: there is nobody). A wrong
// code is counted in this very append, so that no two are compared with one count: `kWrongCode` ends the step with what
// was appended, and the caller is told kNotProven. kNotProven as an error: there is nothing to count.
enum class ProofVerdict { kProven, kWrongCode };
Result<ProofVerdict, CommandError> check_proof(Services& services, Attempt& attempt, const ProofStreams& streams,
                                               const OpenedProof& proof, std::optional<std::int64_t> stamp);
// Uses it up, in the append of what it earned.
Result<void, CommandError> complete_proof(Attempt& attempt, const ProofStreams& streams, const Uuid& subject);

// ---- by a user -------------------------------------------------------------------------------------------------
// Whose proof it is, as far as that can be opened: found by the link, or by the address that the handle names. Of
// nobody there is an id that nobody has. kNotProven: it can't be opened.
struct Prover {
    UserId user_id;
    OpenedProof proof;
};
Answer<Prover> find_prover(Services& services, const Presented& presented, Deadline deadline);
// What has to be known in a step before something else is tried: that they would prove it. Nothing is appended; a wrong
// code is counted where it is used. kNotProven.
StepResult would_prove(Services& services, Attempt& attempt, StreamOf<User> user, const ProofStreams& streams,
                       const OpenedProof& proof);

// What is earned by a proof of a user's address, decided in the step behind it.
using Earning = std::function<StepResult(Attempt& attempt, const StreamOf<User>& user, const OpenedProof& proof)>;
struct ProvenUser {
    UserId user_id;
    Position position = 0;
    Instant occurred_at;
};
// kNotProven, for whatever reason, unless what is earned says why not; kLinkSpent where an administrator had the mail
// sent. `session_id`: what is appended is done in it.
Answer<ProvenUser> prove_user(Services& services, Presented presented, Caller caller, Earning earning,
                              std::optional<SessionId> session_id = std::nullopt);

}  // namespace keyledger::commands
