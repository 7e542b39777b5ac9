#include "commands/passwords.hpp"

#include "commands/failure_sums.hpp"
#include "domain/precis.hpp"
#include "security/bytes.hpp"
#include "security/digest.hpp"
#include "security/hex.hpp"

namespace keyledger::commands {
namespace {

// Enough for every attempt that may be in flight on one account at once.
constexpr int kMaxRecordAttempts = 16;

std::string fingerprint_of(const eventstore::Bytes& sealed) {
    const auto digest = security::sha256(std::string_view(sealed));
    return security::hex_encode(security::view_of(digest));
}

Refusal refusal_of(PasswordProblem problem) {
    switch (problem) {
        case PasswordProblem::kTooShort: return Refusal::kPasswordTooShort;
        case PasswordProblem::kTooLong: return Refusal::kPasswordTooLong;
        case PasswordProblem::kTooWeak: return Refusal::kPasswordTooWeak;
        case PasswordProblem::kContainsIdentity: return Refusal::kPasswordContainsIdentity;
        case PasswordProblem::kNotText: return Refusal::kPasswordNotText;
    }
    return Refusal::kBroken;
}

// A password as it is compared today and, where that differs, as it was typed.
struct TypedPassword {
    Secret normal;
    std::optional<Secret> raw;
};
TypedPassword forms_of(Secret password) {
    auto normal = opaque_string(password);
    if (!normal) return {std::move(password), std::nullopt};  // no longer to be chosen, but it may have been
    if (equal(*normal, password)) return {std::move(password), std::nullopt};
    return {std::move(*normal), std::move(password)};
}

Answer<PasswordCheck> verify(Services& services, Secret password, Secret hash, const Caller& caller) {
    TypedPassword typed = forms_of(std::move(password));
    Secret same_hash = hash.clone();
    HashingFor whom{HashingFor::Kind::kAccount, caller.network};
    auto check = co_await services.hasher.verify(std::move(typed.normal), std::move(same_hash), whom, caller.deadline);
    if (!check) co_return Unexpected(error_of(check.error()));
    if (check->matches || !typed.raw) co_return *check;
    check = co_await services.hasher.verify(std::move(*typed.raw), std::move(hash), whom, caller.deadline);
    if (!check) co_return Unexpected(error_of(check.error()));
    check->needs_renewal = true;
    co_return *check;
}

}  // namespace

Answer<PasswordCheck> check_decoy(Services& services, Secret password, const Caller& caller) {
    TypedPassword typed = forms_of(std::move(password));
    HashingFor whom{HashingFor::Kind::kAccount, caller.network};
    auto check = co_await services.hasher.verify_decoy(std::move(typed.normal), whom, caller.deadline);
    if (check && typed.raw)
        check = co_await services.hasher.verify_decoy(std::move(*typed.raw), whom, caller.deadline);
    if (!check) co_return Unexpected(error_of(check.error()));
    co_return *check;
}

CommandError error_of(HashingError error) {
    switch (error) {
        case HashingError::kOverloaded: return {Refusal::kOverloaded, 2};
        case HashingError::kExpired: return {Refusal::kOverloaded, 2};
        case HashingError::kStopped: return {Refusal::kUnavailable, 5};
    }
    return Refusal::kBroken;
}

Answer<CheckedPassword> check_password(Services& services, Attempt& attempt, StreamOf<User> user, Secret password,
                                       const Caller& caller) {
    if (!attempt.state(user).exists()) {  // erased since his claim was found
        auto decoy = co_await check_decoy(services, std::move(password), caller);
        if (!decoy) co_return Unexpected(decoy.error());
        co_return CheckedPassword{*decoy, 0};
    }
    std::string kind(kPasswordKind);
    auto stored = co_await services.store.read_credential(user.id, std::move(kind), caller.deadline);
    if (!stored) co_return Unexpected(CommandError(commands::refusal_of(stored.error())));
    if (!stored->has_value()) co_return Unexpected(CommandError(Refusal::kCredentialTampered));
    const eventstore::StoredCredential& credential = **stored;
    if (fingerprint_of(credential.sealed) != attempt.state(user).sealed_sha256)
        co_return Unexpected(CommandError(Refusal::kCredentialTampered));

    auto key = co_await attempt.key_of(user.id);
    // Destroyed, or sealed under a key-encryption key that is not here: "no such user" would be no answer to a log-in.
    if (!key && key.error().refusal == Refusal::kUserUnknown)
        co_return Unexpected(CommandError(Refusal::kCredentialTampered));
    if (!key) co_return Unexpected(key.error());
    const eventstore::CredentialContext context{eventstore::kDefaultTenant, credential.owner, credential.kind,
                                                credential.credential_id};
    auto hash = services.cipher.open_credential(**key, context, credential.sealed);
    if (!hash) co_return Unexpected(CommandError(Refusal::kCredentialTampered));
    auto check = co_await verify(services, std::move(password), std::move(*hash), caller);
    if (!check) co_return Unexpected(check.error());
    co_return CheckedPassword{*check, credential.revision};
}

Answer<CheckedPassword> check_own_password(Services& services, Attempt& attempt, StreamOf<User> user,
                                           const Secret& password, const Caller& caller) {
    auto attempts = co_await attempts_at_head(services, user.id, caller.deadline);
    if (!attempts) co_return Unexpected(attempts.error());
    const LoginAttemptLimits& limits = services.settings.attempts;
    const std::string network = services.pseudonyms.network(user.id, caller.network);
    if (!may_try(*attempts, network, limits, services.clock.now_ms()))
        co_return Unexpected(CommandError(Refusal::kTooManyAttempts, limits.longest_pause_ms / 1000));
    auto checked = co_await check_password(services, attempt, user, password.clone(), caller);
    if (!checked) co_return Unexpected(checked.error());
    if (!checked->check.matches) co_return Unexpected(CommandError(Refusal::kWrongPassword));
    co_return *checked;
}

void report_tampering(Services& services, const Uuid& user_id, const CommandError& error) {
    if (error.refusal == Refusal::kCredentialTampered)
        services.journal.warning("the stored credential is not the one that the log names, or can't be opened",
                                 user_id);
}

Answer<NewCredential> put_password(Services& services, Attempt& attempt, Uuid owner, Uuid credential_id,
                                   std::int32_t expected_revision, Secret hash) {
    auto key = co_await attempt.key_of(owner);
    if (!key) co_return Unexpected(key.error());
    const eventstore::CredentialContext context{eventstore::kDefaultTenant, owner, kPasswordKind, credential_id};
    eventstore::Bytes sealed = services.cipher.seal_credential(**key, context, hash);
    NewCredential credential{credential_id, fingerprint_of(sealed)};
    attempt.change_credential(
        {credential_id, owner, std::string(kPasswordKind), expected_revision, std::move(sealed)});
    co_return credential;
}

Answer<Secret> hash_password(Services& services, Secret password, HashingFor::Kind kind, const Caller& caller) {
    HashingFor whom{kind, caller.network};
    TypedPassword typed = forms_of(std::move(password));
    auto hash = co_await services.hasher.hash(std::move(typed.normal), std::move(whom), caller.deadline);
    if (!hash) co_return Unexpected(error_of(hash.error()));
    co_return std::move(*hash);
}

Answer<Done> judge_password(Services& services, Secret password, PasswordIdentity identity,
                            Deadline deadline) {
    auto normal = opaque_string(password);
    if (!normal && normal.error() != TextFault::kEmpty)
        co_return Unexpected(refused_text(Refusal::kPasswordNotText, normal.error()));
    if (normal) password = std::move(*normal);
    auto verdict = co_await services.policy.judge(std::move(password), std::move(identity), deadline);
    if (!verdict) co_return Unexpected(error_of(verdict.error()));
    if (verdict->has_value()) co_return Unexpected(CommandError(refusal_of(**verdict)));
    co_return Done{};
}

Answer<LoginAttempts> attempts_at_head(Services& services, Uuid user_id, Deadline deadline) {
    Streams streams;
    streams.read<LoginAttempts>(services.pseudonyms.login_attempts_of(user_id));
    auto folds = co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, deadline);
    if (!folds) co_return Unexpected(CommandError(commands::refusal_of(folds.error())));
    co_return state_of<LoginAttempts>(folds->front());
}

