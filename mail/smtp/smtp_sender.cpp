#include "mail/smtp/smtp_sender.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>

#include "mail/smtp/connection.hpp"

namespace keyledger::mail {
namespace asio = boost::asio;
namespace {

SmtpOptions checked(SmtpOptions options) {
    if (const auto faults = check_smtp_options(options); !faults.empty())
        throw std::invalid_argument("SMTP: " + std::string(faults.front().option) + ": " + faults.front().sentence);
    return options;
}

}  // namespace

// Answered on the handler's own executor, which has work until then.
struct SmtpSender::Job {
    // The executor is taken while the handler has its own type.
    template <class Handler>
    Job(Handler its_handler, Envelope given, Deadline until)
        : envelope(std::move(given)),
          deadline(until),
          executor(asio::prefer(asio::get_associated_executor(its_handler), asio::execution::outstanding_work.tracked)),
          handler(std::move(its_handler)) {}
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;

    void answer(Delivery delivery) {
        asio::post(executor, [done = std::move(handler), delivery = std::move(delivery)]() mutable {
            std::move(done)(std::move(delivery));
        });
    }
    // Codes and links that open an account stand in it.
    ~Job() { Secret::wipe(envelope.message); }

    Envelope envelope;
    const Deadline deadline;
    const asio::any_io_executor executor;
    asio::any_completion_handler<void(Delivery)> handler;
};

SmtpSender::SmtpSender(SmtpOptions options) : options_(checked(std::move(options))) {
    for (std::size_t i = 0; i < options_.connections; ++i)
        connections_.push_back(std::make_unique<SmtpConnection>(options_, stopped_));
    try {
        for (auto& connection : connections_) threads_.emplace_back([this, &connection] { run(*connection); });
    } catch (...) {
        // Those that did start would otherwise be joined while they wait for work.
        stop();
        throw;
    }
}

SmtpSender::~SmtpSender() { stop(); }

asio::awaitable<Delivery> SmtpSender::send(Envelope envelope, Deadline deadline) {
    auto start = [](auto handler, SmtpSender* sender, Envelope given, Deadline until) {
        auto job = std::make_unique<Job>(std::move(handler), std::move(given), until);
        sender->enqueue(std::move(job));
    };
    return asio::async_initiate<const asio::use_awaitable_t<>, void(Delivery)>(start, asio::use_awaitable, this,
                                                                               std::move(envelope), deadline);
}

Delivery SmtpSender::sent_by(SmtpConnection& connection, const Job& job) noexcept {
    try {
        return connection.send(job.envelope, job.deadline);
    } catch (const std::exception&) {
        return Delivery::again("memory");
    }
}

void SmtpSender::enqueue(std::unique_ptr<Job> job) {
    std::unique_lock lock(mutex_);
    const bool is_full = queue_.size() >= options_.queue;
    if (!stopped_ && !is_full) {
        queue_.push_back(std::move(job));
        lock.unlock();
        wake_.notify_one();
        return;
    }
    counters_.shed += is_full ? 1 : 0;
    lock.unlock();
    Delivery delivery = Delivery::again(is_full ? "queue-full" : "stopped");
    count(delivery);
    job->answer(std::move(delivery));
}

void SmtpSender::run(SmtpConnection& connection) {
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
        if (stopped_) return;
        std::unique_ptr<Job> job = std::move(queue_.front());
        queue_.pop_front();
        ++counters_.running;
        lock.unlock();
        const std::uint64_t before = connection.opened();
        Delivery delivery = sent_by(connection, *job);
        count(delivery);
        lock.lock();
        --counters_.running;
        counters_.connections += connection.opened() - before;
        lock.unlock();
        job->answer(std::move(delivery));
        job.reset();
        lock.lock();
    }
}

void SmtpSender::count(const Delivery& delivery) {
    std::lock_guard lock(mutex_);
    switch (delivery.outcome) {
        case Delivery::Outcome::kSent: ++counters_.sent; return;
        case Delivery::Outcome::kAgain: ++counters_.again; return;
        case Delivery::Outcome::kRefused: ++counters_.refused; return;
    }
}

void SmtpSender::stop() {
    std::deque<std::unique_ptr<Job>> waiting;
    {
        std::lock_guard lock(mutex_);
        stopped_ = true;
        waiting.swap(queue_);
    }
    wake_.notify_all();
    for (auto& job : waiting) job->answer(Delivery::again("stopped"));
}

SmtpSender::Counters SmtpSender::counters() const {
    std::lock_guard lock(mutex_);
    Counters now = counters_;
    now.queued = queue_.size();
    now.threads = connections_.size();
    now.most_queued = options_.queue;
    return now;
}

}  // namespace keyledger::mail
