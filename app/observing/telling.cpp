#include "app/observing/telling.hpp"

namespace keyledger::app {
namespace {

using Samples = Metrics::Source::result_type;

Samples trace_samples(const Traces& traces) {
    const auto status = traces.status();
    Samples samples;
    const auto add = [&](const char* name, const char* help, auto value) {
        samples.push_back({std::string("keyledger_trace_") + name, help, {}, static_cast<double>(value)});
    };
    add("spans_exported_total", "That the collector took, since the start", status.exported);
    add("spans_dropped_total", "For want of room, or because the collector was away for too long", status.dropped);
    add("spans_rejected_total", "That the collector did not want", status.rejected);
    add("failures_total", "Requests to the collector that failed", status.failures);
    add("spans_waiting", "To be sent", status.waiting);
    return samples;
}

Samples access_log_samples(const AccessLog& access_log) {
    return {
        {"keyledger_access_log_dropped_total",
         "Lines that were not written: whoever reads the log is too slow, or there were too many errors in a second",
         {},
         static_cast<double>(access_log.dropped())}};
}

}  // namespace

Telling::Telling(const Config& config, Core& core, Metrics& metrics)
    : format(log_format_of(config.log_format)),
      traces(Traces::of(config, core.clock)),
      access_log(std::make_unique<AccessLog>(config.access_log, config.access_log_address, format, core.clock)),
      observers(metrics, access_log.get(), traces ? &traces->recorder() : nullptr) {
    core.admin_log.serve(format);
    if (traces) {
        core.watched_store.record_spans(traces->recorder());
        metrics.add([this] { return trace_samples(*traces); });
    }
    metrics.add([this] { return access_log_samples(*access_log); });
}

}  // namespace keyledger::app
