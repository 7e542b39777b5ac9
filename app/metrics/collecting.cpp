#include "app/metrics/collecting.hpp"

#include "app/build_commit.hpp"
#include "app/metrics/process_samples.hpp"
#include "app/metrics/samples_of.hpp"

namespace keyledger::app {
namespace {

Samples http_samples(const api::Server& server) {
    Samples samples = SamplesOf("keyledger_http_")
                          .add("connections", "Connections that are open", server.open_connections())
                          .add("most_connections", "Connections that may be open", server.most_connections())
                          .add("refused_connections_total", "Turned away: too many in all, or of their network",
                               server.refused_connections())
                          .add("in_flight_requests", "Requests being answered", server.requests_in_flight())
                          .take();
    if (const auto end = server.certificate_end())
        SamplesOf("keyledger_tls_")
            .add("certificate_end_timestamp_seconds",
                 "When the certificate that new connections get ends, as Unix time", end->whole_seconds())
            .move_to(samples);
    return samples;
}

Samples login_samples(const Core& core) {
    const auto status = core.unrecorded_failures.status();
    return SamplesOf("keyledger_login_failures_")
        .add("unrecorded", "Failed log-ins that the log has not taken yet", status.waiting)
        .add("full", "1 while so many are that strangers are kept out", status.is_full)
        .take();
}

Samples health_samples(ServiceHealth& health) {
    Samples samples;
    bool is_ready = true;
    for (const api::HealthCheck& check : health.readiness()) {
        is_ready = is_ready && (check.good || !check.is_needed);
        SamplesOf("keyledger_health_", {{"check", check.name}})
            .add("check_good", "1 while this check of /health/ready is good", check.good)
            .move_to(samples);
    }
    SamplesOf("keyledger_").add("ready", "1 while /health/ready answers 200", is_ready).move_to(samples);
    SamplesOf("keyledger_build_", {{"version", KEYLEDGER_VERSION}, {"commit", std::string(build_commit())}})
        .add("info", "Always 1; the labels say which version this is, and of which commit", 1)
        .move_to(samples);
    return samples;
}

}  // namespace

void collect(Metrics& metrics, const Observed& observed) {
    metrics.add([&server = observed.server] { return http_samples(server); });
    metrics.add([&core = observed.core] { return append_samples(core); });
    metrics.add([&core = observed.core] { return limit_samples(core); });
    metrics.add([&core = observed.core] { return login_samples(core); });
    metrics.add([observed] { return queue_samples(observed); });
    metrics.add([observed] { return log_samples(observed); });
    metrics.add([observed] { return hot_access_samples(observed); });
    metrics.add([&followers = observed.followers] { return projector_samples(followers); });
    metrics.add([&followers = observed.followers] { return publisher_samples(followers); });
    metrics.add([&followers = observed.followers] { return kafka_samples(followers); });
    metrics.add([&reactors = observed.reactors] { return reactor_samples(reactors); });
    metrics.add([&tree_heads = observed.tree_heads] { return tree_head_samples(tree_heads); });
    metrics.add([&health = observed.health] { return health_samples(health); });
    metrics.add(session_samples);
    metrics.add(process_samples);
}

}  // namespace keyledger::app
