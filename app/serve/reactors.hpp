#pragma once
// The role `reactor`: plans what the log causes outside and does it. Today that is mail, where KEYLEDGER_SMTP_URL names
// a server; without one it rests.
#include <memory>
#include <optional>

#include "app/config/config.hpp"
#include "app/core/core.hpp"
#include "projections/engine/runner.hpp"
#include "reactors/engine/performer.hpp"

namespace keyledger::app {

class Reactors {
public:
    // The core outlives it.
    Reactors(const Config& config, Core& core, const Uuid& log_id, commands::ChallengeSecrets& secrets);
    ~Reactors();

    void start();
    void stop();

    struct Status {
        projections::ProjectorStatus planner;
        reactors::PerformerStatus performer;
        std::int64_t too_late = 0;  // jobs that were not planned, for what would cause them was a day old
    };
    std::optional<Status> status() const;  // nullopt: it rests

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;  // nullptr: it rests
};

}  // namespace keyledger::app
