#pragma once
// What /metrics shows, in Prometheus' text format. Counters of requests are kept here; everything else is read from
// its owner at each scrape. Any thread.
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "api/http/server.hpp"
#include "app/metrics/sample.hpp"

namespace keyledger::app {

class Metrics : public api::ServerObserver {
public:
    Metrics();
    ~Metrics() override;

    // Once, before the first request. The texts of the routes outlive this object.
    void know(std::span<const api::Route> routes, std::size_t io_threads);
    void on_request(const api::Request& request, int status, std::int64_t duration_ns) noexcept override;
    void on_failure(const api::Request* request, std::string_view what) noexcept override;

    // Must not block: scrapes come while everything else is slow, too.
    using Source = std::function<Samples()>;
    // Before the first scrape; what it captures outlives this object's last scrape.
    void add(Source source);

    std::string scrape();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace keyledger::app
