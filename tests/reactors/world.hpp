#pragma once
// A log in PostgreSQL that a story is written to, a reactor that writes down what it is asked, and its planner and
// performers as nodes have them.
#include <gtest/gtest.h>

#include <boost/asio/thread_pool.hpp>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>

#include "eventstore/postgres/store/postgres_log_source.hpp"
#include "reactors/engine/job_plan.hpp"
#include "reactors/engine/job_queue.hpp"
#include "reactors/engine/performer.hpp"
#include "tests/projections/driver.hpp"
#include "tests/projections/story/log_writer.hpp"
#include "tests/support/postgres/event_macs.hpp"

namespace keyledger::reactors::test {

using projections::test::By;
using projections::test::Story;

inline constexpr auto kTestPatience = std::chrono::seconds(60);  // never reached by a test that passes

// Plans a job for each event of a user, and two for a registration. What performing comes to, the test says.
class Recording : public Reactor {
public:
    std::string_view name() const override { return "recording"; }
    std::vector<PlannedJob> plan(const SealedEvent& event) const override {
        if (event.recorded->stream_type != "user") return {};
        const Uuid user = event.recorded->stream_id;
        if (event.recorded->type == "user.registered") return {{"greet", user}, {"tell", user, {user, user}}};
        return {{"note", user}};
    }
    asio::awaitable<Performed> perform(Job job, Deadline) override {
        {
            const std::lock_guard lock(mutex_);
            performed_.push_back(job);
        }
        changed_.notify_all();
        co_return outcome ? outcome(job) : Performed{Done{}};
    }
    std::function<Performed(const Job&)> outcome;  // set before anything is due

    std::vector<Job> performed() const {
        const std::lock_guard lock(mutex_);
        return performed_;
    }
    bool reaches(std::size_t attempts) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, kTestPatience, [&] { return performed_.size() >= attempts; });
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Job> performed_;
};

inline bool becomes(const std::function<bool()>& condition) {
    const auto until = std::chrono::steady_clock::now() + kTestPatience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));  // what is waited for is in the database
    }
    return true;
}

class ReactorsTest : public testing::Test {
protected:
    keyledger::test::Database& database = projections::test::fresh_database();
    Story story{database};
    Recording reactor;
    asio::thread_pool pool{2};
    JobPlan::Notes planned;

    ReactorsTest() {
        // What is old causes no jobs.
        story.now = Instant::at_ms(
            std::stoll(database.execute("select (extract(epoch from clock_timestamp()) * 1000)::bigint")));
        database.execute("delete from keyledger.jobs");
    }
    ~ReactorsTest() override { pool.join(); }

    Uuid log_id() const { return Uuid::parse(database.execute("select log_id from keyledger.log")).value(); }
    // What was recorded, to the log.
    void publish() {
        story.publish();
        const auto all = story.log().all();
        writer_.write({all.begin() + written_, all.end()});
        written_ = std::ssize(all);
    }
    std::unique_ptr<projections::Projector> planner(std::string application_name = "planner A") {
        std::vector<std::unique_ptr<projections::ReadModel>> plans;
        plans.push_back(std::make_unique<JobPlan>(reactor, log_id(), planned));
        auto settings = planner_settings(database.service_url());
        settings.application_name = std::move(application_name);
        auto planner =
            std::make_unique<projections::Projector>(settings,
                                                     std::make_unique<eventstore::postgres::PostgresLogSource>(
                                                         database.service_url(), keyledger::test::authenticity()),
                                                     story.cipher(), std::move(plans));
        planner->start();
        return planner;
    }
    // Leads, and is at the head.
    static bool is_level(const projections::Projector& planner, Position head) {
        return becomes([&] {
            const auto status = planner.status();
            return status.projections.size() == 1 && status.projections[0].position >= head;
        });
    }
    PerformerSettings performer_settings() const {
        PerformerSettings settings;
        settings.database_url = database.service_url();
        settings.log_id = log_id();
        settings.idle_wait = std::chrono::milliseconds(5);
        return settings;
    }
    std::unique_ptr<Performer> performer(
        PerformerSettings settings, Performer::OnDead on_dead = [](auto&, auto&) { return true; }) {
        auto performer = std::make_unique<Performer>(settings, reactor, pool.get_executor(), std::move(on_dead));
        performer->start();
        return performer;
    }
    std::unique_ptr<Performer> performer() { return performer(performer_settings()); }

    // Due jobs of that kind, of events that are in the log, as if they had been planned.
    void make_due(std::int64_t jobs) {
        story.registers("a@example.org");
        publish();
        JobQueue(database.service_url(), "test");
        database.execute("insert into keyledger.jobs (log_id, reactor, position, ordinal, kind, subject, arguments)"
                         " select '" +
                         log_id().to_string() +
                         "', 'recording', n, 0, 'note', gen_random_uuid(), '{}' from generate_series(1, " +
                         std::to_string(jobs) + ") as n");
    }
    std::vector<std::string> rows(const std::string& sql) { return projections::test::rows(database, sql); }
    std::string count(const std::string& where) {
        return database.execute("select count(*) from keyledger.jobs where " + where);
    }
    void kill(const std::string& application_name) {
        database.execute("select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname ="
                         " current_database() and application_name = '" +
                         application_name + "'");
    }

private:
    projections::test::LogWriter writer_{database.owner_url()};
    std::ptrdiff_t written_ = 0;
};

}  // namespace keyledger::reactors::test
