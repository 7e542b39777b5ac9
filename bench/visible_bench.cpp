// How soon what a client was told is seen in the read models and in Kafka: from when its request was due (and, beside
// it, from when it was answered) until all read models have its position, and until a read_committed consumer has the
// record. Watches a running service, whose database and brokers are in KEYLEDGER_DATABASE_URL and
// KEYLEDGER_KAFKA_BROKERS, while it runs a command that writes the journal: the load generator at a given rate.
//
//     visible_bench --journal FILE --rate N -- load --rate N --journal FILE …
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <pqxx/pqxx>
#include <sstream>

#include "bench/topic_watcher.hpp"

namespace keyledger::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPatience = std::chrono::seconds(60);
constexpr auto kLook = std::chrono::milliseconds(1);  // between looks at the tables

struct Options {
    std::string journal;
    double rate = 2000;
    std::string topic = "keyledger.events.v1";
    std::int32_t partitions = 12;
    std::vector<std::string> command;
};

std::string need_variable(const char* name) {
    const char* value = std::getenv(name);
    if (!value || !*value) throw std::runtime_error(std::string(name) + " is not set");
    return value;
}

// Looks again and again at how far the read model has come that is furthest behind.
class TableWatcher {
public:
    explicit TableWatcher(const std::string& url) : connection_(url), thread_([this] { watch(); }) {}
    ~TableWatcher() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        thread_.join();
    }
    bool await(Position last, std::chrono::seconds patience) {
        std::unique_lock lock(mutex_);
        return moved_.wait_for(lock, patience, [&] {
            return failed_ || (!looks_.empty() && looks_.back().position >= last);
        }) && !failed_;
    }
    std::optional<Clock::time_point> seen(Position position) const {
        const std::lock_guard lock(mutex_);
        const auto at = std::ranges::lower_bound(looks_, position, {}, &Look::position);
        if (at == looks_.end()) return std::nullopt;
        return at->at;
    }

private:
    struct Look {
        Position position;
        Clock::time_point at;
    };
    void watch() try {
        connection_.prepare("positions",
                            "select min(k.position) from read_models.current c join keyledger.checkpoints k"
                            " on k.reader = c.model and k.generation = c.generation");
        for (;;) {
            pqxx::nontransaction read(connection_);
            const auto position = read.exec_prepared1("positions")[0].as<Position>(0);
            const auto now = Clock::now();
            {
                const std::lock_guard lock(mutex_);
                if (stopping_) return;
                if (looks_.empty() || position > looks_.back().position) looks_.push_back({position, now});
            }
            moved_.notify_all();
            std::this_thread::sleep_for(kLook);  // the tables tell nobody that they moved
        }
    } catch (const std::exception& error) {
        std::cerr << "visible_bench: the tables can't be watched: " << error.what() << '\n';
        const std::lock_guard lock(mutex_);
        failed_ = true;
        moved_.notify_all();
    }

    pqxx::connection connection_;
    mutable std::mutex mutex_;
    std::condition_variable moved_;
    std::vector<Look> looks_;  // where it moved
    bool stopping_ = false;
    bool failed_ = false;
    std::thread thread_;
};

void run(std::vector<std::string> command) {
    std::vector<char*> words;
    for (std::string& word : command) words.push_back(word.data());
    words.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        ::execvp(words[0], words.data());
        ::_exit(127);
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        throw std::runtime_error(command.front() + " failed");
}

struct Entry {
    Position position = 0;
    Clock::time_point due;
    Clock::time_point answered;
};

std::vector<Entry> refreshes_in(const std::string& path) {
    std::ifstream in(path);
    std::vector<Entry> entries;
    for (std::string line; std::getline(in, line);) {
        std::istringstream words(line);
        std::string what, stream;
        std::int64_t position = 0, due = 0, answered = 0;
        if (!(words >> what >> stream >> position >> due >> answered)) throw std::runtime_error("bad line: " + line);
        const auto at = [](std::int64_t micros) { return Clock::time_point(std::chrono::microseconds(micros)); };
        if (what == "refresh") entries.push_back({position, at(due), at(answered)});
    }
    if (entries.size() < 100) throw std::runtime_error(path + ": there are hardly any refreshes in it");
    return entries;
}

double milliseconds(Clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

template <class Watcher>
void report(const char* name, const std::vector<Entry>& entries, const Watcher& watcher, const Options& options,
            double reached) {
    std::vector<double> since_due, since_answer;
    for (const Entry& entry : entries) {
        const auto seen = watcher.seen(entry.position);
        if (!seen) throw std::runtime_error("position " + std::to_string(entry.position) + " was never seen");
        since_due.push_back(milliseconds(*seen - entry.due));
        since_answer.push_back(std::max(0.0, milliseconds(*seen - entry.answered)));
    }
    const auto quantile = [](std::vector<double>& values, double q) {
        std::ranges::sort(values);
        return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
    };
    std::printf(R"({"figure":"%s","wanted_per_second":%.0f,"events_per_second":%.0f,"p50_ms":%.2f,"p99_ms":%.2f,)"
                R"("max_ms":%.2f,"after_answer_p50_ms":%.2f,"after_answer_p99_ms":%.2f})"
                "\n",
                name, options.rate, reached, quantile(since_due, 0.5), quantile(since_due, 0.99),
                quantile(since_due, 1), quantile(since_answer, 0.5), quantile(since_answer, 0.99));
    std::fflush(stdout);
}

void measure(const Options& options) {
    TableWatcher tables(need_variable("KEYLEDGER_DATABASE_URL"));
    TopicWatcher topic(need_variable("KEYLEDGER_KAFKA_BROKERS"), options.topic, options.partitions);
    run(options.command);
    const auto entries = refreshes_in(options.journal);
    const Position last = std::ranges::max(entries, {}, &Entry::position).position;
    if (!tables.await(last, kPatience)) throw std::runtime_error("the read models did not come to the last event");
    if (!topic.await(last, kPatience)) throw std::runtime_error("the topic did not come to the last event");
    const auto first = std::ranges::min(entries, {}, &Entry::due).due;
    const auto end = std::ranges::max(entries, {}, &Entry::answered).answered;
    const double reached = 1000 * static_cast<double>(entries.size()) / milliseconds(end - first);
    report("command to tables", entries, tables, options, reached);
    report("command to Kafka", entries, topic, options, reached);
}

}  // namespace
}  // namespace keyledger::bench

int main(int argc, char** argv) {
    using namespace keyledger::bench;
    Options options;
    CLI::App app("From a command to the read models and to Kafka");
    app.add_option("--journal", options.journal, "that the command writes")->required();
    app.add_option("--rate", options.rate, "events a second that it makes")->capture_default_str();
    app.add_option("--topic", options.topic, "of the events")->capture_default_str();
    app.add_option("--partitions", options.partitions, "of the topic")->capture_default_str();
    app.add_option("command", options.command, "to run, after --")->required();
    CLI11_PARSE(app, argc, argv);
    try {
        measure(options);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "visible_bench: %s\n", failure.what());
        return 1;
    }
    return 0;
}
