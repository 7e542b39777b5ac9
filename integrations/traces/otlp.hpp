#pragma once
// OTLP 1.x in JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): ids in hexadecimal, names in
// lowerCamelCase, 64-bit integers as texts, enumerators as numbers. Pure.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/base/secret.hpp"
#include "integrations/traces/span.hpp"

namespace keyledger::integrations {

// Whose spans they are, by OpenTelemetry's names: service.name, service.version, service.instance.id.
struct TraceResource {
    std::string service_name = "keyledger";
    std::string service_version;
    std::string instance_id;
};

// The body of an ExportTraceServiceRequest.
std::string otlp_request(std::span<const Span> spans, const TraceResource& resource);
// How many spans a collector says that it did not take, of those it was sent. 0 where its answer says nothing of that,
// or is no JSON.
std::int64_t rejected_spans(std::string_view answer, std::int64_t sent);

// Fields of a request, written as OTEL_EXPORTER_OTLP_HEADERS is (name=value,name=value; percent-encoded). nullopt:
// it is not, or names a field that is not the writer's to choose.
std::optional<std::vector<std::pair<std::string, Secret>>> parse_trace_headers(std::string_view text);

}  // namespace keyledger::integrations
