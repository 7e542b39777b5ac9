#include "app/serve/management.hpp"

#include <spdlog/spdlog.h>

#include "api/routes/health/readiness.hpp"
#include "api/wire/problem.hpp"
#include "api/wire/write_json.hpp"
#include "app/core/logging.hpp"

namespace keyledger::app {
namespace {

using api::Request;
using api::Response;
using enum api::Method;

Response show_metrics(Metrics& metrics) {
    Response response = api::json(200, metrics.scrape());
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    return response;
}

Response show_information(const Uuid& log_id) {
    api::JsonText text;
    text.text("service", "keyledger").text("version", KEYLEDGER_VERSION).text("log_id", log_id.to_string());
    return api::json(200, text.finish());
}

Response change_log_level(Request& request) {
    std::string level = request.body;
    while (!level.empty() && (level.back() == '\n' || level.back() == '\r')) level.pop_back();
    if (!set_log_level(level))
        return api::problem(request, api::problems::kBadRequest,
                            "Send as body one of trace, debug, info, warn, error.");
    spdlog::info("the log level is now {}", level);
    return api::no_content();
}

}  // namespace

std::vector<api::ManagementRoute> management_routes(const ManagementSubjects& subjects) {
    using api::routes::HealthDetail;
    ServiceHealth& health = subjects.health;
    Metrics& metrics = subjects.metrics;
    const Uuid log_id = subjects.log_id;
    const auto reasons = [&health](Request&) { return api::routes::readiness(health, HealthDetail::kReasons); };
    return {
        {"metrics", kGet, "/metrics", [&metrics](Request&) { return show_metrics(metrics); }},
        {"health", kGet, "/health", reasons},
        {"healthReady", kGet, "/health/ready", reasons},
        {"healthLive", kGet, "/health/live", [](Request&) { return api::json(200, R"({"status":"live"})"); }},
        {"information", kGet, "/info", [log_id](Request&) { return show_information(log_id); }},
        {"changeLogLevel", kPut, "/log-level", change_log_level},
    };
}

api::ManagementOptions management_options(const Endpoint& listen) {
    api::ManagementOptions options;
    options.address = listen.address;
    options.port = listen.port;
    options.on_failure = [](std::string_view operation, std::string_view what) {
        spdlog::error("management: {} failed: {}", operation, what);
    };
    return options;
}

}  // namespace keyledger::app
