// How long a process needs for the first look at a session with a long past, with its snapshot and without.
//   KEYLEDGER_TEST_DATABASE_URL=postgresql://… build/release/bin/cold_load --events 10000
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <iostream>
#include <vector>

#include "domain/sessions/session.hpp"
#include "eventstore/postgres/store/postgres_store.hpp"
#include "tests/support/postgres/event_macs.hpp"
#include "tests/support/postgres/postgres.hpp"
#include "tests/support/world/given.hpp"
#include "tests/support/world/world.hpp"

using namespace keyledger;
using Clock = std::chrono::steady_clock;

namespace {

double median_load_ms(test::World& world, const SessionId& session_id, int rounds) {
    std::vector<double> times;
    for (int round = 0; round < rounds; ++round) {
        test::Node fresh(world, world.store);
        commands::Streams streams;
        streams.read<Session>(session_id);
        const auto begin = Clock::now();
        auto folds = test::run(
            fresh.executor.folder().load(streams.loads(), commands::Freshness::kAtHead, commands::Deadline::max()));
        times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
        if (!folds) throw std::runtime_error("the store does not answer");
    }
    std::nth_element(times.begin(), times.begin() + rounds / 2, times.end());
    return times[static_cast<std::size_t>(rounds / 2)];
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Cold loads of a session, with a snapshot and without"};
    int events = 10'000;
    int rounds = 21;
    app.add_option("--events", events, "of the session")->check(CLI::Range(2, 1'000'000));
    app.add_option("--rounds", rounds, "loads; the median counts")->check(CLI::Range(1, 1'000));
    CLI11_PARSE(app, argc, argv);

    test::Database database;
    test::FixedClock clock(test::kNow);
    eventstore::postgres::PostgresStore store({.url = database.service_url(), .authenticity = test::authenticity()},
                                              [] { return test::kNow; });
    test::World world(store, clock);
    test::Node node(world, store);
    world.register_user(node, "ann@example.com");
    auto grant = world.log_in(node, "ann@example.com");
    while (grant.generation < events) grant = world.refresh(node, grant);
    median_load_ms(world, grant.session_id, 3);  // so that the last one is kept, and the tables are warm
    const double with = median_load_ms(world, grant.session_id, rounds);
    const std::string kept = database.execute("select version from keyledger.snapshots");
    database.execute("revoke insert, update on keyledger.snapshots from keyledger_service;"
                     " delete from keyledger.snapshots");
    const double without = median_load_ms(world, grant.session_id, rounds);
    std::cout << events << " events, snapshot at " << kept << ": " << with << " ms with it, " << without
              << " ms without\n";
    store.stop();
    return 0;
}
