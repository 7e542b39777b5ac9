#include <algorithm>

#include "commands/account_services.hpp"
#include "commands/challenges/challenges.hpp"
#include "commands/limits/request_limits.hpp"
#include "domain/base/language_tag.hpp"
#include "domain/users/identity.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::commands {
namespace {

// ---- buckets ---------------------------------------------------------------------------------------------------
constexpr std::int64_t kAsksOfANetwork = 5;  // for one address, at once; then one every five minutes
constexpr std::int64_t kAsksOfAll = 15;      // for one address, from wherever
constexpr Rate kAsksOfTheInstallation{600, 1200};
constexpr Duration kAgainIn = minutes(5);
constexpr Duration kOfANetworkEvery = seconds(30);  // whomever for, behind as many at once as it may try passwords

eventstore::Bucket bucket_for_address(std::string_view what, std::string whom, std::int64_t burst) {
    eventstore::Bucket bucket = bucket_of(what, whom, Rate{1, burst});
    bucket.one_every = kAgainIn;
    return bucket;
}

// ---- one ask, twice --------------------------------------------------------------------------------------------
constexpr Duration kSameAskFor = minutes(1);

// The handle of the ask just before, where it is for this very address.
std::optional<ChallengeHandle> asked_just_now(Services& services, const ChallengeAsk& ask,
                                              const AddressDigests& address) {
    if (!ask.handle) return std::nullopt;
    auto before = services.accounts.challenge_secrets->open_handle(ask.purpose, *ask.handle);
    if (!before || address_digest(before->address) != address_digest(address)) return std::nullopt;
    const Instant asked_at = before->expires_at - life_of(ask.purpose);
    if (services.clock.now() - asked_at >= kSameAskFor) return std::nullopt;
    return before;
}

}  // namespace

Answer<void> admit_ask(Services& services, ChallengePurpose purpose, const AddressDigests& address,
                       const Caller& caller) {
    const std::string whom = std::string(stored_name(purpose)) + ' ' + security::hex_encode(address_digest(address));
    std::vector<eventstore::Bucket> buckets;
    buckets.push_back(bucket_for_address("asks of a network for", whom + ' ' + caller.network, kAsksOfANetwork));
    buckets.push_back(bucket_for_address("asks for", whom, kAsksOfAll));
    eventstore::Bucket of_network = bucket_of("asks of a network", caller.network, services.settings.limits.passwords);
    of_network.one_every = kOfANetworkEvery;
    of_network.burst = std::min(of_network.burst, most_in(kOfANetworkEvery));
    buckets.push_back(std::move(of_network));
    buckets.push_back(bucket_of("asks for", "mail", kAsksOfTheInstallation));
    KEYLEDGER_CO_TRY(taken, co_await services.limits.take(std::move(buckets), caller.deadline));
    Result<void, CommandError> admitted{};
    if (taken->wait > Duration()) admitted = Unexpected(too_many(*taken));
    co_return admitted;
}

Result<ChallengeHandle, CommandError> begin_challenge(Services& services, Attempt& attempt,
                                                      const StreamOf<Challenge>& challenge, KnownAsk ask) {
    const Instant now = services.clock.now();
    ChallengeHandle handle{ask.purpose, challenge.id, std::move(ask.digests), ask.subject.value_or(Uuid{}),
                           now + ask.lasts.value_or(life_of(ask.purpose))};
    ChallengeAsked asked;
    asked.purpose = ask.purpose;
    asked.address.value = std::move(ask.address);
    asked.key_of = ask.subject ? *ask.subject : Uuid(services.pseudonyms.anonymous_subject_of(now));
    asked.subject = ask.subject;
    asked.key_id = services.accounts.challenge_secrets->current_key();
    asked.expires_at = handle.expires_at;
    // It stands in clear, for good: no more of it than many have in common.
    if (ask.language) asked.language = shared_part_of(*ask.language);
    if (asked.language == "") asked.language.reset();
    KEYLEDGER_TRY(begun, attempt.decide_and_append(challenge, AskChallenge{std::move(asked)}));
    return handle;
}

Answer<AskedChallenge> ask_challenge(Services& services, ChallengeAsk ask, Caller caller) {
    caller.idempotency.reset();
    const auto email = parse_email(ask.email);
    if (!email) co_return Unexpected(refusals::kInvalidEmail);
    const AddressDigests address = digests_of_address(services.pseudonyms, email->key);
    if (const auto before = asked_just_now(services, ask, address))
        co_return AskedChallenge{*ask.handle, before->expires_at};
    KEYLEDGER_CO_TRY(admitted, co_await admit_ask(services, ask.purpose, address, caller));
    Streams streams;
    const auto challenge = streams.begin<Challenge>(ChallengeId{services.identifiers.next()});
    ChallengeHandle handle;
    const Step step = [&](Attempt& attempt) -> StepResult {
        KnownAsk what{ask.purpose, std::nullopt, email->text, address, ask.language};
        KEYLEDGER_CO_TRY(begun, begin_challenge(services, attempt, challenge, std::move(what)));
        handle = std::move(*begun);
        co_return Result<void, CommandError>{};
    };
    KEYLEDGER_CO_TRY(executed, co_await services.executor.run(std::move(caller), streams, step));
    co_return AskedChallenge{services.accounts.challenge_secrets->seal(handle), handle.expires_at};
}

}  // namespace keyledger::commands
