#include "commands/account_services.hpp"
#include "commands/challenges/challenges.hpp"
#include "domain/users/identity.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::commands {
namespace {

// More than wrong codes can move the streams: three of the challenge, and as many as count of the address.
constexpr int kMaxProofAttempts = 8;

// Who presents it, as far as it can be opened. By a code the user is found by the address that the handle names.
struct Presenting {
    OpenedProof proof;
    AddressDigests address;
};

std::optional<Presenting> opened_link(Services& services, const Presented& presented) {
    const auto link = services.accounts.challenge_secrets->open_link(presented.purpose, presented.link->reveal());
    if (!link) return std::nullopt;
    OpenedProof proof{link->purpose,        link->challenge_id,   link->subject,
                      link->address_digest, link->security_stamp, std::nullopt};
    return Presenting{std::move(proof), {}};
}

std::optional<Presenting> opened_code(Services& services, const Presented& presented) {
    if (!presented.handle || !presented.code) return std::nullopt;
    auto handle = services.accounts.challenge_secrets->open_handle(presented.purpose, presented.handle->reveal());
    if (!handle) return std::nullopt;
    OpenedProof proof{handle->purpose, handle->challenge_id,
                      handle->subject, address_digest(handle->address),
                      std::nullopt,    std::string(presented.code->reveal())};
    return Presenting{std::move(proof), std::move(handle->address)};
}

// Of a magic link: only who asked completes it.
bool is_from_who_asked(Services& services, const Presented& presented, const OpenedProof& proof) {
    if (presented.purpose != ChallengePurpose::kLogInByLink) return true;
    if (!presented.handle) return false;
    const auto handle = services.accounts.challenge_secrets->open_handle(presented.purpose, presented.handle->reveal());
    return handle && handle->challenge_id == proof.challenge_id;
}

// Nobody but an administrator can have such a mail sent again.
RefusalRef not_proven(ChallengePurpose purpose) {
    const bool is_sent_by_others = purpose == ChallengePurpose::kInvite || purpose == ChallengePurpose::kVerifyEmail;
    return is_sent_by_others ? refusals::kLinkSpent : refusals::kNotProven;
}

std::optional<Presenting> open(Services& services, const Presented& presented) {
    auto presenting = presented.link ? opened_link(services, presented) : opened_code(services, presented);
    if (presenting && !is_from_who_asked(services, presented, presenting->proof)) return std::nullopt;
    return presenting;
}

// The address that it was sent to is the user's now. The claim only found them, the fold decides.
bool has_address(Services& services, const User& user, const std::string& digest) {
    const auto email = user.email ? parse_email(*user.email) : std::nullopt;
    if (!user.exists() || !email) return false;
    return address_digest(digests_of_address(services.pseudonyms, email->key)) == digest;
}

}  // namespace

WrongCodesId wrong_codes_of(const std::string& address_digest) {
    const auto name = security::length_prefixed({"keyledger wrong codes", address_digest});
    return WrongCodesId{security::uuid_of(security::sha256(std::string_view(name)))};
}

ProofStreams read_proof(Streams& streams, const OpenedProof& proof) {
    return {streams.read<Challenge>(proof.challenge_id),
            streams.read<WrongCodes>(wrong_codes_of(proof.address_digest))};
}

namespace {

// Whether it is the right one, and nothing else.
Result<ProofVerdict, CommandError> compare_proof(Services& services, Attempt& attempt, const ProofStreams& streams,
                                                 const OpenedProof& proof, std::optional<std::int64_t> stamp) {
    const Challenge& challenge = attempt.state(streams.challenge);
    if (!challenge.is_open() || challenge.purpose != proof.purpose) return Unexpected(not_proven(proof.purpose));
    if (proof.is_by_link()) {
        if (stamp == proof.link_stamp) return ProofVerdict::kProven;
        return Unexpected(not_proven(proof.purpose));
    }
    const Instant now = services.clock.now();
    if (!challenge.takes_codes(now) || !attempt.state(streams.wrong_codes).takes_codes(now))
        return Unexpected(refusals::kNotProven);
    CodeSource source;
    source.purpose = proof.purpose;
    source.key_id = challenge.key_id;
    source.subject = stamp ? proof.subject : Uuid{};
    source.security_stamp = stamp.value_or(0);
    source.challenge_id = streams.challenge.id;
    source.address_digest = proof.address_digest;
    const auto code = services.accounts.challenge_secrets->code(source);
    const bool is_right = code && Secret::equal(*code, proof.code.value_or(""));
    return is_right && stamp ? ProofVerdict::kProven : ProofVerdict::kWrongCode;
}

std::optional<std::int64_t> stamp_of(Services& services, const User& user, const OpenedProof& proof) {
    if (!has_address(services, user, proof.address_digest)) return std::nullopt;
    return user.security_stamp;
}

}  // namespace

