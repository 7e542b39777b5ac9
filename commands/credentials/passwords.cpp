#include "commands/credentials/passwords.hpp"

#include <memory>

#include "commands/account_services.hpp"
#include "commands/credentials/failure_sums.hpp"
#include "commands/credentials/named_credential.hpp"
#include "commands/credentials/unrecorded_failures.hpp"
#include "commands/devices/last_places.hpp"
#include "commands/runtime/later.hpp"
#include "domain/base/precis.hpp"

namespace keyledger::commands {
namespace {

// Enough for every attempt that may be in flight on one account at once.
constexpr int kMaxRecordAttempts = 16;
constexpr std::int64_t kMostRecordedAtOnce = 32;  // of one network, in one append

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

}  // namespace

Answer<PasswordCheck> check_against_hash(Services& services, Secret password, Secret hash, const Caller& caller) {
    TypedPassword typed = forms_of(std::move(password));
    Secret same_hash = hash.clone();
    HashingRequester requester{HashingRequester::Kind::kAccount, caller.network};
    KEYLEDGER_CO_TRY(check, co_await services.hasher.verify(std::move(typed.normal), std::move(same_hash), requester,
                                                            caller.deadline));
    if (check->matches || !typed.raw) co_return *check;
    check = co_await services.hasher.verify(std::move(*typed.raw), std::move(hash), requester, caller.deadline);
    if (!check) co_return Unexpected(check.error());
    check->needs_renewal = true;
    co_return *check;
}

Answer<PasswordCheck> check_decoy(Services& services, Secret password, const Caller& caller) {
    TypedPassword typed = forms_of(std::move(password));
    HashingRequester requester{HashingRequester::Kind::kAccount, caller.network};
    auto check = co_await services.hasher.verify_decoy(std::move(typed.normal), requester, caller.deadline);
    if (check && typed.raw)
        check = co_await services.hasher.verify_decoy(std::move(*typed.raw), requester, caller.deadline);
    if (!check) co_return Unexpected(check.error());
    co_return *check;
}

Answer<CheckedPassword> check_password(Services& services, Attempt& attempt, StreamOf<User> user, Secret password,
                                       const Caller& caller, std::optional<eventstore::StoredCredential> found) {
    // Erased since the claim was found; or without a password, as who was invited or imported may be.
    if (!attempt.state(user).exists() || attempt.state(user).sealed_sha256.empty()) {
        KEYLEDGER_CO_TRY(decoy, co_await check_decoy(services, std::move(password), caller));
        co_return CheckedPassword{*decoy, 0};
    }
    // Whenever it was read: what the fold names is what is checked, and the append is guarded by that fold.
    CredentialName name{user.id, std::string(kPasswordKind), attempt.state(user).sealed_sha256};
    KEYLEDGER_CO_TRY(credential,
                     co_await read_named_credential(services, std::move(name), std::move(found), caller.deadline));
    auto key = co_await attempt.key_of(user.id);
    // Destroyed, or sealed under a key-encryption key that is not here: "no such user" would be no answer to a log-in.
    if (!key && key.error().refusal == refusals::kUserUnknown) co_return Unexpected(refusals::kCredentialTampered);
    if (!key) co_return Unexpected(key.error());
    KEYLEDGER_CO_TRY(hash, open_credential(services, *key, *credential));
    KEYLEDGER_CO_TRY(check, co_await check_against_hash(services, std::move(password), std::move(*hash), caller));
    co_return CheckedPassword{*check, credential->revision};
}

Answer<CheckedPassword> check_own_password(Services& services, Attempt& attempt, StreamOf<User> user,
                                           const Secret& password, const Caller& caller) {
    KEYLEDGER_CO_TRY(history, co_await login_history_at_head(services, user.id, caller.deadline));
    const LoginAttemptLimits& limits = services.settings.attempts;
    const LogInDevice device = device_of_log_in(services, user.id, caller.session_id.value_or(SessionId{}), caller);
    if (!may_try(history->attempts, source_of(*history, device), limits, services.clock.now()))
        co_return Unexpected(CommandError(refusals::kTooManyAttempts, limits.longest_pause));
    KEYLEDGER_CO_TRY(checked, co_await check_password(services, attempt, user, password.clone(), caller));
    if (!checked->check.matches) co_return Unexpected(refusals::kWrongPassword);
    co_return *checked;
}

void report_tampering(Services& services, const UserId& user_id, const CommandError& error) {
    if (error.refusal->kind == RefusalKind::kTampered)
        services.operator_log.warning(
            "a stored credential or second factor is not the one that the log names, or can't be opened", user_id);
}

Answer<NewCredential> put_password(Services& services, Attempt& attempt, UserId owner, CredentialId credential_id,
                                   std::int32_t expected_revision, Secret hash) {
    std::string kind(kPasswordKind);
    KEYLEDGER_CO_TRY(sealed_sha256, co_await put_credential(services, attempt, hash, credential_id, owner,
                                                            std::move(kind), expected_revision));
    co_return NewCredential{credential_id, std::move(*sealed_sha256)};
}

Answer<Secret> hash_password(Services& services, Secret password, HashingRequester::Kind kind, const Caller& caller) {
    HashingRequester requester{kind, caller.network};
    TypedPassword typed = forms_of(std::move(password));
    KEYLEDGER_CO_TRY(hash,
                     co_await services.hasher.hash(std::move(typed.normal), std::move(requester), caller.deadline));
    co_return std::move(*hash);
}

PasswordIdentity identity_of(const User& user) {
    return {user.email.value_or(""), user.username.value_or(""), user.name.value_or("")};
}

Answer<PasswordPlace> place_of_password(Services& services, UserId user_id, CredentialId named, Deadline deadline) {
    if (named.is_nil()) co_return PasswordPlace{CredentialId{services.identifiers.next()}, 0};
    KEYLEDGER_CO_TRY(stored, co_await services.store.read_credential(user_id, std::string(kPasswordKind), deadline));
    if (!stored->has_value()) co_return Unexpected(refusals::kCredentialTampered);
    co_return PasswordPlace{stored->value().credential_id, stored->value().revision};
}

Answer<Receipt> judge_password(Services& services, Secret password, PasswordIdentity identity, Deadline deadline) {
    auto normal = opaque_string(password);
    if (!normal && normal.error() != TextFault::kEmpty)
        co_return Unexpected(refused_text(refusals::kPasswordNotText, normal.error()));
    if (normal) password = std::move(*normal);
    KEYLEDGER_CO_TRY(verdict, co_await services.policy.judge(std::move(password), std::move(identity), deadline));
    if (verdict->has_value()) co_return Unexpected(**verdict);
    co_return Receipt{};
}

Answer<LoginAttempts> attempts_at_head(Services& services, UserId user_id, Deadline deadline) {
    KEYLEDGER_CO_TRY(history, co_await login_history_at_head(services, user_id, deadline));
    co_return std::move(history->attempts);
}

namespace {

// What the log held when it was last looked at, and how many it took.
struct RecordedFailures {
    LoginAttempts held;
    std::int64_t taken = 0;
};

// So many failures of one network, or as many of them as count.
asio::awaitable<Result<void, CommandError>> record(Services& services, LoginFailed failure, std::int64_t count,
                                                   Caller caller, RecordedFailures& recording) {
    Streams streams;
    const auto attempts = streams.read<LoginAttempts>(services.pseudonyms.login_attempts_of(*failure.user_id));
    const Instant now = services.clock.now();
    const RecordFailedLogin command{failure.user_id,  failure.reason, failure.network, services.settings.attempts, now,
                                    failure.device_id};
    const Step step = [&](Attempt& attempt) -> StepResult {
        recording = {attempt.state(attempts)};
        LoginAttempts after = recording.held;
        for (std::int64_t i = 0; i < count; ++i) {
            const auto events = decide(after, command);
            if (events.empty()) break;
            attempt.append(attempts, events);
            for (const auto& event : events) after = evolve(std::move(after), event, Recorded{0, now});
            recording.taken += 1;
        }
        co_return Result<void, CommandError>{};
    };
    KEYLEDGER_CO_TRY(executed, co_await services.executor.run(std::move(caller), streams, step, kMaxRecordAttempts));
    co_return Result<void, CommandError>{};
}

// A failure that counts from the moment in which it is known: until the log has it, or until it does.
class UnderWay {
public:
    UnderWay(Services& services, const LoginFailed& failure, const Caller& caller)
        : services_(services),
          failure_(failure),
          has_begun_(services.unrecorded_failures.begin(failure, caller, services.clock.now())) {}
    UnderWay(const UnderWay&) = delete;
    UnderWay& operator=(const UnderWay&) = delete;
    // Not told of its end: nobody knows whether the log has it.
    ~UnderWay() {
        if (has_begun_) keep({});
    }

