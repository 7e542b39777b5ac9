#pragma once
// Sends spans to a collector, by OTLP over HTTP in JSON. It has a thread of its own, which waits for the collector;
// whoever ends a span never does. What is bounded: the spans that wait (more are dropped, and counted), those of a
// request, and for how long a collector that is away is tried with the same ones.
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "commands/runtime/outgoing.hpp"
#include "integrations/traces/otlp.hpp"
#include "integrations/traces/span.hpp"

namespace keyledger::integrations {

struct TraceExporterOptions {
    std::string url;  // as it is, with its path: "http://127.0.0.1:4318/v1/traces"
    std::vector<std::pair<std::string, Secret>> headers{};
    TraceResource resource{};
    std::chrono::milliseconds delay{5'000};  // until spans are sent that are fewer than a request's
    std::chrono::milliseconds within{10'000};
    std::size_t most_waiting = 4'096;
    std::size_t most_in_request = 512;
    std::chrono::milliseconds first_pause{1'000};  // behind a request that failed, then twice as long
    std::chrono::milliseconds longest_pause{30'000};
    std::chrono::milliseconds patience{300'000};  // with the same spans
};

struct TraceExporterStatus {
    std::int64_t exported = 0;  // since the start
    std::int64_t dropped = 0;   // for want of room, or because the collector was away for too long
    std::int64_t rejected = 0;  // by the collector
    std::int64_t failures = 0;  // requests
    std::size_t waiting = 0;
    std::string trouble{};  // of the last request: a word of ours or a status, never what the collector wrote
};

class TraceExporter : public SpanSink {
public:
    // Told when requests begin to fail (what of), and when they work again (empty).
    using OnTrouble = std::function<void(const std::string& trouble)>;

    // Sends from the construction on. `outgoing` outlives it, and `context`, which nobody else runs, outlives that.
    TraceExporter(boost::asio::io_context& context, commands::Outgoing& outgoing, TraceExporterOptions options,
                  OnTrouble on_trouble);
    ~TraceExporter() override;  // waits for the request that is under way
    TraceExporter(const TraceExporter&) = delete;
    TraceExporter& operator=(const TraceExporter&) = delete;

    void take(Span span) noexcept override;
    // What waits is tried once more; from then on nothing is sent. False: a request is still under way after `at_most`,
    // which the destructor waits for. May be called twice.
    bool stop(std::chrono::milliseconds at_most);
    TraceExporterStatus status() const;

private:
    using Time = std::chrono::steady_clock::time_point;
    enum class Answer : std::uint8_t { kTaken, kLater, kNever };

    void run();
    bool next_batch();
    void send_the_rest();
    Answer send(std::chrono::milliseconds within);
    void settle(Answer answer);
    void tell(std::string trouble);

    boost::asio::io_context& context_;
    commands::Outgoing& outgoing_;
    const TraceExporterOptions options_;
    const OnTrouble on_trouble_;

    mutable std::mutex mutex_;  // guards what follows
    std::condition_variable changed_;
    std::deque<Span> waiting_;
    bool stopping_ = false;
    bool ended_ = false;
    Time last_moment_{};  // once it stops
    TraceExporterStatus status_;

    // The thread's.
    std::vector<Span> batch_;
    Time batch_begun_{};
    std::chrono::milliseconds pause_{};
    std::thread thread_;
};

}  // namespace keyledger::integrations
