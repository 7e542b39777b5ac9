#pragma once
// With what, and from where, somebody logs in: what is known of it before it is decided. Every way in asks here.
#include "commands/devices/places.hpp"
#include "commands/services.hpp"
#include "domain/credentials/login_attempts.hpp"
#include "domain/devices/devices.hpp"
#include "domain/risk/risk.hpp"

namespace keyledger {
struct StartSession;
}

namespace keyledger::commands {

struct LogInDevice {
    std::string kept_id;  // what the client keeps from now on; empty: devices are not known here
    std::string network;  // as `login.failed` has it
    SeeDevice seen;
    std::optional<Coordinates> at;
};
// Reads nothing: what the caller sent is opened, or an id is made.
LogInDevice device_of_log_in(Services& services, const UserId& user_id, const SessionId& session_id,
                             const Caller& caller);
// For the answer, sealed anew; empty: there is nothing to be kept.
std::string device_for_client(Services& services, const LogInDevice& device);

// What failed and what is known, in one read at the head of the log, of all nodes (I8), with what this node could not
// record. Read and not guarded: otherwise anybody who guesses could lock the owner out by moving the one stream.
struct LoginHistory {
    LoginAttempts attempts;
    Devices devices;
};
Answer<LoginHistory> login_history_at_head(Services& services, UserId user_id, Deadline deadline);

LoginSource source_of(const LoginHistory& history, const LogInDevice& device);
// Whether they logged in with it before; where devices keep no id, from there.
bool is_known(const LoginHistory& history, const LogInDevice& device);
// Device, place and risk, as the session tells them.
void put_device(StartSession& command, const LoginHistory& history, const LogInDevice& device, const Risk& risk);
// What may_try() is asked of an attempt whose password is not right: nullopt for a device that the user is not known to
// use. One read where the caller showed a device, whoever the user is; none else.
asio::awaitable<std::optional<DeviceId>> known_device_of(Services& services, UserId user_id, const Caller& caller);

// `may_be_copied`: of a passkey, that its counter did not grow.
Risk risk_of_log_in(Services& services, const LoginHistory& history, const LogInDevice& device,
                    bool may_be_copied = false);

// All of it, for whoever begins the session. What it refers to outlives it.
struct LogInOrigin {
    const LoginHistory& history;
    const LogInDevice& device;
    Risk risk;
};

}  // namespace keyledger::commands
