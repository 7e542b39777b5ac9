#include "reactors/engine/performer.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

#include "commands/runtime/log_fields.hpp"
#include "projections/engine/database.hpp"
#include "reactors/engine/back_off.hpp"
#include "reactors/engine/job_queue.hpp"

namespace keyledger::reactors {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

template <class... Case>
struct Cases : Case... {
    using Case::operator()...;
};

}  // namespace

class Performer::Worker {
public:
    Worker(PerformerSettings settings, Reactor& reactor, asio::any_io_executor executor, OnDead on_dead)
        : settings_(std::move(settings)),
          reactor_(reactor),
          executor_(std::move(executor)),
          on_dead_(std::move(on_dead)) {}

    void start() {
        for (std::size_t i = 0; i < settings_.threads; ++i) threads_.emplace_back([this] { run(); });
    }
    void stop_claiming() {
        {
            std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_all();
    }
    void stop() {
        stop_claiming();
        for (std::thread& thread : threads_)
            if (thread.joinable()) thread.join();
    }
    void hint() {
        {
            std::lock_guard lock(mutex_);
            ++hints_;
        }
        wake_.notify_all();
    }
    PerformerStatus status() const {
        std::lock_guard lock(mutex_);
        return status_;
    }

private:
    void run() {
        auto back_off = std::chrono::milliseconds(kFirstReconnect);
        while (!stopping()) {
            try {
                JobQueue queue(settings_.database_url, "keyledger reactor " + std::string(reactor_.name()));
                serve(queue, back_off);
            } catch (const std::exception& error) {
                const std::string reason = projections::classify(error, nullptr).reason;
                spdlog::warn("reactor {} can't look for its jobs, and tries again: {}", reactor_.name(), reason);
                set_trouble(reason);
                wait(back_off, hints());
                back_off = std::min<std::chrono::milliseconds>(2 * back_off, kLongestReconnect);
            }
        }
    }

    void serve(JobQueue& queue, std::chrono::milliseconds& back_off) {
        while (!stopping()) {
            const std::uint64_t heard = hints();
            const auto job = queue.claim(settings_.log_id, reactor_.name(), settings_.lease);
            set_trouble("");
            back_off = kFirstReconnect;
            if (job) attempt(queue, *job);
            if (is_time_to_count()) set_counts(queue.count(settings_.log_id, reactor_.name()));
            if (!job) wait(settings_.idle_wait, heard);
        }
    }

    void attempt(JobQueue& queue, const Job& job) {
        Performed performed = perform(job);
        if (const auto* again = std::get_if<Again>(&performed); again && job.tried_for >= kGiveUpAfter)
            performed = Dead{again->code};
        if (const auto* dead = std::get_if<Dead>(&performed); dead && !on_dead_(job, dead->code))
            performed = Again{dead->code};
        const bool was_ours = std::visit(Cases{[&](const Done& done) { return queue.finish_done(job, done.code); },
                                               [&](const Again& again) { return finish(queue, job, again); },
                                               [&](const Dead& dead) { return queue.finish_dead(job, dead.code); }},
                                         performed);
        note(job, performed, was_ours);
    }

    Performed perform(const Job& job) {
        const Deadline deadline = std::chrono::steady_clock::now() + settings_.patience;
        return asio::co_spawn(executor_, attempt_of(job, deadline), asio::use_future).get();
    }
    // What it throws ends on the thread that threw it.
    asio::awaitable<Performed> attempt_of(Job job, Deadline deadline) {
        try {
            auto performed = co_await reactor_.perform(job, deadline);
            co_return performed;
        } catch (const std::exception& error) {
            const LogFields about{{"job_id", job.id.to_string()}};
            spdlog::error("job {} ({}) failed: {}", job.id.to_string(), job.kind, error.what());
            co_return Again{"failed"};
        }
    }

    bool finish(JobQueue& queue, const Job& job, const Again& again) {
        return queue.finish_again(job, std::max(again.after, back_off(job.tried_for, chance())), again.code);
    }

    void note(const Job& job, const Performed& performed, bool was_ours) {
        if (!was_ours) {
            const LogFields about{{"job_id", job.id.to_string()}};
            spdlog::warn(
                "job {} ({}) took longer than its lease, or was ended by an operator: what this node did may be"
                " done once more",
                job.id.to_string(), job.kind);
        }
        std::lock_guard lock(mutex_);
        if (!was_ours) ++status_.lost_leases;
        else if (const auto* done = std::get_if<Done>(&performed))
            ++(done->code.empty() ? status_.done : status_.futile);
        else if (std::holds_alternative<Again>(performed)) ++status_.again;
        else ++status_.dead;
    }

    double chance() {
        std::lock_guard lock(mutex_);
        return std::uniform_real_distribution<double>(0, 1)(random_);
    }
    bool is_time_to_count() {
        std::lock_guard lock(mutex_);
        const SteadyTime now = std::chrono::steady_clock::now();
        if (now < next_count_) return false;
        next_count_ = now + kCountInterval;
        return true;
    }
    void set_counts(const JobCounts& counts) {
        std::lock_guard lock(mutex_);
        status_.counts = counts;
    }
    void set_trouble(const std::string& trouble) {
        std::lock_guard lock(mutex_);
        status_.trouble = trouble;
    }
    std::uint64_t hints() const {
        std::lock_guard lock(mutex_);
        return hints_;
    }
    bool stopping() const {
        std::lock_guard lock(mutex_);
        return stopping_;
    }
    // Until a hint comes that was not there when `heard` was read.
    void wait(std::chrono::milliseconds at_most, std::uint64_t heard) {
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, at_most, [&] { return stopping_ || hints_ != heard; });
    }

    const PerformerSettings settings_;
    Reactor& reactor_;
    const asio::any_io_executor executor_;
    const OnDead on_dead_;

    mutable std::mutex mutex_;  // guards what follows
    std::condition_variable wake_;
    bool stopping_ = false;
    std::uint64_t hints_ = 0;
    SteadyTime next_count_{};
    std::mt19937_64 random_{std::random_device{}()};
    PerformerStatus status_;

    std::vector<std::thread> threads_;
};

Performer::Performer(PerformerSettings settings, Reactor& reactor, asio::any_io_executor executor, OnDead on_dead)
    : worker_(std::make_unique<Worker>(std::move(settings), reactor, std::move(executor), std::move(on_dead))) {}

Performer::~Performer() { stop(); }

void Performer::start() { worker_->start(); }
void Performer::stop_claiming() { worker_->stop_claiming(); }
void Performer::stop() { worker_->stop(); }
void Performer::hint() { worker_->hint(); }
PerformerStatus Performer::status() const { return worker_->status(); }

}  // namespace keyledger::reactors
