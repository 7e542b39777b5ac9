// Appending, against the ceiling: the same rows by a bare, unordered batch insert into an identical table without
// order, checks, claims, heads and command ids. All in one run, by turns, in a fresh database of the cluster that
// KEYLEDGER_TEST_DATABASE_URL names. Budget (design, section 12): the whole append path reaches 0.6 of the bare one.
//
//     append_bench [--events 40000] [--rounds 5] [--batch 200]
#include <libpq-fe.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <memory>
#include <random>
#include <thread>

#include "bench/feeder.hpp"
#include "eventstore/postgres/connection/wire.hpp"
#include "eventstore/postgres/store/committer.hpp"
#include "security/primitives/bytes.hpp"
#include "tests/support/postgres/event_macs.hpp"
#include "tests/support/postgres/postgres.hpp"

namespace keyledger {
namespace {

using namespace eventstore;
using namespace eventstore::postgres;
using Clock = std::chrono::steady_clock;

struct Options {
    std::size_t events = 40'000;  // a round
    std::size_t rounds = 5;
    std::size_t batch = 200;
};
constexpr std::size_t kUsers = 10'000;

Instant now() {
    const auto since_start = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch());
    return Instant::at_ms(1'750'000'000'000) + milliseconds(since_start.count());
}

// ---- the rows --------------------------------------------------------------------------------------------------
// Plain: a new session each. Guarded: half log-ins (a new session), half refreshes (an old one), each guarded by its
// user's version and sealed under the user's key, as the service's own commands are.
enum class Kind { kPlain, kGuarded };
class Workload {
public:
    Uuid next_id() {  // as UUIDv7: a clock in front, randomness behind
        Uuid id;
        const std::uint64_t front = (0x0197'0000'0000ULL + ++clock_ / 8) << 16 | 0x7000 | (random_() & 0xFFF);
        const std::uint64_t back = random_();
        for (std::size_t i = 0; i < 8; ++i) {
            id.bytes[i] = static_cast<std::uint8_t>(front >> (56 - 8 * i));
            id.bytes[8 + i] = static_cast<std::uint8_t>(back >> (56 - 8 * i));
        }
        return id;
    }
    Digest next_digest() {
        Digest digest;
        for (auto& byte : digest) byte = static_cast<std::uint8_t>(random_());
        return digest;
    }
    std::vector<Append> registrations() {
        std::vector<Append> all;
        for (std::size_t i = 0; i < kUsers; ++i) {
            Append append = command();
            const Uuid user = next_id();
            add_event(append, user, 0, "user", "user.registered");
            append.new_keys.push_back({user, user, std::string(60, 'w'), "kek-1"});
            users_.push_back(user);
            all.push_back(std::move(append));
        }
        return all;
    }
    std::vector<Append> sessions(Kind kind, std::size_t count) {
        std::vector<Append> all;
        std::vector<Uuid> fresh;
        for (std::size_t i = 0; i < count; ++i) {
            Append append = command();
            const Uuid& user = users_[random_() % users_.size()];
            if (kind == Kind::kPlain || i % 2 == 0 || sessions_.empty()) {
                fresh.push_back(next_id());
                add_event(append, fresh.back(), 0, "session", "session.started");
            } else {
                auto& [session, version] = sessions_[next_session_++ % sessions_.size()];
                add_event(append, session, version++, "session", "session.refreshed");
            }
            if (kind == Kind::kGuarded) {
                append.guards.push_back({user, 1});
                append.key_uses.push_back({user, user});
            }
            all.push_back(std::move(append));
        }
        for (const Uuid& id : fresh) sessions_.emplace_back(id, 1);
        return all;
    }

private:
    Append command() {
        Append append;
        append.command_id = next_digest();  // as the service makes them: a clock in front
        const Uuid time = next_id();
        std::copy_n(time.bytes.begin(), 8, append.command_id.begin());
        append.fingerprint = next_digest();
        return append;
    }
    void add_event(Append& append, const Uuid& stream_id, std::int32_t version, const char* stream_type,
                   const char* type) {
        append.writes.push_back({stream_id, version});
        NewEvent& event = append.events.emplace_back();
        event.stream_type = stream_type;
        event.stream_id = stream_id;
        event.version = version + 1;
        event.type = type;
        event.event_id = next_id();
        event.payload = R"({"audiences":["https://api.example.com"],"client_id":"first-party","device":")" + hex(43) +
                        R"(","expires_at_ms":1752592000123,"security_stamp":1,"user_id":")" +
                        event.event_id.to_string() + "\"}";
        event.metadata = R"({"actor_id":")" + event.event_id.to_string() + R"(","actor_type":"user","causation_id":")" +
                         hex(43) + R"(","client_address":")" + hex(120) + R"(","command_id":")" + hex(43) +
                         R"(","correlation_id":")" + hex(22) + R"(","device":null,"occurred_at_ms":1750000000123,)" +
                         R"("request_id":")" + hex(22) + R"(","session_id":null,"traceparent":"","user_agent":")" +
                         hex(180) + "\"}";
    }
    std::string hex(std::size_t length) {
        static constexpr char kHex[] = "0123456789abcdef";
        std::string text;
        while (text.size() < length) text += kHex[random_() & 15];
        return text;
    }

    std::mt19937_64 random_{20250615};
    std::uint64_t clock_ = 0;
    std::vector<Uuid> users_;
    std::vector<std::pair<Uuid, std::int32_t>> sessions_;
    std::size_t next_session_ = 0;
};

