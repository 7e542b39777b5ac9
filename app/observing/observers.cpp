#include "app/observing/observers.hpp"

#include <chrono>

#include "api/requests/identifiers.hpp"
#include "commands/runtime/log_fields.hpp"

namespace keyledger::app {

void Observers::on_failure(const api::Request* request, std::string_view what) noexcept {
    try {
        if (request == nullptr || request->traceparent.empty()) return metrics_.on_failure(request, what);
        const LogFields about{{"request_id", request->request_id},
                              {"trace_id", api::trace_id_of(request->traceparent)},
                              {"span_id", api::span_id_of(request->traceparent)}};
        metrics_.on_failure(request, what);
    } catch (...) {
        // For want of memory.
    }
}

void Observers::on_sent(const api::Request& request, const api::SentAnswer& answer) noexcept {
    metrics_.on_sent(request, answer);
    if (access_log_ != nullptr) access_log_->on_sent(request, answer);
    if (recorder_ != nullptr && is_recorded(request.traceparent)) record(request, answer);
}

// By OpenTelemetry's conventions for HTTP, without what may be personal or secret: path, query, address, agent.
void Observers::record(const api::Request& request, const api::SentAnswer& answer) noexcept try {
    const SteadyTime now = std::chrono::steady_clock::now();
    const std::string method(to_string(request.method));
    integrations::Span span;
    span.name = method;
    span.kind = integrations::SpanKind::kServer;
    span.has_failed = answer.status >= 500;
    span.attributes = {{"http.request.method", method},
                       {"http.response.status_code", std::int64_t{answer.status}},
                       {"http.response.body.size", static_cast<std::int64_t>(answer.bytes)},
                       {"keyledger.operation", std::string(request.operation)},
                       {"keyledger.request_id", request.request_id}};
    if (const api::RouteRow* row = row_of(request.operation)) {
        span.name += " " + std::string(row->path);
        span.attributes.emplace_back("http.route", std::string(row->path));
    }
    if (request.headers.count("traceparent") == 1)
        if (const auto parent = api::accept_traceparent(*request.header("traceparent"))) {
            span.parent_id = api::span_id_of(*parent);
            span.is_parent_remote = true;
        }
    recorder_->record(request.traceparent, std::move(span), now - std::chrono::nanoseconds(answer.duration_ns), now);
} catch (...) {
    // An answer without a span.
}

}  // namespace keyledger::app
