#include "commands/accounts/invite_user.hpp"

#include "commands/access/administer.hpp"
#include "commands/account_services.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::commands {
namespace {

using Purpose = ChallengePurpose;

Answer<Receipt> mail_user(Services& services, Bearer bearer, UserId user_id, Purpose purpose,
                          std::function<Result<void, CommandError>(const User&)> may, Caller caller) {
    const ChallengeId challenge_id{services.identifiers.next()};
    const AdministrationStep step = [&](Administration& on) -> StepResult {
        const User& user = on.attempt.state(on.user);
        if (user.status == User::Status::kDisabled) co_return Unexpected(refusals::kGetsNoMail);
        KEYLEDGER_CO_TRY(allowed, may(user));
        if (!user.email) co_return Unexpected(refusals::kCredentialTampered);
        const std::string email = *user.email;
        Streams more;
        const auto challenge = more.begin<Challenge>(challenge_id);
        KEYLEDGER_CO_TRY(read, co_await on.attempt.also_read(std::move(more)));
        co_return put_invitation(services, on.attempt, challenge, user_id, email, purpose);
    };
    RequiredAuthority required{bearer, kWriteUsers, Subject::user(user_id)};
    auto asked = co_await administer(services, std::move(required), std::move(caller), step);
    co_return asked;
}

}  // namespace

Result<void, CommandError> put_invitation(Services& services, Attempt& attempt, StreamOf<Challenge> challenge,
                                          const UserId& user_id, const std::string& email, Purpose purpose) {
    const auto parsed = parse_email(email);
    if (!parsed) return Unexpected(refusals::kInvalidEmail);
    KnownAsk ask{purpose, Uuid(user_id), email, digests_of_address(services.pseudonyms, parsed->key), std::nullopt};
    ask.lasts = kInvitationLife;
    KEYLEDGER_TRY(begun, begin_challenge(services, attempt, challenge, std::move(ask)));
    return {};
}

Answer<Receipt> invite_user(Services& services, Bearer bearer, UserId user_id, Caller caller) {
    const auto may = [](const User& user) {
        Result<void, CommandError> allowed;
        if (!user.sealed_sha256.empty()) allowed = Unexpected(refusals::kHasPassword);
        return allowed;
    };
    auto asked = co_await mail_user(services, bearer, user_id, Purpose::kInvite, may, std::move(caller));
    co_return asked;
}

Answer<Receipt> send_verification(Services& services, Bearer bearer, UserId user_id, Caller caller) {
    const auto may = [](const User& user) {
        Result<void, CommandError> allowed;
        if (user.email_proof == User::EmailProof::kVerified) allowed = Unexpected(refusals::kAddressVerified);
        return allowed;
    };
    auto asked = co_await mail_user(services, bearer, user_id, Purpose::kVerifyEmail, may, std::move(caller));
    co_return asked;
}

Answer<Receipt> confirm_address(Services& services, const Secret& link, Caller caller) {
    Presented presented;
    presented.purpose = Purpose::kVerifyEmail;
    presented.link = link.clone();
    const Earning earning = [](Attempt& attempt, const StreamOf<User>& user, const OpenedProof&) -> StepResult {
        const VerifyEmail command{};
        co_return attempt.decide_and_append(user, command);
    };
    KEYLEDGER_CO_TRY(proven, co_await prove_user(services, std::move(presented), std::move(caller), earning));
    co_return Receipt{proven->position};
}

}  // namespace keyledger::commands
