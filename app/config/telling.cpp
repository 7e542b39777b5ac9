#include "app/config/telling.hpp"

#include <charconv>

#include "integrations/outgoing/destination.hpp"
#include "integrations/traces/otlp.hpp"

namespace keyledger::app {

std::optional<double> parse_share(std::string_view text) {
    double share = 0;
    const char* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, share);
    const bool is_one = error == std::errc{} && at == end && share >= 0 && share <= 1;
    return is_one ? std::optional(share) : std::nullopt;
}

std::optional<AccessLogRule> parse_access_log_rule(std::string_view setting) {
    if (setting == "off") return AccessLogRule{};
    if (setting == "errors") return AccessLogRule{true, 0};
    if (setting == "all") return AccessLogRule{true, 1};
    const auto share = parse_share(setting);
    return share ? std::optional(AccessLogRule{true, *share}) : std::nullopt;
}

std::string_view host_of_endpoint(std::string_view endpoint) {
    const std::size_t scheme = endpoint.find("://");
    if (scheme == endpoint.npos) return {};
    const std::string_view rest = endpoint.substr(scheme + 3);
    return rest.substr(0, rest.find_first_of("/?#"));
}

std::vector<std::string> trace_faults(const TraceSettings& settings) {
    std::vector<std::string> faults;
    if (!parse_share(settings.ratio)) faults.push_back("KEYLEDGER_TRACES_RATIO: give a number from 0 to 1, as 0.05");
    if (!integrations::parse_trace_headers(settings.headers))
        faults.push_back(
            "KEYLEDGER_TRACES_HEADERS: give name=value, more of them behind commas, values percent-encoded");
    if (settings.endpoint.empty()) return faults;
    const auto host = integrations::NamedHost::parse(host_of_endpoint(settings.endpoint));
    if (!host || !integrations::read_destination(settings.endpoint, {*host}))
        faults.push_back(
            "KEYLEDGER_TRACES_ENDPOINT: give a whole URL such as https://collector.internal/v1/traces, or one of http "
            "on this machine");
    return faults;
}

}  // namespace keyledger::app
