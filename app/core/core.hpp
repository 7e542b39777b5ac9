#pragma once
// What every command that touches the log is built of: clock, keys, store, executor. Shared by `serve` and by the
// command line's own commands.
#include <boost/asio/thread_pool.hpp>
#include <memory>

#include "app/config/config.hpp"
#include "app/core/background.hpp"
#include "app/core/counted_limits.hpp"
#include "app/core/hot_access_reader.hpp"
#include "app/core/keyring_watch.hpp"
#include "app/core/run_to_end.hpp"
#include "app/core/system_ports.hpp"
#include "app/observing/watched_store.hpp"
#include "commands/account_services.hpp"
#include "commands/credentials/unrecorded_failures.hpp"
#include "commands/devices/last_places.hpp"
#include "commands/services.hpp"
#include "domain/base/time.hpp"
#include "eventstore/postgres/nodes/postgres_limits.hpp"
#include "eventstore/postgres/nodes/postgres_lookups.hpp"
#include "eventstore/postgres/store/postgres_store.hpp"
#include "security/adapters/client_assertions.hpp"
#include "security/adapters/keyed_digests.hpp"
#include "security/adapters/keyring_cipher.hpp"
#include "security/adapters/passwords.hpp"
#include "security/adapters/second_factors.hpp"

namespace keyledger::app {

// The keys for claims that have ended.
std::vector<std::string> revoked_claims_keys(const security::Keyring& keyring, Instant now);

struct Core {
    // Opens the keyring and checks that the schema fits. Throws StartFailure.
    explicit Core(const Config& config);
    ~Core();

    // Runs a coroutine to its end, on the calling thread's behalf.
    template <class T>
    T run(boost::asio::awaitable<T> work) {
        return run_to_end(processors, std::move(work));
    }
    // Stops what others wait for, in order: the store, then the pools. May be repeated.
    void stop();

    SystemClock clock;
    RandomIdentifiers identifiers{clock};
    SpdlogOperatorLog operator_log;
    std::unique_ptr<security::LiveKeyring> keyring;
    std::shared_ptr<eventstore::postgres::Authenticity> authenticity;
    std::shared_ptr<eventstore::LogTail> tail = std::make_shared<eventstore::LogTail>();
    KeyringWatch keyring_watch;
    security::KeyringCipher cipher;
    security::KeyringPseudonyms pseudonyms;
    boost::asio::thread_pool processors{1};  // what takes long but is no password hash
    PooledWorkers workers{processors};
    security::HashingPool hashing;
    security::PooledPasswordHasher hasher;
    security::JudgingPasswordPolicy policy;
    eventstore::postgres::PostgresStore store;
    AdminLog admin_log;
    WatchedStore watched_store;  // `store`, as commands have it
    eventstore::SubjectKeys keys;
    commands::FoldCache cache;
    commands::Executor executor;
    commands::FoldedAccess folded_access;
    HotAccessReader access;
    eventstore::postgres::PostgresLimits shared_limits;
    CountedLimits limits{shared_limits};
    eventstore::postgres::PostgresLookups lookups;
    commands::ClientSecretCache client_secret_cache{commands::kMaxRememberedSecrets};
    commands::FailureSums failure_sums;
    commands::UnrecordedFailures unrecorded_failures;
    security::JwtClientAssertions assertions{processors};
    security::LibraryFactorSecrets factor_secrets;
    std::unique_ptr<const commands::Places> places;  // null: none is configured
    commands::LastPlaces last_places;
    Background background;
    commands::AccountServices accounts;
    commands::Services services;

private:
    bool learns_to_open(const eventstore::StoredSubjectKey& wrapped);
};

// The log for whoever follows it beside the core: its end from memory, the rest on a connection of its own. A read
// takes no longer than `patience`. No NOTIFY wakes it: Core::store.on_appended() says who else must hint.
std::unique_ptr<eventstore::LogSource> follow_log(const Config& config, const Core& core,
                                                  std::chrono::milliseconds patience = std::chrono::seconds(10));

}  // namespace keyledger::app
