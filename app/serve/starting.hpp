#pragma once
// The management listener while there is no service behind it yet: it says that the process lives, that it is not
// ready, and what it waits for. A supervisor that asks neither kills the process nor sends it requests.
#include <memory>
#include <string>

#include "app/config/settings.hpp"

namespace keyledger::app {

class StartingListener {
public:
    // Listens. Throws StartFailure.
    explicit StartingListener(const Endpoint& listen);
    ~StartingListener();  // stop()
    StartingListener(const StartingListener&) = delete;
    StartingListener& operator=(const StartingListener&) = delete;

    // What readiness says of the database, such as "does not answer". Any thread.
    void say(std::string of_database);
    // The address is free when it returns.
    void stop();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace keyledger::app
