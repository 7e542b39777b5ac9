#pragma once
// Traces of requests, as KEYLEDGER_TRACES_* say: all of it in one place, for the service that has a collector. It has
// an HTTP thread of its own: a collector that is slow takes nothing from calls to others, and nobody but the traces may
// call its host.
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "api/requests/identifiers.hpp"
#include "app/config/settings.hpp"
#include "app/observing/followed_spans.hpp"
#include "app/observing/trace_recorder.hpp"
#include "integrations/outgoing/curl_outgoing.hpp"
#include "integrations/traces/exporter.hpp"

namespace keyledger::app {

api::TraceRules trace_rules(const Config& config);

class Traces {
public:
    // Null where no collector is configured. The settings have no faults (trace_faults()). The clock outlives it.
    static std::unique_ptr<Traces> of(const Config& config, const commands::Clock& clock);

    Traces(const Config& config, const commands::Clock& clock);
    ~Traces();  // stop()

    TraceRecorder& recorder() { return recorder_; }
    std::shared_ptr<FollowedSpans> projecting(std::size_t models);
    std::shared_ptr<FollowedSpans> publishing(const std::string& topic);
    integrations::TraceExporterStatus status() const { return exporter_.status(); }
    // What waits is sent, if the collector takes it within two seconds.
    void stop();

private:
    const commands::Clock& clock_;
    boost::asio::io_context context_{1};
    integrations::CurlOutgoing outgoing_;
    integrations::TraceExporter exporter_;
    TraceRecorder recorder_;
};

}  // namespace keyledger::app
