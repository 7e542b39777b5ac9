#include "app/serve/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <spdlog/spdlog.h>

#include <map>
#include <mutex>

namespace keyledger::app {
namespace {

const prometheus::Histogram::BucketBoundaries kSeconds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                       0.1,    0.25,  0.5,    1,     2.5,  10};

}  // namespace

struct Metrics::State {
    prometheus::Registry registry;
    prometheus::Family<prometheus::Counter>& requests = prometheus::BuildCounter()
                                                            .Name("keyledger_http_requests_total")
                                                            .Help("Answers by operation and status")
                                                            .Register(registry);
    prometheus::Family<prometheus::Histogram>& durations = prometheus::BuildHistogram()
                                                               .Name("keyledger_http_request_seconds")
                                                               .Help("From request to answer")
                                                               .Register(registry);
    prometheus::Counter& failures = prometheus::BuildCounter()
                                        .Name("keyledger_http_failures_total")
                                        .Help("Handlers that threw")
                                        .Register(registry)
                                        .Add({});
    struct PerOperation {
        prometheus::Histogram* seconds = nullptr;
        std::map<int, prometheus::Counter*> by_status;
    };
    std::mutex mutex;
    std::map<std::string, PerOperation, std::less<>> operations;
    std::vector<Source> sources;
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

void Metrics::on_request(const api::Request& request, int status, std::int64_t duration_ns) noexcept try {
    prometheus::Counter* counter = nullptr;
    prometheus::Histogram* seconds = nullptr;
    {
        const std::lock_guard lock(state_->mutex);
        const std::string operation(request.operation.empty() ? api::kUnmatched : request.operation);
        auto& known = state_->operations[operation];
        if (!known.seconds) known.seconds = &state_->durations.Add({{"operation", operation}}, kSeconds);
        auto& by_status = known.by_status[status];
        if (!by_status)
            by_status = &state_->requests.Add({{"operation", operation}, {"status", std::to_string(status)}});
        counter = by_status;
        seconds = known.seconds;
    }
    counter->Increment();
    seconds->Observe(static_cast<double>(duration_ns) / 1e9);
    spdlog::debug("{} {} {} us request_id={}", request.operation, status, duration_ns / 1000, request.request_id);
} catch (...) {
    // A request that can't be counted is answered all the same.
}

void Metrics::on_failure(const api::Request* request, std::string_view what) noexcept try {
    state_->failures.Increment();
    if (request) spdlog::error("{} failed: {} request_id={}", request->operation, what, request->request_id);
    else spdlog::error("the listener failed: {}", what);
} catch (...) {
}

void Metrics::add(Source source) { state_->sources.push_back(std::move(source)); }

std::string Metrics::scrape() {
    prometheus::Registry now;
    std::map<std::string, prometheus::Family<prometheus::Gauge>*> families;
    for (const Source& source : state_->sources) {
        for (const Sample& sample : source()) {
            auto& family = families[sample.name];
            if (!family) family = &prometheus::BuildGauge().Name(sample.name).Help(sample.help).Register(now);
            prometheus::Labels labels;
            for (const auto& [name, value] : sample.labels) labels[name] = value;
            family->Add(labels).Set(sample.value);
        }
    }
    const prometheus::TextSerializer text;
    return text.Serialize(state_->registry.Collect()) + text.Serialize(now.Collect());
}

}  // namespace keyledger::app
