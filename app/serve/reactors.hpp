#pragma once
// The role `reactor`: plans what the log causes outside and does it: applications are told of log-outs, and people get
// mail where KEYLEDGER_SMTP_URL names a server.
#include <memory>
#include <optional>

#include "app/config/config.hpp"
#include "app/core/core.hpp"
#include "integrations/outgoing/curl_outgoing.hpp"
#include "mail/smtp/smtp_sender.hpp"
#include "projections/engine/queries.hpp"
#include "projections/engine/runner.hpp"
#include "reactors/engine/performer.hpp"

namespace keyledger::app {

// They outlive it. It stops `outgoing` when it stops.
struct ReactorNeeds {
    commands::ChallengeSecrets& secrets;
    projections::Queries& queries;
    integrations::CurlOutgoing& outgoing;
};

class Reactors {
public:
    // The core outlives it.
    Reactors(const Config& config, Core& core, const Uuid& log_id, const ReactorNeeds& needs);
    ~Reactors();

    void start();
    void stop();

    struct OneStatus {
        std::string name;
        reactors::PerformerStatus performer;
        std::int64_t too_late = 0;  // jobs that were not planned, for what would cause them was a day old
    };
    struct Status {
        projections::ProjectorStatus planner;
        std::vector<OneStatus> reactors;
        bool sends_mail = false;
        mail::SmtpSender::Counters mail{};  // of this node, if it does
    };
    std::optional<Status> status() const;  // nullopt: it rests

private:
    struct Running;
    struct MailParts;
    struct Parts;
    std::unique_ptr<Parts> parts_;  // nullptr: it rests
};

}  // namespace keyledger::app
