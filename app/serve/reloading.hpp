#pragma once
// What a SIGHUP does: settings are read again from all their sources, and with them the keyring, the clients file and
// the TLS certificate. What is good is taken over, each by itself; what is not stays as it was, and the log, the check
// `reload` and the metric keyledger_reload_failed say so until a later SIGHUP finds it good. Settings that can't change
// while the service runs are named, and count from the next start on.
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "api/http/server.hpp"
#include "app/config/clients_file.hpp"
#include "app/config/config.hpp"
#include "app/metrics/metrics.hpp"
#include "app/observing/access_log.hpp"
#include "app/serve/health.hpp"
#include "commands/runtime/ports.hpp"
#include "security/keys/keyring.hpp"

namespace keyledger::app {

// What a reload changes; all of it outlives the object.
struct Reloaded {
    security::LiveKeyring& keyring;
    LiveClients& clients;
    api::Server& server;
    AccessLog& access_log;
    const commands::Clock& clock;
};

class Reloading {
public:
    // `started_with`: what the service was started with.
    Reloading(const LenientConfig& started_with, Reloaded what);

    // Of one thread. Blocks for the disk, and for what looking at the settings takes (all_faults()).
    void reload(const LenientConfig& read);

    // Any thread.
    api::HealthCheck check() const;
    Samples samples() const;

private:
    using Faults = std::vector<std::string>;
    struct Status {
        Faults faults;                       // sentences that name the setting; none quotes a secret
        std::vector<std::string> next_time;  // settings that count from the next start on
        Instant at;                          // of the last SIGHUP
    };

    void take_keyring(Faults& faults);
    void take_clients(Faults& faults);
    void take_certificate(Faults& faults);
    void take_settings(const LenientConfig& read, Status& status);

    const Reloaded what_;
    std::map<std::string_view, std::string> in_force_;  // values of all settings
    mutable std::mutex mutex_;
    Status status_;
};

}  // namespace keyledger::app
