#pragma once
// What KEYLEDGER_ACCESS_LOG and KEYLEDGER_TRACES_* say. Pure.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/time.hpp"

namespace keyledger::app {

// "off", "errors" (answers of 5xx alone), "all", or a share of the others beside them.
struct AccessLogRule {
    bool is_on = false;
    double share = 0;
};
std::optional<AccessLogRule> parse_access_log_rule(std::string_view setting);

// What a collector of traces is sent, and how.
struct TraceSettings {
    std::string endpoint;  // empty: nothing is traced
    std::string headers;   // as integrations/traces/otlp.hpp reads them
    std::string ratio;
    bool follows_parent = false;
    std::string service_name;
    Duration delay;
};
// From 0 to 1; nullopt: it is no such number.
std::optional<double> parse_share(std::string_view text);
// The host of the endpoint, and its port if it names one: "collector.internal:4318". Empty: it is no URL.
std::string_view host_of_endpoint(std::string_view endpoint);
// Sentences that name the setting.
std::vector<std::string> trace_faults(const TraceSettings& settings);

}  // namespace keyledger::app
