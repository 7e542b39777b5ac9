#include "app/observing/traces.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>

#include "integrations/outgoing/destination.hpp"

namespace keyledger::app {
namespace {

using integrations::NamedHost;
using integrations::TraceExporterOptions;

constexpr std::chrono::seconds kLastMoment{2};

std::string instance_of(const Config& config) {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
    return std::string(host.data()) + ":" + std::to_string(config.listen.port);
}

integrations::OutgoingOptions outgoing_options_of(const Config& config) {
    integrations::OutgoingOptions options;
    options.named_hosts = {NamedHost::parse(host_of_endpoint(config.traces.endpoint)).value()};
    options.ca_file = config.outgoing_ca_file;
    options.at_once = 1;
    return options;
}

TraceExporterOptions exporter_options(const Config& config) {
    TraceExporterOptions options;
    options.url = config.traces.endpoint;
    options.headers = integrations::parse_trace_headers(config.traces.headers).value();
    options.resource = {config.traces.service_name, KEYLEDGER_VERSION, instance_of(config)};
    options.delay = std::chrono::milliseconds(config.traces.delay.ms());
    return options;
}

void tell_of_trouble(const std::string& trouble) {
    if (trouble.empty()) spdlog::info("the collector takes traces again");
    else
        spdlog::warn("traces can't be sent to the collector: {}; requests go on, and what waits too long is dropped",
                     trouble);
}

}  // namespace

api::TraceRules trace_rules(const Config& config) {
    if (config.traces.endpoint.empty()) return {};
    return {true, parse_share(config.traces.ratio).value_or(0), config.traces.follows_parent};
}

std::unique_ptr<Traces> Traces::of(const Config& config, const commands::Clock& clock) {
    return config.traces.endpoint.empty() ? nullptr : std::make_unique<Traces>(config, clock);
}

Traces::Traces(const Config& config, const commands::Clock& clock)
    : clock_(clock),
      outgoing_(outgoing_options_of(config)),
      exporter_(context_, outgoing_, exporter_options(config), tell_of_trouble),
      recorder_(exporter_, clock) {}

Traces::~Traces() { stop(); }

void Traces::stop() {
    exporter_.stop(kLastMoment);
    outgoing_.stop();
}

std::shared_ptr<FollowedSpans> Traces::projecting(std::size_t models) {
    integrations::Span span;
    span.name = "project";
    span.kind = integrations::SpanKind::kConsumer;
    span.attributes = {{"db.system.name", "postgresql"}};
    return std::make_shared<FollowedSpans>(recorder_, clock_, std::move(span), models);
}

std::shared_ptr<FollowedSpans> Traces::publishing(const std::string& topic) {
    integrations::Span span;
    span.name = "send " + topic;
    span.kind = integrations::SpanKind::kProducer;
    span.attributes = {{"messaging.system", "kafka"},
                       {"messaging.operation.name", "send"},
                       {"messaging.operation.type", "send"},
                       {"messaging.destination.name", topic}};
    return std::make_shared<FollowedSpans>(recorder_, clock_, std::move(span), 1);
}

}  // namespace keyledger::app
