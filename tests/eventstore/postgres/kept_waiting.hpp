#pragma once
// Stores whose committer is kept waiting, and what tells how far it is.
#include <gtest/gtest.h>

#include <thread>

#include "eventstore/postgres/store/postgres_store.hpp"
#include "tests/support/await.hpp"
#include "tests/support/postgres/event_macs.hpp"
#include "tests/support/postgres/postgres.hpp"
#include "tests/support/postgres/raw_writer.hpp"
#include "tests/support/postgres/tcp_proxy.hpp"
#include "tests/support/world/appends.hpp"
#include "tests/support/world/made_here.hpp"

namespace keyledger::eventstore::postgres::test {

using namespace keyledger::test;

using VerdictResult = Result<Verdict, StoreError>;

inline constexpr const char* kTakeLock = "select pg_advisory_lock(5426354651)";
inline constexpr const char* kDropLock = "select pg_advisory_unlock(5426354651)";

inline Instant fixed_now() { return Instant::at_ms(1'750'000'000'123); }

inline PostgresStoreSettings settings_of(const std::string& url) {
    PostgresStoreSettings settings;
    settings.url = url;
    settings.reads.threads = 2;
    settings.authenticity = authenticity();
    return settings;
}

// An append that runs on a thread of its own until somebody asks for its verdict.
class Running {
public:
    Running(Store& store, Append append, Deadline deadline = soon())
        : thread_([this, &store, append = std::move(append), deadline] {
              verdict_.emplace(await(store.append(append, deadline)));
          }) {}
    ~Running() { join(); }
    VerdictResult verdict() {
        join();
        return verdict_.value();
    }

private:
    void join() {
        if (thread_.joinable()) thread_.join();
    }
    std::optional<VerdictResult> verdict_;
    std::thread thread_;
};

template <class Condition>
void wait_until(Condition condition) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition()) {
        ASSERT_LT(std::chrono::steady_clock::now(), limit) << "it never came";
        std::this_thread::yield();
    }
}
inline bool is_appended(const VerdictResult& verdict) { return verdict && std::holds_alternative<Appended>(*verdict); }

struct KeptWaiting : testing::Test {
    // The lock that every append needs, held by somebody else.
    struct HeldLock {
        HeldLock() { holder.run(kTakeLock); }
        RawWriter holder{database().owner_url()};
    };
    static int events_of(const Uuid& stream_id) {
        return std::stoi(database().execute("select count(*) from keyledger.events where stream_id = '" +
                                            stream_id.to_string() + "'"));
    }
    // The pid of the writer that waits for the lock.
    static std::string wait_for_blocked_writer() {
        RawWriter overseer(database().owner_url());
        std::string pid;
        wait_until([&] {
            pid = overseer.run("select l.pid from pg_locks l join pg_stat_activity a on a.pid = l.pid where not"
                               " l.granted and l.locktype = 'advisory' and a.datname = current_database()");
            return !pid.empty();
        });
        return pid;
    }
};

}  // namespace keyledger::eventstore::postgres::test
