// How fast the projector replays a log into the tables of all read models, and how soon an event is visible
// there.
//   KEYLEDGER_TEST_DATABASE_URL=postgresql://… build/release/bin/projections_rate --events 300000
// PostgreSQL, its log, the projector and the writer share the machine. Events are written by SQL, as no
// command would: what is measured is the way from the log to the tables.
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <pqxx/pqxx>
#include <thread>

#include "eventstore/postgres/store/postgres_log_source.hpp"
#include "projections/engine/runner.hpp"
#include "projections/models/read_models.hpp"
#include "tests/projections/story/log_writer.hpp"
#include "tests/projections/story/story.hpp"
#include "tests/support/postgres/event_macs.hpp"

using namespace keyledger;
using namespace keyledger::projections;
using Clock = std::chrono::steady_clock;

namespace {

// Sessions make most of a log: log-ins and refreshes, now and then a new user.
struct Lives {
    std::vector<UserId> users;
    std::vector<SessionId> sessions;
};
void live(projections::test::Story& story, int events, Lives& lives) {
    auto& [users, sessions] = lives;
    for (int i = 0; i < events; ++i) {
        const Position n = story.head();
        if (users.empty() || n % 10 == 0) {
            users.push_back(story.registers("user" + std::to_string(n) + "@example.com", {}, "Somebody"));
        } else if (sessions.empty() || n % 10 < 4) {
            sessions.push_back(story.logs_in(users[static_cast<std::size_t>(n * 7919) % users.size()]));
        } else {
            story.refreshes(sessions[static_cast<std::size_t>(n * 104729) % sessions.size()]);
        }
    }
    story.publish();
}

constexpr const char* kProjector = "keyledger projector";

// Processor seconds of the server's backends that serve this database, and how often the one that writes read models
// slept: at most once a statement, for the next one may be there already. Where /proc tells.
struct Backends {
    double seconds = 0;
    double of_writer_seconds = 0;
    double waits_of_writer = 0;
};
Backends measure_backends(const keyledger::test::Database& database) {
    pqxx::connection connection(database.owner_url());
    pqxx::nontransaction read(connection);
    Backends all;
    for (const auto& row :
         read.exec("select pid, application_name from pg_stat_activity where datname = current_database()")) {
        const std::string folder = "/proc/" + std::string(row[0].c_str());
        std::ifstream schedstat(folder + "/schedstat");  // of which the first is nanoseconds on a processor
        double ns = 0;
        if (schedstat >> ns) all.seconds += ns / 1e9;
        if (row[1].c_str() != std::string(kProjector)) continue;
        all.of_writer_seconds += ns / 1e9;
        std::ifstream status(folder + "/status");
        for (std::string word; status >> word;)
            if (word == "voluntary_ctxt_switches:") status >> all.waits_of_writer;
    }
    return all;
}

double own_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    auto seconds = [](const timeval& time) { return double(time.tv_sec) + double(time.tv_usec) / 1e6; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

class Seen {
public:
    void applied(std::string_view model, Position position) {
        std::lock_guard lock(mutex_);
        positions_[std::string(model)] = position;
        Position all = position;
        for (const auto& [name, at] : positions_) all = std::min(all, at);
        if (positions_.size() < 3 || all <= all_) return;
        for (Position p = all_ + 1; p <= all; ++p)
            if (const auto at = written_.find(p); at != written_.end())
                delays_.push_back(std::chrono::duration<double, std::milli>(Clock::now() - at->second).count());
        all_ = all;
        moved_.notify_all();
    }
    void written(Position position, Clock::time_point at) {
        std::lock_guard lock(mutex_);
        if (position > all_) written_[position] = at;
        else delays_.push_back(0);
    }
    void wait_for(Position position) {
        std::unique_lock lock(mutex_);
        moved_.wait(lock, [&] { return all_ >= position; });
    }
    std::vector<double> delays() {
        std::lock_guard lock(mutex_);
        return delays_;
    }

private:
    std::mutex mutex_;
    std::condition_variable moved_;
    std::map<std::string, Position> positions_;
    std::map<Position, Clock::time_point> written_;
    std::vector<double> delays_;
    Position all_ = 0;
};

struct Replay {
    int events;
    std::int32_t batch;
    double seconds;
    double of_this_process;
    double of_backends;
};
void print_replay(const Replay& replay, const Backends& backends) {
    const double batches = std::ceil(double(replay.events) / replay.batch);
    const auto us_an_event = [&](double seconds) { return seconds / replay.events * 1e6; };
    std::printf("replay into tables: %d events in %.2f s, %.0f events/s (batch %d)\n", replay.events, replay.seconds,
                replay.events / replay.seconds, replay.batch);
    std::printf("  processor: %.1f us an event here, %.1f us in PostgreSQL, %.1f us of them in the backend that writes:"
                " %.0f us a batch, in which it slept %.1f times\n",
                us_an_event(replay.of_this_process), us_an_event(replay.of_backends),
                us_an_event(backends.of_writer_seconds), backends.of_writer_seconds / batches * 1e6,
                backends.waits_of_writer / batches);
    std::printf(R"({"figure":"replay into tables","events":%d,"rate":%.0f})"
                "\n",
                replay.events, replay.events / replay.seconds);
}

void print_delays(std::vector<double> delays, int rate) {
    std::ranges::sort(delays);
    auto at = [&](double share) { return delays[static_cast<std::size_t>(share * double(delays.size() - 1))]; };
    std::printf("visible in all read models after commit, at %d events/s: p50 %.2f ms, p99 %.2f ms, max %.2f ms\n",
                rate, at(0.5), at(0.99), at(1));
    std::printf(R"({"figure":"tables visible","events_per_second":%d,"p50_ms":%.2f,"p99_ms":%.2f})"
                "\n",
                rate, at(0.5), at(0.99));
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App arguments{"Replay rate and visible latency of the read models"};
    int events = 200'000;
    int rate = 2'000;
    int seconds = 10;
    std::int32_t batch = kMaxBatchEvents;
    arguments.add_option("--events", events, "replayed");
    arguments.add_option("--rate", rate, "events a second, for the latency");
    arguments.add_option("--seconds", seconds, "of that");
    arguments.add_option("--batch", batch, "events in one transaction a read model, at most");
    CLI11_PARSE(arguments, argc, argv);

    keyledger::test::Database database;
    projections::test::Story story(database);
    projections::test::LogWriter writer(database.owner_url());
    Lives lives;
    std::size_t written = 0;
    auto write_new = [&] {
        const auto all = story.log().all();
        for (; written < all.size(); written += std::min<std::size_t>(1'000, all.size() - written))
            writer.write({all.begin() + static_cast<std::ptrdiff_t>(written),
                          all.begin() + static_cast<std::ptrdiff_t>(std::min(written + 1'000, all.size()))});
    };
    live(story, events, lives);
    write_new();
    database.execute("vacuum analyze keyledger.events");

    Seen seen;
    Projector projector({database.service_url(), batch, kProjector},
                        std::make_unique<eventstore::postgres::PostgresLogSource>(database.service_url(),
                                                                                  keyledger::test::authenticity()),
                        story.cipher(), all_read_models(),
                        [&](std::string_view model, Position position) { seen.applied(model, position); });
    const double own_before = own_seconds();
    const Backends backends_before = measure_backends(database);
    const auto started = Clock::now();
    projector.start();
    seen.wait_for(story.head());
    const double took = std::chrono::duration<double>(Clock::now() - started).count();
    const double own = own_seconds() - own_before;
    const Backends backends = measure_backends(database);
    print_replay({events, batch, took, own, backends.seconds - backends_before.seconds}, backends);
    std::fflush(stdout);

    // Made beforehand: sealing is the writer's work, not what is measured.
    constexpr int kAtOnce = 10;
    std::vector<std::vector<eventstore::RecordedEvent>> appends;
    for (int i = 0; i < rate * seconds / kAtOnce; ++i) {
        const eventstore::Cursor before = story.log().head();
        live(story, kAtOnce, lives);
        appends.push_back(story.log().read_after(before, kAtOnce).value());
    }
    auto next = Clock::now();
    for (const auto& append : appends) {
        next += std::chrono::microseconds(1'000'000LL * kAtOnce / rate);
        std::this_thread::sleep_until(next);  // the rate itself
        writer.write(append);
        for (const auto& event : append) seen.written(event.position, Clock::now());
    }
    seen.wait_for(story.head());
    print_delays(seen.delays(), rate);
    projector.stop();
}
