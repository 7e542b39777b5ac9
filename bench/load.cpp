// The load generator: registers users, logs them in, also with codes of authenticator apps, refreshes their sessions,
// introspects their tokens, asks whether they may do something, logs a service in, over HTTP on many connections from
// one thread, and asks for /health/live, which is the server's emptiest answer and the ceiling of the others. Prints
// rate, median, p99, p99.9 and errors of each phase; with --management-port also how many appends, reads and head
// queries of the database the service made for one request. With --journal every answered command is written down with
// the position that the service told and with the microseconds of the monotonic clock at which it was due and answered.
// With --process NAME=PID it tells the seconds of processor that each phase took of each, and the memory of the one
// named "service"; with KEYLEDGER_LOAD_STATEMENTS_URL the statements that PostgreSQL was sent. With --rate refreshes
// come at that rate, and their latency counts from when they were due. With --keep-going a connection that breaks is
// opened again, for runs in which the service is killed.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <cstdio>
#include <deque>
#include <fstream>
#include <iostream>
#include <map>

#include "bench/connection.hpp"
#include "bench/resources.hpp"
#include "bench/totp.hpp"

namespace {

namespace asio = boost::asio;
using keyledger::bench::Answer;
using keyledger::bench::Ask;
using keyledger::bench::base64;
using keyledger::bench::Clock;
using keyledger::bench::Connection;
using keyledger::bench::text_member;

constexpr auto kReconnectPause = std::chrono::milliseconds(20);
constexpr auto kSettle = std::chrono::seconds(2);  // before what comes at a rate: what came before is digested
constexpr std::size_t kMaxHashing = 32;

struct Options {
    std::string host = "127.0.0.1";
    std::string port = "8080";
    std::string password = "correct horse battery staple";
    std::string prefix = "load";
    std::string journal;
    std::size_t users = 1000;
    std::size_t logins = 10'000;
    std::size_t factor_logins = 0;
    std::size_t refreshes = 100'000;
    std::size_t introspections = 0;
    std::size_t evaluations = 0;
    std::size_t mes = 0;
    std::size_t empties = 0;
    std::size_t grants = 0;
    double rate = 0;              // > 0: refreshes a second, as far as the service can follow
    bool registered = false;      // the users are there already
    std::string management_port;  // empty: the service is not asked what it did
    // id:secret of one that may introspect and evaluate, from KEYLEDGER_LOAD_CLIENT: arguments are public
    std::string client;
    std::string service_account;         // id:secret, from KEYLEDGER_LOAD_SERVICE_ACCOUNT
    std::vector<std::string> processes;  // NAME=PID
    std::string statements_url;          // from KEYLEDGER_LOAD_STATEMENTS_URL: it holds a password
    std::size_t connections = 32;
    std::string label;   // behind the names of the phases
    double seconds = 0;  // > 0: the refresh phase ends by time instead of by count
    bool keep_going = false;
    bool json = false;
};

struct Session {
    std::string id;
    std::string refresh_token;
    std::string access_token;
};

// What the service says it has asked of its database since its start.
struct Trips {
    double appends = 0;
    double batches = 0;
    double reads = 0;
    double heads = 0;
};
double metric(const std::string& page, const std::string& name) {
    const auto at = page.find('\n' + name + ' ');
    if (at == std::string::npos) throw std::runtime_error("the service has no metric " + name);
    return std::atof(page.c_str() + at + name.size() + 2);
}
Trips trips_of(const std::string& page) {
    return {metric(page, "keyledger_append_commands_total"), metric(page, "keyledger_append_batches_total"),
            metric(page, "keyledger_queue_taken_total{queue=\"reads\"}"), metric(page, "keyledger_head_queries_total")};
}

struct Phase {
    std::string name;
    Trips trips{};  // of this phase
    keyledger::bench::Resources::Usage usage;
    std::size_t wanted = 0;
    std::size_t started = 0;
    std::size_t good = 0;
    std::size_t errors = 0;  // answered, but not as wanted
    std::size_t broken = 0;  // no answer: the connection broke
    std::vector<std::uint32_t> micros;
    Clock::time_point begun = Clock::now();
    double seconds = 0;

    std::uint32_t percentile(double part) {
        if (micros.empty()) return 0;
        const auto at = static_cast<std::size_t>(part * static_cast<double>(micros.size() - 1));
        std::nth_element(micros.begin(), micros.begin() + static_cast<std::ptrdiff_t>(at), micros.end());
        return micros[at];
    }
};

class Load {
public:
    explicit Load(Options options)
        : options_(std::move(options)), resources_(options_.processes, options_.statements_url) {
        if (!options_.journal.empty()) journal_.open(options_.journal, std::ios::app);
    }

