#pragma once
// What commands are given: the executor, the ports, the settings. Built once by app/, shared by all I/O threads.
#include "commands/clients/client_assertions.hpp"
#include "commands/clients/client_secrets.hpp"
#include "commands/clients/clients.hpp"
#include "commands/credentials/failure_counts.hpp"
#include "commands/runtime/executor.hpp"
#include "commands/runtime/ports.hpp"
#include "domain/base/time.hpp"
#include "domain/credentials/login_attempt_limits.hpp"
#include "domain/ladder/proofs.hpp"
#include "domain/sessions/lifetime.hpp"
#include "eventstore/limits.hpp"

namespace keyledger::commands {

class AccessReader;
class UnrecordedFailures;
struct AccountServices;

// So many a minute, and so many at once.
struct Rate {
    std::int64_t per_minute = 0;
    std::int64_t burst = 0;
    bool operator==(const Rate&) const = default;
};
// Of one network (/32 in IPv4, /64 in IPv6) where nothing else is said.
struct RequestLimits {
    Rate passwords{60, 30};          // requests that ask for a password or take one; on all nodes together
    Rate requests{600'000, 60'000};  // every other one; on each node
    Rate writes{600, 600};           // with one session; of all sessions of one user together four times as many
};

struct Settings {
    std::string issuer;
    SessionLifetimes lifetimes;
    LoginAttemptLimits attempts;
    Duration erasure_grace;  // in which a request can be taken back
    Duration access_token_lifetime = seconds(300);
    RequestLimits limits{};
};

struct Services {
    Executor& executor;
    AccessReader& access;
    eventstore::Store& store;
    eventstore::SubjectCipher& cipher;
    Clock& clock;
    Identifiers& identifiers;
    Pseudonyms& pseudonyms;
    PasswordHasher& hasher;
    PasswordPolicy& policy;
    ClientSecretCache& client_secret_cache;
    ClientAssertions& assertions;
    OperatorLog& operator_log;
    eventstore::Limits& limits;               // that all nodes share
    FailureSums& failure_sums;                // of this process
    UnrecordedFailures& unrecorded_failures;  // likewise
    AccountServices& accounts;
    Settings settings;
};

template <class T>
using Answer = asio::awaitable<Result<T, CommandError>>;

// What a log-in or a refresh earns: tokens are made from it.
struct Grant {
    UserId user_id;
    SessionId session_id;
    std::string client_id;
    std::vector<std::string> audiences;          // of the access token
    std::vector<std::string> session_audiences;  // as of the log-in
    std::int64_t security_stamp = 0;
    std::int64_t generation = 0;  // of the refresh token
    Instant generated_at{};       // when that generation came into being: its bytes follow from it
    Position position = 0;        // of the event that granted it; 0 when none was needed
    std::string device{};         // what the client is to keep, sealed (commands/devices/); empty: nothing new
    std::vector<Proof> proofs{};  // of the session: what tokens tell of
    KeyAlgorithm id_token_algorithm = KeyAlgorithm::kRs256;  // that the application wants
    std::vector<std::string> scope{};  // of an application's session; empty: all that the user may do
};

struct Receipt {
    Position position = 0;  // 0: nothing had to change
    bool repeated = false;  // what was asked for had been done before, under the same idempotency key
};
inline Result<Receipt, CommandError> done(const Outcome& executed) {
    KEYLEDGER_TRY(all, executed);
    return Receipt{all->position, all->repeated};
}

}  // namespace keyledger::commands
