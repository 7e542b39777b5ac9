#pragma once
// Hands messages to one SMTP server, on threads of its own behind a bounded queue. Each thread keeps a connection. Of
// what the server says, only codes are kept and told.
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "mail/delivery.hpp"
#include "mail/smtp/smtp_options.hpp"

namespace keyledger::mail {

class SmtpConnection;

class SmtpSender {
public:
    using Deadline = std::chrono::steady_clock::time_point;
    // For metrics; each value by itself is exact at some moment.
    struct Counters {
        std::size_t queued = 0;
        std::size_t running = 0;
        std::uint64_t sent = 0;
        std::uint64_t again = 0;
        std::uint64_t refused = 0;
        std::uint64_t shed = 0;         // not taken, because the queue was full
        std::uint64_t connections = 0;  // that were opened
        std::size_t threads = 0;
        std::size_t most_queued = 0;
    };

    // Options that check_smtp_options() finds fault with throw std::invalid_argument.
    explicit SmtpSender(SmtpOptions options);
    SmtpSender(const SmtpSender&) = delete;
    SmtpSender& operator=(const SmtpSender&) = delete;
    // Stops, and joins the threads.
    ~SmtpSender();

    // May be awaited on any executor whose context outlives this object, and goes on there. What still waits at the
    // deadline is not sent (`expired`), and what is under way is given up then. Where an answer was lost it is `again`:
    // such a mail may arrive twice.
    boost::asio::awaitable<Delivery> send(Envelope envelope, Deadline deadline);
    // Returns at once, and may be called twice. What waits or is under way is answered `stopped`.
    void stop();
    Counters counters() const;

private:
    struct Job;
    void enqueue(std::unique_ptr<Job> job);
    void run(SmtpConnection& connection);
    static Delivery sent_by(SmtpConnection& connection, const Job& job) noexcept;
    void count(const Delivery& delivery);

    const SmtpOptions options_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::unique_ptr<Job>> queue_;
    std::atomic<bool> stopped_ = false;
    Counters counters_;
    std::vector<std::unique_ptr<SmtpConnection>> connections_;  // each of one thread
    std::vector<std::jthread> threads_;                         // last: joined before the rest dies
};

}  // namespace keyledger::mail