    void settle() {
        if (has_begun_) services_.unrecorded_failures.settle(*failure_.user_id, place_of(failure_));
        has_begun_ = false;
    }
    void keep(const LoginAttempts& held) {
        if (has_begun_)
            services_.unrecorded_failures.keep(*failure_.user_id, place_of(failure_), held, services_.settings.attempts,
                                               services_.clock.now());
        has_begun_ = false;
    }

private:
    Services& services_;
    const LoginFailed failure_;
    bool has_begun_;
};

Answer<int> record_all(Services& services, std::vector<UnrecordedFailures::WaitingFailures> all, Deadline deadline) {
    int recorded = 0;
    std::optional<CommandError> first_error;
    std::optional<UserId> not_taken;
    for (UnrecordedFailures::WaitingFailures& waiting : all) {
        const UserId user_id = *waiting.failure.user_id;
        if (not_taken == user_id) continue;  // the stream does not stand still
        waiting.caller.deadline = deadline;
        while (waiting.count > 0) {
            const std::int64_t now = std::min(waiting.count, kMostRecordedAtOnce);
            RecordedFailures recording;
            auto done = co_await record(services, waiting.failure, now, waiting.caller, recording);
            if (!done) {
                if (!first_error) first_error = done.error();
                not_taken = user_id;
                break;
            }
            // Those that it did not take count for nothing any more: the account can't be tried from there.
            services.unrecorded_failures.mark_recorded(user_id, place_of(waiting.failure), now);
            waiting.count -= now;
            recorded += static_cast<int>(recording.taken);
        }
    }
    if (first_error) co_return Unexpected(*first_error);
    co_return recorded;
}

}  // namespace

namespace {

asio::awaitable<void> record_or_sum(Services& services, LoginFailed failure, std::unique_ptr<UnderWay> under_way,
                                    Caller caller) {
    bool taken = false;
    if (under_way) {
        RecordedFailures recording;
        auto recorded = co_await record(services, failure, 1, caller, recording);
        if (!recorded) {
            under_way->keep(recording.held);
            services.operator_log.warning("a failed log-in could not be recorded; it counts on this node until it is",
                                          *failure.user_id);
            co_return;
        }
        under_way->settle();
        taken = recording.taken > 0;
    } else if (failure.reason == LoginFailure::kTooRisky) {
        RecordedFailures recording;
        auto recorded = co_await record(services, failure, 1, caller, recording);
        taken = recorded.has_value();
    }
    if (!taken) co_await count_unattributed_failure(services, std::move(caller));
}

}  // namespace

asio::awaitable<void> record_failed_login(Services& services, std::optional<UserId> user_id, LoginFailure reason,
                                          Caller caller) {
    // Asked of nobody, too: how long it takes tells nothing of the name.
    const UserId whose = user_id ? *user_id : UserId{services.identifiers.next()};
    const auto known_device = co_await known_device_of(services, whose, caller);
    LoginFailed failure{user_id, reason, services.pseudonyms.network(whose, caller.network), known_device};
    // It counts on this node from now on, whenever the log has it.
    std::unique_ptr<UnderWay> under_way;
    if (user_id && counts(reason)) under_way = std::make_unique<UnderWay>(services, failure, caller);
    auto recording = record_or_sum(services, std::move(failure), std::move(under_way), std::move(caller));
    if (Later* later = services.accounts.later) co_await later->run(std::move(recording));
    else co_await std::move(recording);
}

Answer<int> record_waiting_failures(Services& services, UserId user_id, Deadline deadline) {
    auto all = services.unrecorded_failures.waiting_of(user_id);
    auto recorded = co_await record_all(services, std::move(all), deadline);
    co_return recorded;
}

Answer<int> record_waiting_failures(Services& services, Deadline deadline) {
    auto all = services.unrecorded_failures.waiting();
    auto recorded = co_await record_all(services, std::move(all), deadline);
    co_return recorded;
}

namespace {

std::vector<LoginAttemptsEvent> clearing_up(const LoginAttempts& attempts, const LoginAttemptLimits& limits,
                                            const LogInDevice& device, const LoginSource& source, Instant now) {
    const UserId& user_id = device.seen.user_id;
    auto events = decide(attempts, ClearFailedLogins{user_id, device.network, source.known_device});
    for (auto& event : decide(attempts, RememberNetwork{user_id, device.network, limits, now}))
        events.push_back(std::move(event));
    return events;
}

// Nothing of a client whose device is not to be known.
std::vector<DevicesEvent> noticing(const Devices& devices, const LogInDevice& device) {
    if (device.kept_id.empty()) return {};
    auto events = decide(devices, device.seen);
    return events ? std::move(*events) : std::vector<DevicesEvent>();
}

}  // namespace

asio::awaitable<void> record_good_login(Services& services, LogInDevice device, LoginHistory history, Caller caller) {
    caller.idempotency.reset();
    const UserId user_id = device.seen.user_id;
    const Instant now = services.clock.now();
    if (services.accounts.last_places != nullptr && device.at)
        services.accounts.last_places->remember(user_id, {*device.at, now});
    const LoginAttemptLimits& limits = services.settings.attempts;
    const LoginSource source = source_of(history, device);
    const bool nothing_new =
        clearing_up(history.attempts, limits, device, source, now).empty() && noticing(history.devices, device).empty();
    if (nothing_new) co_return;  // as it is with most log-ins: nothing is read or written
    (void)co_await record_waiting_failures(services, user_id, caller.deadline);  // or they would count as later ones
    Streams streams;
    const auto attempts = streams.read<LoginAttempts>(services.pseudonyms.login_attempts_of(user_id));
    const auto devices = streams.read<Devices>(services.pseudonyms.devices_of(user_id), user_id);
    const Step step = [&](Attempt& attempt) -> StepResult {
        attempt.append(attempts, clearing_up(attempt.state(attempts), limits, device, source, now));
        attempt.append(devices, noticing(attempt.state(devices), device));
        co_return Result<void, CommandError>{};
    };
    auto recorded = co_await services.executor.run(std::move(caller), streams, step, kMaxRecordAttempts);
    if (!recorded) services.operator_log.warning("what follows from a good log-in could not be recorded", user_id);
}

}  // namespace keyledger::commands