    int run() {
        int failures = 0;
        if (!options_.registered) failures += phase("register", options_.users, &Load::register_one);
        failures += phase("log-in", options_.logins, &Load::log_in_one);
        failures += phase("enrol", options_.factor_logins, &Load::enrol_one);
        failures += phase("log-in with TOTP", options_.factor_logins, &Load::log_in_one_with_totp);
        sessions_per_worker();
        failures += phase("refresh", options_.refreshes, &Load::refresh_one);
        failures += phase("empty", options_.empties, &Load::ask_nothing);
        failures += phase("introspect", options_.introspections, &Load::introspect_one);
        failures += phase("evaluate", options_.evaluations, &Load::evaluate_one);
        failures += phase("me", options_.mes, &Load::ask_who_i_am);
        failures += phase("client credentials", options_.grants, &Load::grant_one);
        return failures > 0 && !options_.keep_going ? 1 : 0;
    }

private:
    using Step = asio::awaitable<bool> (Load::*)(Connection&, std::size_t worker, std::size_t number);

    int phase(const std::string& name, std::size_t count, Step step) {
        Phase phase;
        phase.name = name;
        phase.wanted = count;
        if (count == 0) return 0;
        current_ = &phase;
        const Trips before = trips();
        resources_.begin();
        asio::io_context io(1);
        // More would only queue for the hash, and be turned away where its queue ends.
        const bool hashes = name == "register" || name == "enrol" || name.starts_with("log-in");
        const std::size_t workers = hashes ? std::min(options_.connections, kMaxHashing) : options_.connections;
        for (std::size_t worker = 0; worker < workers; ++worker)
            asio::co_spawn(io, work(io, phase, worker, step), rethrow);
        phase.begun = Clock::now();
        if (is_paced(phase)) phase.begun += kSettle;
        io.run();
        phase.seconds = std::chrono::duration<double>(Clock::now() - phase.begun).count();
        phase.usage = resources_.end();
        const Trips after = trips();
        phase.trips = {after.appends - before.appends, after.batches - before.batches, after.reads - before.reads,
                       after.heads - before.heads};
        print(phase);
        return phase.errors + phase.broken > 0 ? 1 : 0;
    }
    static void rethrow(std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
    }
    bool is_paced(const Phase& phase) const { return options_.rate > 0 && phase.name == "refresh"; }
    bool over(const Phase& phase) const {
        if (phase.name == "refresh" && options_.seconds > 0)
            return std::chrono::duration<double>(Clock::now() - phase.begun).count() >= options_.seconds;
        return phase.started >= phase.wanted;
    }

    asio::awaitable<void> work(asio::io_context& io, Phase& phase, std::size_t worker, Step step) {
        Connection connection(io, options_.host, options_.port);
        asio::steady_timer pause(io);
        while (!over(phase)) {
            const std::size_t number = phase.started++;
            auto begun = Clock::now();
            if (is_paced(phase)) {
                const std::chrono::duration<double> due(static_cast<double>(number) / options_.rate);
                begun = phase.begun + std::chrono::duration_cast<Clock::duration>(due);
                pause.expires_at(begun);
                co_await pause.async_wait(asio::use_awaitable);
            }
            connection.due = begun;
            bool broken = false;
            try {
                const bool good = co_await (this->*step)(connection, worker, number);
                const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun);
                phase.micros.push_back(static_cast<std::uint32_t>(took.count()));
                good ? ++phase.good : ++phase.errors;
            } catch (const boost::system::system_error&) {
                broken = true;
            }
            if (!broken) continue;
            ++phase.broken;
            connection.close();
            if (!options_.keep_going && phase.broken > options_.connections) co_return;
            pause.expires_after(kReconnectPause);
            co_await pause.async_wait(asio::use_awaitable);
        }
    }

