#pragma once
// The service, put together: the one place that builds concrete classes. Start order is the order of need; stop order
// is design section 10's: readiness red (for a while if so configured: begin_to_drain()), no new connections, requests
// in flight, projector and publisher, committer, pools, I/O threads.
#include <memory>
#include <string>
#include <vector>

#include "app/config/config.hpp"

namespace keyledger::app {

// The service can't start; the text says why and what to do.
struct StartFailure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Told to stop (SIGTERM, SIGINT, which are blocked) before it served.
struct StartStopped {};

class Service {
public:
    // Reads keys and clients, checks the schema, learns which log it serves. Throws StartFailure, or StartStopped.
    explicit Service(const LenientConfig& read);
    ~Service();  // stop()
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    void start();
    // Takes over what it can of settings that were read again, and reads the files again (reloading.hpp).
    void reload(const LenientConfig& read);
    // Goes on as before, but is not ready, and each answer ends its connection: what sends requests here learns to send
    // them elsewhere. Then stop().
    void begin_to_drain();
    void stop();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace keyledger::app