asio::awaitable<void> record_failed_login(Services& services, std::optional<Uuid> user_id, LoginFailure reason,
                                          Caller caller) {
    bool counts = user_id && reason != LoginFailure::kTooManyFailures;
    if (counts) {
        Caller counted = caller;
        counted.idempotency.reset();
        Streams streams;
        const auto attempts = streams.read<LoginAttempts>(services.pseudonyms.login_attempts_of(*user_id));
        const std::string network = services.pseudonyms.network(*user_id, caller.network);
        const Step step = [&](Attempt& attempt) -> Decided {
            const RecordFailedLogin command{user_id, reason, network, services.settings.attempts,
                                            services.clock.now_ms()};
            const auto events = decide(attempt.state(attempts), command);
            counts = !events.empty();
            attempt.append(attempts, events);
            co_return Result<void, CommandError>{};
        };
        auto recorded = co_await services.executor.run(std::move(counted), streams, step, kMaxRecordAttempts);
        if (!recorded) {
            services.journal.warning("a failed log-in could not be recorded", *user_id);
            co_return;
        }
    }
    if (!counts) co_await count_apart(services, std::move(caller));
}

asio::awaitable<void> record_good_login(Services& services, Uuid user_id, LoginAttempts known, Caller caller) {
    caller.idempotency.reset();
    const std::string network = services.pseudonyms.network(user_id, caller.network);
    const auto what_follows = [&](const LoginAttempts& state) {
        auto events = decide(state, ClearFailedLogins{user_id, network});
        const SeeNetwork see{user_id, network, services.settings.attempts, services.clock.now_ms()};
        for (auto& event : decide(state, see)) events.push_back(std::move(event));
        return events;
    };
    if (what_follows(known).empty()) co_return;  // as it is with most log-ins: nothing is read or written
    Streams streams;
    const auto attempts = streams.read<LoginAttempts>(services.pseudonyms.login_attempts_of(user_id));
    const Step step = [&](Attempt& attempt) -> Decided {
        attempt.append(attempts, what_follows(attempt.state(attempts)));
        co_return Result<void, CommandError>{};
    };
    auto recorded = co_await services.executor.run(std::move(caller), streams, step, kMaxRecordAttempts);
    if (!recorded) services.journal.warning("what follows from a good log-in could not be recorded", user_id);
}

}  // namespace keyledger::commands
