#include "app/metrics/metrics.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <vector>

#include "app/metrics/request_counts.hpp"

namespace keyledger::app {

struct Metrics::State {
    RequestCounts requests;
    std::atomic<std::uint64_t> failures{0};
    std::vector<Source> sources;
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

void Metrics::know(std::span<const api::Route> routes, std::size_t io_threads) {
    state_->requests.know(routes, io_threads);
}

void Metrics::on_request(const api::Request& request, int status, std::int64_t duration_ns) noexcept try {
    state_->requests.count(request.operation, status, duration_ns);
    spdlog::debug("{} {} {} us request_id={}", request.operation, status, duration_ns / 1000, request.request_id);
} catch (...) {
    // A request that can't be logged is answered all the same.
}

void Metrics::on_failure(const api::Request* request, std::string_view what) noexcept try {
    state_->failures.fetch_add(1, std::memory_order_relaxed);
    if (request) spdlog::error("{} failed: {}", request->operation, what);
    else spdlog::error("the listener failed: {}", what);
} catch (...) {
}

void Metrics::add(Source source) { state_->sources.push_back(std::move(source)); }

std::string Metrics::scrape() {
    Samples samples = state_->requests.samples();
    samples.push_back({"keyledger_http_failures_total",
                       "Handlers that threw, and failures of the listener",
                       {},
                       static_cast<double>(state_->failures)});
    for (const Source& source : state_->sources) {
        Samples more = source();
        std::ranges::move(more, std::back_inserter(samples));
    }
    return exposition(samples);
}

}  // namespace keyledger::app
