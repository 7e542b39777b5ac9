// Fills a migrated, empty log with people and what they did (bench/past.hpp), through the group committer and the
// append function, at the speed of the machine. Everybody's password is the load generator's, and their addresses are
// its too: `load --registered` can log them in. Where the log is and its keys are is told as to the service, by
// KEYLEDGER_DATABASE_URL and KEYLEDGER_KEYRING_FILE.
//
//     fill_log [--users 100000] [--events 1000000] [--only-log-ins] [--applications N] [--seed 1] [--hours 6]
//              [--issuer URL]
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "app/cli/cli.hpp"
#include "app/core/log_reading.hpp"
#include "app/core/system_ports.hpp"
#include "bench/feeder.hpp"
#include "bench/past.hpp"
#include "security/adapters/keyed_digests.hpp"
#include "security/adapters/keyring_cipher.hpp"
#include "security/passwords/argon2.hpp"

namespace keyledger::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
    PastOptions past;
    std::int64_t hours = 6;  // that the past took; it ended now. Above a day the service prunes what it finds
    std::string password = "correct horse battery staple";
};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void fill(Options options, const app::Config& config) {
    app::SystemClock clock;
    auto keyring = security::LiveKeyring::open(config.keyring_file, clock.now());
    if (!keyring) throw std::runtime_error(keyring.error().message);
    security::KeyringCipher cipher(**keyring, clock);
    security::KeyringPseudonyms pseudonyms(**keyring, clock);
    const security::Argon2Parameters cost{config.argon2_memory_kib, config.argon2_iterations,
                                          config.argon2_parallelism};
    options.past.password_hash = security::argon2_hash(Secret(std::move(options.password)), cost);
    options.past.ends_at = clock.now();
    options.past.begins_at = options.past.ends_at - hours(options.hours);
    const std::size_t events = options.past.events;
    Past past(std::move(options.past), cipher, pseudonyms);

    eventstore::postgres::CommitterSettings settings;
    settings.max_batch_commands = config.append_batch;
    eventstore::postgres::Committer committer(
        config.database_url, [&past] { return past.now(); }, settings, app::configured_authenticity(config));
    Feeder feeder(committer, 2 * settings.max_batch_commands);
    const auto begun = Clock::now();
    auto next_word = begun + std::chrono::seconds(5);
    while (auto append = past.next()) {
        feeder.submit(std::move(*append));
        if (feeder.has_refused()) break;
        if (Clock::now() < next_word) continue;
        next_word += std::chrono::seconds(5);
        std::fprintf(stderr, "fill: %zu of %zu events, %.0f/s\n", past.told(), events,
                     static_cast<double>(past.told()) / seconds_since(begun));
    }
    feeder.wait();
    const double seconds = seconds_since(begun);
    committer.stop();  // only then are its counts of the last batch in
    const auto status = committer.status();
    if (status.events != past.told()) throw std::runtime_error("the committer appended another number of events");
    std::printf(R"({"figure":"fill","users":%zu,"events":%zu,"commands":%llu,"batches":%llu,"kept_back":%llu,)"
                R"("seconds":%.1f,"rate":%.0f})"
                "\n",
                past.people(), past.told(), static_cast<unsigned long long>(status.commands),
                static_cast<unsigned long long>(status.batches), static_cast<unsigned long long>(status.kept_back),
                seconds, static_cast<double>(past.told()) / seconds);
}

}  // namespace
}  // namespace keyledger::bench

int main(int argc, char** argv) {
    using namespace keyledger;
    bench::Options options;
    CLI::App app("Fills an empty log with people and what they did");
    app.add_option("--users", options.past.users, "who register")->check(CLI::Range(1, 10'000'000));
    app.add_option("--events", options.past.events, "in all, two a user at least")->check(CLI::Range(2, 1'000'000'000));
    app.add_flag("--only-log-ins", options.past.only_log_ins, "of those who registered: every session stays live");
    app.add_option("--applications", options.past.applications,
                   "likewise, but every log-in is of a browser, in which one of so many gets a session, too");
    app.add_option("--seed", options.past.seed, "of people, order and kinds")->capture_default_str();
    app.add_option("--hours", options.hours, "that it took, up to now")->check(CLI::Range(1, 24 * 365));
    app.add_option("--issuer", options.past.issuer, "of the sessions' tokens")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        const auto config = app::require_config([](const char* name) { return std::getenv(name); },
                                                {app::ConfigPart::kDatabase, app::ConfigPart::kKeyring});
        if (!config) return 2;
        bench::fill(std::move(options), *config);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "fill_log: %s\n", failure.what());
        return 1;
    }
    return 0;
}
