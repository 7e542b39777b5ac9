#pragma once
// Whether this process may be sent requests, and why not.
#include <atomic>
#include <functional>
#include <vector>

#include "api/routes/context.hpp"

namespace keyledger::app {

class ServiceHealth : public api::Health {
public:
    using Check = std::function<api::HealthCheck()>;
    // Before anybody asks. A check is quick and thread-safe.
    void add(Check check) { checks_.push_back(std::move(check)); }
    void set_serving(bool serving) { serving_ = serving; }

    std::vector<api::HealthCheck> readiness() override {
        std::vector<api::HealthCheck> results;
        const bool serving = serving_;
        results.push_back({"serving", serving, serving ? "takes requests" : "starting or stopping"});
        for (const Check& check : checks_) results.push_back(check());
        return results;
    }

private:
    std::atomic<bool> serving_{false};
    std::vector<Check> checks_;
};

}  // namespace keyledger::app