Result<ProofVerdict, CommandError> check_proof(Services& services, Attempt& attempt, const ProofStreams& streams,
                                               const OpenedProof& proof, std::optional<std::int64_t> stamp) {
    KEYLEDGER_TRY(verdict, compare_proof(services, attempt, streams, proof, stamp));
    if (*verdict == ProofVerdict::kProven) return *verdict;
    KEYLEDGER_TRY(failed, attempt.decide_and_append(streams.challenge, FailChallenge{services.clock.now()}));
    attempt.append(streams.wrong_codes, decide(attempt.state(streams.wrong_codes), CountWrongCode{proof.purpose}));
    return ProofVerdict::kWrongCode;
}

Result<void, CommandError> complete_proof(Attempt& attempt, const ProofStreams& streams, const Uuid& subject) {
    return attempt.decide_and_append(streams.challenge, CompleteChallenge{subject});
}

Answer<Prover> find_prover(Services& services, const Presented& presented, Deadline deadline) {
    auto presenting = open(services, presented);
    if (!presenting) co_return Unexpected(not_proven(presented.purpose));
    OpenedProof& proof = presenting->proof;
    if (proof.subject.is_nil() && !presenting->address.empty()) {
        KEYLEDGER_CO_TRY(owner, co_await services.store.find_claim("email", presenting->address, deadline));
        proof.subject = owner->value_or(Uuid{});
    }
    // Nobody's stream is read like anybody's.
    const UserId user_id{proof.subject.is_nil() ? services.identifiers.next() : proof.subject};
    co_return Prover{user_id, std::move(proof)};
}

StepResult would_prove(Services& services, Attempt& attempt, StreamOf<User> user, const ProofStreams& streams,
                       const OpenedProof& proof) {
    KEYLEDGER_CO_TRY(verdict,
                     compare_proof(services, attempt, streams, proof, stamp_of(services, attempt.state(user), proof)));
    if (*verdict == ProofVerdict::kWrongCode) co_return Unexpected(refusals::kNotProven);
    co_return Result<void, CommandError>{};
}

Answer<ProvenUser> prove_user(Services& services, Presented presented, Caller caller, Earning earning,
                              std::optional<SessionId> session_id) {
    caller.idempotency.reset();
    KEYLEDGER_CO_TRY(prover, co_await find_prover(services, presented, caller.deadline));
    const auto& [user_id, proof] = *prover;
    Streams streams;
    const auto user = streams.read<User>(user_id);
    const ProofStreams of_proof = read_proof(streams, proof);
    bool was_wrong = false;
    const Step step = [&](Attempt& attempt) -> StepResult {
        was_wrong = false;
        const auto stamp = stamp_of(services, attempt.state(user), proof);
        KEYLEDGER_CO_TRY(verdict, check_proof(services, attempt, of_proof, proof, stamp));
        was_wrong = *verdict == ProofVerdict::kWrongCode;
        if (was_wrong) co_return Result<void, CommandError>{};
        KEYLEDGER_CO_TRY(earned, co_await earning(attempt, user, proof));
        attempt.act_as(user_id, session_id);
        co_return complete_proof(attempt, of_proof, user_id);
    };
    KEYLEDGER_CO_TRY(executed, co_await services.executor.run(std::move(caller), streams, step, kMaxProofAttempts));
    if (was_wrong) co_return Unexpected(refusals::kNotProven);
    co_return ProvenUser{user_id, executed->position, executed->occurred_at};
}

}  // namespace keyledger::commands
