// Somebody who has updated the profile for months, and a node that has never heard of them.
//
// 50,000 times in an ordinary run; `scripts/test --long` asks for a million (KEYLEDGER_TEST_STREAM_EVENTS).
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "commands/accounts/set_user_status.hpp"
#include "commands/runtime/snapshots.hpp"
#include "domain/users/user.hpp"
#include "eventstore/postgres/store/postgres_store.hpp"
#include "tests/support/postgres/event_macs.hpp"
#include "tests/support/postgres/postgres.hpp"
#include "tests/support/world/given.hpp"
#include "tests/support/world/world.hpp"

namespace keyledger::commands {
namespace {

using eventstore::postgres::PostgresStore;
using test::run;
using SteadyClock = std::chrono::steady_clock;

constexpr auto kTimeToDisable = std::chrono::milliseconds(100);
constexpr long kMostMemoryKib = 64 * 1024;  // beyond what the process has, for any load

std::int32_t wanted_length() {
    const char* asked = std::getenv("KEYLEDGER_TEST_STREAM_EVENTS");
    return asked ? std::stoi(asked) : 50'000;
}

// Of this process, until now; 0 starts anew.
long peak_memory_kib() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        if (word != "VmHWM:") continue;
        long kib = 0;
        status >> kib;
        return kib;
    }
    return 0;
}

class LongStream : public testing::Test {
protected:
    static Instant now() { return test::kNow; }
    // What a process opens before it serves.
    struct Process {
        explicit Process(LongStream& of)
            : store({.url = of.database.service_url(), .authenticity = test::authenticity()}, now),
              node(of.world, store) {
            std::vector<eventstore::StreamFrom> nothing(1);
            for (int i = 0; i < 8; ++i) run(store.read_streams(nothing, Deadline::max())).value();
            run(store.head(Deadline::max())).value();
        }
        PostgresStore store;
        test::Node node;
    };

    LongStream() {
        world.register_user(node, "ann@example.com");
        anns = world.log_in(node, "ann@example.com");
        world.create_administrator(node, "root@example.com");
        root = world.log_in(node, "root@example.com");
        lengthen(wanted_length());
    }
    void lengthen(std::int32_t version) {
        Streams streams;
        const auto user = streams.read<User>(anns.user_id);
        for (std::int32_t at = 2; at < version;) {
            const auto most = static_cast<std::int32_t>(eventstore::kMaxEventsPerCommand);
            const std::int32_t count = std::min(version - at, most);
            const Step step = [&](Attempt& attempt) -> StepResult {
                std::vector<UserEvent> events;
                for (std::int32_t i = 1; i <= count; ++i) {
                    const std::string name = "ann" + std::to_string(at + i);
                    events.push_back(UserProfileUpdated{{name}, {"Ann " + name}});
                }
                attempt.append(user, events);
                co_return Result<void, CommandError>{};
            };
            auto caller = test::caller_of(anns);
            ASSERT_TRUE(run(node.executor.run(std::move(caller), streams, step)).has_value());
            at += count;
        }
    }
    Result<Receipt, CommandError> disable(Process& on, Deadline deadline) {
        Caller caller = test::caller_of(root);
        caller.deadline = deadline;
        return run(disable_user(on.node.services, test::bearer_of(root), anns.user_id, "abuse", std::move(caller)));
    }
    std::int32_t kept_version() {
        const std::string sql = "select coalesce(max(version), 0) from keyledger.snapshots where stream_id = '";
        return std::stoi(database.execute(sql + anns.user_id.to_string() + "'"));
    }

    test::Database database;
    test::FixedClock clock{test::kNow};
    PostgresStore store{{.url = database.service_url(), .authenticity = test::authenticity()}, now};
    test::World world{store, clock};
    test::Node node{world, store};
    Grant anns, root;
};

TEST_F(LongStream, IsNoReasonNotToDisableItsUserAtOnce) {
    for (const auto end = SteadyClock::now() + std::chrono::seconds(30);
         kept_version() < wanted_length() - kSnapshotEvery && SteadyClock::now() < end;)
        std::this_thread::yield();
    Process cold(*this);
    const auto begin = SteadyClock::now();
    ASSERT_TRUE(disable(cold, begin + std::chrono::seconds(5)).has_value());
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - begin);
    std::cout << "disabled after " << took.count() << " ms, with " << wanted_length() << " events\n";
    EXPECT_LT(took, kTimeToDisable);
}

// All snapshots are lost, and no request has the time to fold the stream. Each leaves behind what it came to, on nodes
// that are restarted in between, and one of them carries the command out.
TEST_F(LongStream, IsFoldedFromRequestToRequestWhenSnapshotsAreLost) {
    database.execute("delete from keyledger.snapshots");
    const long before_kib = peak_memory_kib();
    const auto time = std::chrono::milliseconds(std::max(60, wanted_length() / 200));
    std::int32_t came_to = 0;
    int requests = 1;
    for (;; ++requests) {
        Process cold(*this);
        const auto outcome = disable(cold, SteadyClock::now() + time);
        if (outcome) break;
        ASSERT_EQ(outcome.error().refusal, refusals::kOverloaded);
        const auto end = SteadyClock::now() + std::chrono::seconds(10);
        while (kept_version() <= came_to && SteadyClock::now() < end) std::this_thread::yield();
        ASSERT_GT(kept_version(), came_to) << "request " << requests << " came no further";
        came_to = kept_version();
    }
    std::cout << "disabled by request " << requests << " of " << time.count() << " ms each; "
              << peak_memory_kib() - before_kib << " KiB of memory\n";
    EXPECT_GT(requests, 1) << "the time was enough: nothing is shown";
    EXPECT_LT(peak_memory_kib() - before_kib, kMostMemoryKib);
}

}  // namespace
}  // namespace keyledger::commands
