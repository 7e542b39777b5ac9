#include <csignal>
#include <iostream>

#include "api/write_json.hpp"
#include "app/cli.hpp"
#include "app/run_to_end.hpp"
#include "app/system_ports.hpp"
#include "eventstore/audit/verify.hpp"
#include "eventstore/postgres/migrator.hpp"
#include "eventstore/postgres/postgres_store.hpp"
#include "security/bytes.hpp"
#include "security/hex.hpp"

namespace keyledger::app {
namespace {

using eventstore::RecordedEvent;
using eventstore::StoreError;

constexpr std::int32_t kBatch = 1'000;
constexpr auto kFollowInterval = std::chrono::milliseconds(200);
volatile std::sig_atomic_t interrupted = 0;

// The store, read only: the command line needs no keys to show what is stored.
class Log {
public:
    explicit Log(const Config& config) : store_(settings(config), [] { return SystemClock().now_ms(); }) {
        if (auto problem = eventstore::postgres::schema_problem(config.database_url))
            throw std::runtime_error(*problem);
    }
    ~Log() {
        store_.stop();
        thread_.join();
    }
    template <class T>
    T run(boost::asio::awaitable<Result<T, StoreError>> work) {
        auto answer = run_to_end(thread_, std::move(work));
        if (!answer) throw std::runtime_error("the database does not answer; check KEYLEDGER_DATABASE_URL");
        return std::move(*answer);
    }
    std::vector<RecordedEvent> read(Position first, std::int32_t count) {
        return run(store_.read_log(first, count, soon()));
    }
    Position head() { return run(store_.head(soon())).cursor.position; }
    eventstore::Store& store() { return store_; }

private:
    static eventstore::Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(30); }
    static eventstore::postgres::PostgresStoreSettings settings(const Config& config) {
        eventstore::postgres::PostgresStoreSettings settings;
        settings.url = config.database_url;
        settings.reads.threads = 1;
        settings.reads.statement_timeout = std::chrono::seconds(60);
        return settings;
    }
    boost::asio::thread_pool thread_{1};
    eventstore::postgres::PostgresStore store_;
};

// The payload and envelope are JSON already: they are put in as they are stored.
std::string as_json(const RecordedEvent& event) {
    api::JsonText json;
    std::string text = json.number("position", event.position)
                           .text("tenant", event.tenant)
                           .text("stream_type", event.stream_type)
                           .text("stream_id", event.stream_id.to_string())
                           .number("version", event.version)
                           .text("type", event.type)
                           .number("schema_version", event.schema_version)
                           .text("event_id", event.event_id.to_string())
                           .time("recorded_at", event.recorded_at_ms)
                           .text("leaf_hash", security::hex_encode(security::view_of(event.leaf_hash)))
                           .finish();
    text.pop_back();
    return text + ",\"payload\":" + event.payload + ",\"metadata\":" + event.metadata + "}";
}

std::string as_text(const RecordedEvent& event) {
    return std::to_string(event.position) + "  " + api::rfc3339(event.recorded_at_ms) + "  " + event.type + "  " +
           event.stream_id.to_string() + " v" + std::to_string(event.version) + "  " + event.payload;
}

void print(const RecordedEvent& event, Format format) {
    std::cout << (format == Format::kJson ? as_json(event) : as_text(event)) << '\n';
}

std::optional<Config> log_config(const Environment& environment) {
    return need_config(environment, {Needs::kDatabase});
}

void wait_a_moment() {
    timespec pause{0, std::chrono::nanoseconds(kFollowInterval).count()};
    ::nanosleep(&pause, nullptr);  // ends early on a signal
}

}  // namespace

Exit tail_events(const Environment& environment, const TailEvents& options) {
    const auto config = log_config(environment);
    if (!config) return Exit::kUsage;
    Log log(*config);
    if (options.follow) {
        std::signal(SIGINT, [](int) { interrupted = 1; });
        std::signal(SIGTERM, [](int) { interrupted = 1; });
    }
    Position next = options.from > 0 ? options.from : std::max<Position>(1, log.head() - options.limit + 1);
    std::int64_t left = options.follow ? std::numeric_limits<std::int64_t>::max() : options.limit;
    while (left > 0 && !interrupted) {
        const auto events = log.read(next, static_cast<std::int32_t>(std::min<std::int64_t>(left, kBatch)));
        for (const RecordedEvent& event : events) print(event, options.format);
        std::cout.flush();
        left -= static_cast<std::int64_t>(events.size());
        if (!events.empty()) next = events.back().position + 1;
        if (!events.empty()) continue;
        if (!options.follow) break;
        wait_a_moment();
    }
    return Exit::kGood;
}

Exit show_event(const Environment& environment, std::int64_t position, Format format) {
    const auto config = log_config(environment);
    if (!config) return Exit::kUsage;
    Log log(*config);
    const auto events = log.read(position, 1);
    if (events.empty() || events.front().position != position) {
        std::cerr << "keyledger: there is no event at position " << position << "; the log ends at " << log.head()
                  << '\n';
        return Exit::kFailed;
    }
    const RecordedEvent& event = events.front();
    if (format == Format::kJson) {
        std::cout << as_json(event) << '\n';
        return Exit::kGood;
    }
    std::cout << "position     " << event.position << "\nrecorded at  " << api::rfc3339(event.recorded_at_ms)
              << "\ntype         " << event.type << " (schema version " << event.schema_version << ")\nstream       "
              << event.stream_type << ' ' << event.stream_id.to_string() << ", version " << event.version
              << "\nevent id     " << event.event_id.to_string() << "\nleaf hash    "
              << security::hex_encode(security::view_of(event.leaf_hash)) << "\npayload      " << event.payload
              << "\nmetadata     " << event.metadata << '\n';
    return Exit::kGood;
}

Exit verify_audit(const Environment& environment, Format format) {
    const auto config = log_config(environment);
    if (!config) return Exit::kUsage;
    Log log(*config);
    const auto progress = [&](std::int64_t checked, Position head) {
        if (checked % 100'000 < 5'000 && checked > 5'000)
            std::cerr << "checked " << checked << " of " << head << " events\n";
    };
    const auto verification = log.run(eventstore::audit::verify(log.store(), progress));
    const bool good = !verification.first_bad;
    if (format == Format::kJson) {
        api::JsonText json;
        json.truth("consistent", good)
            .text("log_id", verification.head.log_id.to_string())
            .number("head", verification.head.cursor.position)
            .number("checked", verification.checked)
            .truth("against_tree_head", false);
        if (!good) json.number("first_bad_position", verification.first_bad->position)
                       .text("reason", verification.first_bad->reason);
        std::cout << json.finish() << '\n';
    } else if (good) {
        std::cout << "Internally consistent only: " << verification.checked << " events of log "
                  << verification.head.log_id.to_string() << ", positions 1 to "
                  << verification.head.cursor.position << ".\n"
                  << "Without a tree head kept outside the database this can't show that nothing was rewritten with "
                     "mended hashes, or cut off at the end.\n";
    } else {
        std::cout << "BAD: position " << verification.first_bad->position << ' ' << verification.first_bad->reason
                  << ".\n" << verification.checked << " events before it are consistent.\n";
    }
    return good ? Exit::kGood : Exit::kFoundBad;
}

}  // namespace keyledger::app
