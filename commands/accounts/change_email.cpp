#include "commands/accounts/change_email.hpp"

#include "commands/access/step_up.hpp"
#include "commands/account_services.hpp"
#include "commands/credentials/passwords.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::commands {
namespace {

using Purpose = ChallengePurpose;

// More than wrong codes can move the streams.
constexpr int kMaxAttemptsToProve = 8;

Result<void, CommandError> may_change(const User& user, const Identifier& email) {
    if (user.former_email) return Unexpected(refusals::kEmailChangedJustNow);
    const auto known = user.email ? parse_email(*user.email) : std::nullopt;
    if (known && known->key == email.key) return Unexpected(refusals::kEmailUnchanged);
    return {};
}

// Whoever has an address that was never proven gets no say in an account: it may be a stranger's, by a slip of a
// finger.
std::vector<UserEvent> with_release(std::vector<UserEvent> events, const User& before) {
    if (!events.empty() && before.email_proof != User::EmailProof::kVerified)
        events.push_back(UserFormerEmailReleased{});
    return events;
}

// What a code with its handle is of: which address, and the proof that it is theirs.
struct OpenedChange {
    OpenedProof proof;
    Identifier email;
};
std::optional<OpenedChange> open_change(Services& services, const EmailProof& presented, const UserId& user_id) {
    const auto handle =
        services.accounts.challenge_secrets->open_handle(Purpose::kChangeEmail, presented.handle.reveal());
    if (!handle || handle->subject != user_id.uuid) return std::nullopt;
    auto email = parse_email(handle->new_email);
    if (!email) return std::nullopt;
    OpenedProof proof{Purpose::kChangeEmail,           handle->challenge_id, handle->subject,
                      address_digest(handle->address), std::nullopt,         std::string(presented.code.reveal())};
    return OpenedChange{std::move(proof), std::move(*email)};
}

}  // namespace

Answer<AskedChallenge> ask_email_change(Services& services, EmailChange change, Caller caller) {
    const auto email = parse_email(change.email);
    if (!email) co_return Unexpected(refusals::kInvalidEmail);
    const AddressDigests address = digests_of_address(services.pseudonyms, email->key);
    KEYLEDGER_CO_TRY(admitted, co_await admit_ask(services, Purpose::kChangeEmail, address, caller));
    const Bearer bearer = change.bearer;
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    const auto challenge = streams.begin<Challenge>(ChallengeId{services.identifiers.next()});
    ChallengeHandle handle;
    bool was_wrong = false;
    const Step step = [&](Attempt& attempt) -> StepResult {
        const std::vector<ProofMethod> proven_now{ProofMethod::kPassword};  // once it is checked
        KEYLEDGER_CO_TRY(known, authorise(attempt, actor, bearer, services));
        KEYLEDGER_CO_TRY(recent, require_step_up(attempt, actor, bearer, services, StepUpFor::kAccount, proven_now));
        auto checked = co_await check_own_password(services, attempt, actor.user, change.current_password, caller);
        if (!checked) {
            was_wrong = was_wrong || checked.error().refusal == refusals::kWrongPassword;
            co_return Unexpected(checked.error());
        }
        KEYLEDGER_CO_TRY(may, may_change(attempt.state(actor.user), *email));
        KnownAsk ask{Purpose::kChangeEmail, Uuid(bearer.user_id), email->text, address, change.language};
        KEYLEDGER_CO_TRY(begun, begin_challenge(services, attempt, challenge, std::move(ask)));
        handle = std::move(*begun);
        handle.new_email = email->text;
        co_return Result<void, CommandError>{};
    };
    auto executed = co_await services.executor.run(caller, streams, step);
    if (!executed) {
        report_tampering(services, bearer.user_id, executed.error());
        if (was_wrong) co_await record_failed_login(services, bearer.user_id, LoginFailure::kWrongPassword, caller);
        co_return Unexpected(executed.error());
    }
    co_return AskedChallenge{services.accounts.challenge_secrets->seal(handle), handle.expires_at};
}

Answer<Receipt> change_email(Services& services, Bearer bearer, EmailProof presented, Caller caller) {
    const auto change = open_change(services, presented, bearer.user_id);
    if (!change) co_return Unexpected(refusals::kNotProven);
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    const ProofStreams of_proof = read_proof(streams, change->proof);
    bool was_wrong = false;
    const Step step = [&](Attempt& attempt) -> StepResult {
        was_wrong = false;
        KEYLEDGER_CO_TRY(known, authorise(attempt, actor, bearer, services));
        const User& user = attempt.state(actor.user);
        KEYLEDGER_CO_TRY(verdict, check_proof(services, attempt, of_proof, change->proof, user.security_stamp));
        was_wrong = *verdict == ProofVerdict::kWrongCode;
        if (was_wrong) co_return Result<void, CommandError>{};
        KEYLEDGER_CO_TRY(may, may_change(user, change->email));
        const bool was_verified = user.email_proof == User::EmailProof::kVerified;
        const Instant now = services.clock.now();
        const ChangeEmail command{change->email.text, was_verified ? now + kUndoEmailChangeFor : now,
                                  bearer.session_id};
        KEYLEDGER_CO_TRY(events, decide(user, command));
        attempt.append(actor.user, with_release(std::move(*events), user));
        co_return complete_proof(attempt, of_proof, bearer.user_id);
    };
    KEYLEDGER_CO_TRY(executed, co_await services.executor.run(caller, streams, step, kMaxAttemptsToProve));
    if (was_wrong) co_return Unexpected(refusals::kNotProven);
    co_return Receipt{executed->position, false};
}

Answer<Receipt> release_former_email(Services& services, UserId user_id, Caller caller) {
    Streams streams;
    const auto user = streams.read<User>(user_id);
    const Step step = [&](Attempt& attempt) -> StepResult {
        const ReleaseFormerEmail command{services.clock.now()};
        co_return attempt.decide_and_append(user, command);
    };
    auto executed = co_await services.executor.run(caller, streams, step);
    co_return done(executed);
}

}  // namespace keyledger::commands
