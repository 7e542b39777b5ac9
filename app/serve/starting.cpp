#include "app/serve/starting.hpp"

#include <mutex>

#include "api/routes/health/readiness.hpp"
#include "api/wire/write_json.hpp"
#include "app/serve/management.hpp"
#include "app/serve/service.hpp"

namespace keyledger::app {
namespace {

using api::Request;
using enum api::Method;

api::Response starting(Request&) { return api::json(503, R"({"status":"starting"})"); }

}  // namespace

struct StartingListener::Parts {
    explicit Parts(const Endpoint& listen) : server(management_options(listen), routes()) {
        health.add([this] {
            const std::lock_guard lock(mutex);
            return api::HealthCheck{"database", false, of_database};
        });
    }

    std::vector<api::ManagementRoute> routes() {
        const auto ready = [this](Request&) {
            return api::routes::readiness(health, api::routes::HealthDetail::kReasons);
        };
        return {{"health", kGet, "/health", ready},
                {"healthReady", kGet, "/health/ready", ready},
                {"healthLive", kGet, "/health/live", [](Request&) { return api::json(200, R"({"status":"live"})"); }},
                {"metrics", kGet, "/metrics", starting},
                {"information", kGet, "/info", starting}};
    }

    std::mutex mutex;
    std::string of_database = "not asked yet";
    ServiceHealth health;
    api::ManagementServer server;  // last: its thread asks for the rest
};

StartingListener::StartingListener(const Endpoint& listen) try : parts_(std::make_unique<Parts>(listen)) {
    parts_->server.start();
} catch (const api::ManagementError& error) {
    throw StartFailure(error.what());
}

StartingListener::~StartingListener() { stop(); }

void StartingListener::say(std::string of_database) {
    const std::lock_guard lock(parts_->mutex);
    parts_->of_database = std::move(of_database);
}

void StartingListener::stop() { parts_->server.stop(); }

}  // namespace keyledger::app