    std::string email(std::size_t user) const { return options_.prefix + "-" + std::to_string(user) + "@example.com"; }
    asio::awaitable<bool> register_one(Connection& connection, std::size_t, std::size_t number) {
        const Answer answer = co_await connection.post("/api/v1/auth/register", credentials(email(number)));
        if (answer.status == 201) note("register", text_member(answer.body, "id"), connection, answer);
        co_return complain_unless(answer.status == 201, answer);
    }
    asio::awaitable<bool> log_in_one(Connection& connection, std::size_t, std::size_t number) {
        const Answer answer =
            co_await connection.post("/api/v1/auth/login", credentials(email(number % options_.users)));
        if (answer.status == 200) {
            sessions_.push_back({text_member(answer.body, "session_id"), text_member(answer.body, "refresh_token"),
                                 text_member(answer.body, "access_token")});
            note("login", sessions_.back().id, connection, answer);
        }
        co_return complain_unless(answer.status == 200, answer);
    }
    // Users of their own, with an authenticator app. A code is good once, so each of them logs in once, with the code
    // of the next step, which is good already; that of now is used up by the enrolment.
    std::string email_with_factor(std::size_t user) const {
        return options_.prefix + "-totp-" + std::to_string(user) + "@example.com";
    }
    std::string credentials(const std::string& address) const {
        return R"({"email":")" + address + R"(","password":")" + options_.password + "\"}";
    }
    asio::awaitable<bool> enrol_one(Connection& connection, std::size_t, std::size_t number) {
        const std::string address = email_with_factor(number);
        Answer answer = co_await connection.post("/api/v1/auth/register", credentials(address));
        if (answer.status != 201) co_return complain_unless(false, answer);
        answer = co_await connection.post("/api/v1/auth/login", credentials(address));
        if (answer.status != 200) co_return complain_unless(false, answer);
        const std::string bearer = "Bearer " + text_member(answer.body, "access_token");
        Ask enable{"POST", "/api/v1/auth/mfa/enable", "application/json",
                   R"({"current_password":")" + options_.password + "\"}", bearer};
        answer = co_await connection.send(std::move(enable));
        if (answer.status != 200) co_return complain_unless(false, answer);
        seeds_[number] = text_member(answer.body, "secret");
        const std::string code = keyledger::bench::totp(seeds_[number], keyledger::bench::step_of(answer.date));
        Ask verify{"POST", "/api/v1/auth/mfa/verify", "application/json", R"({"code":")" + code + "\"}", bearer};
        answer = co_await connection.send(std::move(verify));
        co_return complain_unless(answer.status == 200, answer);
    }
    asio::awaitable<bool> log_in_one_with_totp(Connection& connection, std::size_t, std::size_t number) {
        Answer answer = co_await connection.post("/api/v1/auth/login", credentials(email_with_factor(number)));
        if (answer.status != 403) {
            answer.body.clear();  // tokens, perhaps
            co_return complain_unless(false, answer);
        }
        const std::string code = keyledger::bench::totp(seeds_[number], keyledger::bench::step_of(answer.date) + 1);
        std::string body = R"({"mfa_token":")" + text_member(answer.body, "mfa_token") + R"(","code":")" + code + "\"}";
        answer = co_await connection.post("/api/v1/auth/verify-mfa", std::move(body));
        co_return complain_unless(answer.status == 200, answer);
    }
    // Each session stays with one connection: a refresh token is used once.
    void sessions_per_worker() {
        per_worker_.assign(options_.connections, {});
        for (std::size_t i = 0; i < sessions_.size(); ++i)
            per_worker_[i % options_.connections].push_back(sessions_[i]);
    }
    asio::awaitable<bool> refresh_one(Connection& connection, std::size_t worker, std::size_t) {
        auto& sessions = per_worker_[worker];
        if (sessions.empty()) co_return false;
        sessions.push_back(std::move(sessions.front()));
        sessions.pop_front();
        Session& session = sessions.back();
        std::string body = R"({"refresh_token":")" + session.refresh_token + "\"}";
        const Answer answer = co_await connection.post("/api/v1/auth/refresh", std::move(body));
        if (answer.status == 200) {
            session.refresh_token = text_member(answer.body, "refresh_token");
            session.access_token = text_member(answer.body, "access_token");
            note("refresh", session.id, connection, answer);
        }
        co_return complain_unless(answer.status == 200, answer);
    }

    asio::awaitable<bool> ask_nothing(Connection& connection, std::size_t, std::size_t) {
        Ask ask{"GET", "/health/live", {}, {}, {}};
        const Answer answer = co_await connection.send(std::move(ask));
        co_return complain_unless(answer.status == 200, answer);
    }
    // Of a token whose session is good: a token that has expired would be answered without a look at its session.
    asio::awaitable<bool> introspect_one(Connection& connection, std::size_t worker, std::size_t) {
        auto& sessions = per_worker_[worker];
        if (sessions.empty()) co_return false;
        sessions.push_back(std::move(sessions.front()));
        sessions.pop_front();
        Ask ask{"POST", "/oauth2/introspect", "application/x-www-form-urlencoded",
                "token=" + sessions.back().access_token, "Basic " + base64(options_.client)};
        const Answer answer = co_await connection.send(std::move(ask));
        const bool active = answer.body.find("\"active\":true") != std::string::npos;
        co_return complain_unless(answer.status == 200 && active, answer);
    }
    // Of sessions in turn, about a permission; the decision itself does not matter here.
    asio::awaitable<bool> evaluate_one(Connection& connection, std::size_t worker, std::size_t) {
        auto& sessions = per_worker_[worker];
        if (sessions.empty()) co_return false;
        sessions.push_back(std::move(sessions.front()));
        sessions.pop_front();
        Ask ask{"POST", "/access/v1/evaluation", "application/json",
                R"({"subject":{"type":"session","id":")" + sessions.back().id +
                    R"("},"resource":{"type":"invoices","id":"42"},"action":{"name":"read"}})",
                "Basic " + base64(options_.client)};
        const Answer answer = co_await connection.send(std::move(ask));
        const bool decided = answer.body.find("\"decision\":") != std::string::npos;
        co_return complain_unless(answer.status == 200 && decided, answer);
    }

    // Whose token it is, with what is personal.
    asio::awaitable<bool> ask_who_i_am(Connection& connection, std::size_t worker, std::size_t) {
        auto& sessions = per_worker_[worker];
        if (sessions.empty()) co_return false;
        sessions.push_back(std::move(sessions.front()));
        sessions.pop_front();
        Ask ask{"GET", "/api/v1/auth/me", {}, {}, "Bearer " + sessions.back().access_token};
        const Answer answer = co_await connection.send(std::move(ask));
        co_return complain_unless(answer.status == 200, answer);
    }

    // A service logs in (RFC 6749 section 4.4).
    asio::awaitable<bool> grant_one(Connection& connection, std::size_t, std::size_t) {
        Ask ask{"POST", "/oauth2/token", "application/x-www-form-urlencoded", "grant_type=client_credentials",
                "Basic " + base64(options_.service_account)};
        const Answer answer = co_await connection.send(std::move(ask));
        const bool granted = answer.body.find("\"access_token\":") != std::string::npos;
        co_return complain_unless(answer.status == 200 && granted, answer);
    }

    // Asked beside the phases, so that asking does not count.
    Trips trips() {
        if (options_.management_port.empty()) return {};
        asio::io_context io(1);
        Connection connection(io, options_.host, options_.management_port);
        Ask ask{"GET", "/metrics", {}, {}, {}};
        auto page = asio::co_spawn(io, connection.send(std::move(ask)), asio::use_future);
        io.run();
        return trips_of(page.get().body);
    }

    bool complain_unless(bool good, const Answer& answer) {
        if (!good && complaints_++ < 5)
            std::cerr << current_->name << ": status " << answer.status << ' ' << answer.body.substr(0, 300) << '\n';
        return good;
    }
    void note(const char* what, const std::string& stream, const Connection& connection, const Answer& answer) {
        if (!journal_.is_open()) return;
        const auto micros = [](Clock::time_point at) {
            return std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
        };
        journal_ << what << ' ' << stream << ' ' << answer.position << ' ' << micros(connection.due) << ' '
                 << micros(Clock::now()) << '\n'
                 << std::flush;
    }
    void print(Phase& phase) const {
        phase.name += options_.label;
        const double rate = static_cast<double>(phase.good) / phase.seconds;
        const char* format = options_.json
                                 ? R"({"phase":"%s","good":%zu,"errors":%zu,"broken":%zu,"seconds":%.3f,"rate":%.1f,)"
                                   R"("p50_ms":%.3f,"p99_ms":%.3f,"p999_ms":%.3f})"
                                 : "%-10s %8zu good  %zu errors  %zu broken  %8.2f s  %10.1f/s  p50 %8.3f ms  p99 "
                                   "%8.3f ms  p99.9 %8.3f ms";
        std::printf(format, phase.name.c_str(), phase.good, phase.errors, phase.broken, phase.seconds, rate,
                    phase.percentile(0.5) / 1000.0, phase.percentile(0.99) / 1000.0, phase.percentile(0.999) / 1000.0);
        std::printf("\n");
        if (!options_.management_port.empty() && phase.good > 0) {
            const auto each = [&](double count) { return count / static_cast<double>(phase.good); };
            std::printf("{\"trips\":\"%s\",\"appends\":%.4f,\"reads\":%.4f,\"batches\":%.4f,\"head_queries\":%.4f}\n",
                        phase.name.c_str(), each(phase.trips.appends), each(phase.trips.reads),
                        each(phase.trips.batches), each(phase.trips.heads));
        }
        if (!options_.processes.empty() && phase.good > 0) print_usage(phase);
        std::fflush(stdout);
    }
    // Seconds of processor for 1,000 of what was done.
    static void print_usage(const Phase& phase) {
        constexpr std::size_t kShownStatements = 8;
        const auto done = static_cast<double>(phase.good);
        std::printf(R"({"cpu":"%s")", phase.name.c_str());
        for (const auto& [name, seconds] : phase.usage.seconds)
            std::printf(R"(,"%s":%.4f)", name.c_str(), 1000 * seconds / done);
        std::printf(",\"service_kib\":%lld}\n", static_cast<long long>(phase.usage.service_kib));
        const auto& statements = phase.usage.statements;
        for (std::size_t i = 0; i < std::min(kShownStatements, statements.size()); ++i) {
            std::string text = statements[i].text;
            std::replace_if(
                text.begin(), text.end(), [](char c) { return c == '"' || c == '\\' || c < ' '; }, '\'');
            std::printf("{\"statement\":\"%s\",\"each\":%.4f,\"text\":\"%s\"}\n", phase.name.c_str(),
                        statements[i].calls / done, text.c_str());
        }
    }

    const Options options_;
    keyledger::bench::Resources resources_;
    std::ofstream journal_;
    std::vector<Session> sessions_;
    std::vector<std::deque<Session>> per_worker_;
    std::map<std::size_t, std::string> seeds_;  // of apps, by the number of their users
    Phase* current_ = nullptr;
    int complaints_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Loads a running Keyledger over HTTP and measures it."};
    app.option_defaults()->always_capture_default();
    Options options;
    app.add_option("--host", options.host, "of the service");
    app.add_option("--port", options.port, "of the service");
    app.add_option("--users", options.users, "to register first");
    app.add_option("--logins", options.logins, "log-ins, over these users in turn");
    app.add_option("--factor-logins", options.factor_logins,
                   "log-ins with a code of an app, each of a user of its own");
    app.add_option("--refreshes", options.refreshes, "refreshes, over the sessions in turn");
    app.add_option("--introspections", options.introspections,
                   "of the sessions' tokens in turn; the client is in KEYLEDGER_LOAD_CLIENT as id:secret");
    app.add_option("--evaluations", options.evaluations,
                   "questions whether a session may do something; asked by the same client");
    app.add_option("--mes", options.mes, "requests for /api/v1/auth/me, of the sessions in turn");
    app.add_option("--grants", options.grants,
                   "tokens for the service account in KEYLEDGER_LOAD_SERVICE_ACCOUNT, as id:secret");
    app.add_option("--empties", options.empties, "requests for /health/live");
    app.add_option("--connections", options.connections, "at the same time");
    app.add_option("--label", options.label, "what is printed behind the name of each phase");
    app.add_option("--seconds", options.seconds, "refresh for so long instead of so many times");
    app.add_option("--rate", options.rate, "refreshes a second; as fast as they are answered by default");
    app.add_flag("--registered", options.registered, "the users are there already");
    app.add_option("--management-port", options.management_port, "of the service: tell what its database was asked");
    app.add_option("--process", options.processes, "NAME=PID: tell what each phase takes of its processor");
    app.add_option("--prefix", options.prefix, "of the users' addresses: another one for another run");
    app.add_option("--journal", options.journal, "file to write every answered command to");
    app.add_flag("--keep-going", options.keep_going, "open broken connections again");
    app.add_flag("--json", options.json, "one JSON object a phase");
    CLI11_PARSE(app, argc, argv);
    if (const char* client = std::getenv("KEYLEDGER_LOAD_CLIENT")) options.client = client;
    if (const char* url = std::getenv("KEYLEDGER_LOAD_STATEMENTS_URL")) options.statements_url = url;
    if (const char* account = std::getenv("KEYLEDGER_LOAD_SERVICE_ACCOUNT")) options.service_account = account;
    if (options.grants > 0 && options.service_account.empty()) {
        std::cerr << "load: --grants needs KEYLEDGER_LOAD_SERVICE_ACCOUNT=id:secret\n";
        return 2;
    }
    if (options.introspections + options.evaluations > 0 && options.client.empty()) {
        std::cerr << "load: --introspections and --evaluations need KEYLEDGER_LOAD_CLIENT=id:secret\n";
        return 2;
    }
    try {
        return Load(options).run();
    } catch (const std::exception& error) {
        std::cerr << "load: " << error.what() << '\n';
        return 1;
    }
}