// ---- the whole path ----------------------------------------------------------------------------------------------
double seconds_for(bench::Feeder& feeder, std::vector<Append> appends) {
    const auto begin = Clock::now();
    for (Append& append : appends) feeder.submit(std::move(append));
    feeder.wait();
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

// ---- the bare insert ---------------------------------------------------------------------------------------------
constexpr const char* kBareTable =
    "create schema bare;"
    "create table bare.events (like keyledger.events including all);"
    "create sequence bare.positions cache 1000;"
    "alter table bare.events alter column position set default nextval('bare.positions')";
constexpr const char* kBareInsert =
    "insert into bare.events (tenant, stream_type, stream_id, version, event_type, schema_version, event_id, "
    "payload_text,"
    " metadata_text, recorded_at, leaf_hash) select 'default', o.* from unnest($1::text[], $2::uuid[], "
    "$3::int[],"
    " $4::text[], $5::int2[], $6::uuid[], $7::text[], $8::text[], $9::timestamptz[], $10::bytea[]) as o";

struct BareBatch {
    BinaryArray stream_types{kTexts}, streams{kUuids}, versions{kInt4s}, types{kTexts}, schemas{kInt2s};
    BinaryArray ids{kUuids}, payloads{kTexts}, metadatas{kTexts}, times{{1185, kTimestamp}}, leaves{kBytes};

    void add(const NewEvent& event, const Digest& leaf) {
        stream_types.add(event.stream_type);
        streams.add(event.stream_id);
        versions.add(event.version);
        types.add(event.type);
        schemas.add_int2(event.schema_version);
        ids.add(event.event_id);
        payloads.add(event.payload);
        metadatas.add(event.metadata);
        std::string time;
        put_integer(time, server_time(now()));
        times.add(time);
        leaves.add(security::view_of(leaf));
    }
    std::vector<std::string_view> values() {
        return {stream_types.bytes(), streams.bytes(),  versions.bytes(),  types.bytes(), schemas.bytes(),
                ids.bytes(),          payloads.bytes(), metadatas.bytes(), times.bytes(), leaves.bytes()};
    }
};

class BareWriter {
public:
    explicit BareWriter(const std::string& url) : connection_(PQconnectdb(url.c_str()), PQfinish) {
        need(PQexec(connection_.get(), "set plan_cache_mode = force_generic_plan"));
        need(PQprepare(connection_.get(), "bare", kBareInsert, 0, nullptr));
    }
    void insert(BareBatch& batch) {
        std::vector<const char*> starts;
        std::vector<int> lengths;
        for (const std::string_view value : batch.values()) {
            starts.push_back(value.data());
            lengths.push_back(static_cast<int>(value.size()));
        }
        const std::vector<int> formats(starts.size(), 1);
        need(PQexecPrepared(connection_.get(), "bare", static_cast<int>(starts.size()), starts.data(), lengths.data(),
                            formats.data(), 1));
    }

private:
    void need(PGresult* result) {
        const auto status = PQresultStatus(result);
        PQclear(result);
        if (status != PGRES_COMMAND_OK) throw std::runtime_error(PQerrorMessage(connection_.get()));
    }
    std::unique_ptr<PGconn, void (*)(PGconn*)> connection_;
};

// The batches are encoded before the clock starts.
double bare_seconds(const std::string& url, const std::vector<Append>& appends, std::size_t batch_size,
                    std::size_t connections, Workload& workload) {
    std::vector<std::deque<BareBatch>> batches(connections);
    for (std::size_t i = 0; i < appends.size(); ++i) {
        auto& mine = batches[(i / batch_size) % connections];
        if (i % batch_size == 0) mine.emplace_back();
        mine.back().add(appends[i].events[0], workload.next_digest());
    }
    std::vector<std::unique_ptr<BareWriter>> writers;
    for (std::size_t i = 0; i < connections; ++i) writers.push_back(std::make_unique<BareWriter>(url));
    const auto begin = Clock::now();
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < connections; ++i)
        threads.emplace_back([&, i] {
            for (BareBatch& batch : batches[i]) writers[i]->insert(batch);
        });
    for (auto& thread : threads) thread.join();
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

void run(const Options& options) {
    test::Database database;
    database.execute(kBareTable);
    CommitterSettings settings;
    settings.max_batch_commands = options.batch;
    Committer committer(database.service_url(), now, settings, test::authenticity());
    bench::Feeder feeder(committer, 2 * options.batch);  // two batches' worth of commands wait, as under load
    Workload workload;
    seconds_for(feeder, workload.registrations());
    seconds_for(feeder, workload.sessions(Kind::kGuarded, 2 * options.batch));

    std::vector<double> bare_one;
    std::vector<double> bare_two;
    std::vector<double> plain;
    std::vector<double> guarded;
    const auto events = static_cast<double>(options.events);
    std::printf("%zu events a round, %zu a batch, one event a command; events/s\n", options.events, options.batch);
    std::printf("round   bare, 1 connection   bare, 2 connections   append plain   append guarded\n");
    for (std::size_t round = 1; round <= options.rounds; ++round) {
        for (const Kind kind : {Kind::kPlain, Kind::kGuarded}) {
            auto appends = workload.sessions(kind, options.events);
            for (const std::size_t connections : {1U, 2U}) {
                database.execute("truncate bare.events; checkpoint");
                const double seconds =
                    bare_seconds(database.owner_url(), appends, options.batch, connections, workload);
                (connections == 1 ? bare_one : bare_two).push_back(events / seconds);
            }
            database.execute("checkpoint");
            (kind == Kind::kPlain ? plain : guarded).push_back(events / seconds_for(feeder, std::move(appends)));
        }
        std::printf("%5zu   %18.0f   %19.0f   %12.0f   %14.0f\n", round, bare_one.back(), bare_two.back(), plain.back(),
                    guarded.back());
    }
    std::printf("median  %18.0f   %19.0f   %12.0f   %14.0f\n", median(bare_one), median(bare_two), median(plain),
                median(guarded));
    std::printf("of the bare insert from 1 connection: plain %.2f, guarded %.2f; from 2: plain %.2f, guarded %.2f"
                " (budget 0.60)\n",
                median(plain) / median(bare_one), median(guarded) / median(bare_one), median(plain) / median(bare_two),
                median(guarded) / median(bare_two));
    std::printf(R"({"figure":"append","batch":%zu,"bare":%.0f,"bare_two":%.0f,"plain":%.0f,"guarded":%.0f})"
                "\n",
                options.batch, median(bare_one), median(bare_two), median(plain), median(guarded));
    const auto status = committer.status();
    std::printf("%llu commands in %llu batches, %llu kept back\n", static_cast<unsigned long long>(status.commands),
                static_cast<unsigned long long>(status.batches), static_cast<unsigned long long>(status.kept_back));
}

}  // namespace
}  // namespace keyledger

int main(int argc, char** argv) {
    keyledger::Options options;
    CLI::App app("Appending against the bare insert of the same rows");
    app.add_option("--events", options.events, "events a round")->check(CLI::Range(1'000, 10'000'000));
    app.add_option("--rounds", options.rounds, "rounds; the median counts")->check(CLI::Range(1, 100));
    app.add_option("--batch", options.batch, "commands a batch")->check(CLI::Range(1, 10'000));
    CLI11_PARSE(app, argc, argv);
    try {
        keyledger::run(options);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "append_bench: %s\n", failure.what());
        return 1;
    }
}
