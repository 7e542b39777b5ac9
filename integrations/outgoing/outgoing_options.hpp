#pragma once
// How requests go out. Values.
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "integrations/outgoing/destination.hpp"

namespace keyledger::integrations {

struct OutgoingOptions {
    std::vector<NamedHost> named_hosts{};  // that may be at any address
    std::string ca_file{};                 // PEM; empty: the system's
    std::chrono::milliseconds connect_timeout{5'000};
    std::size_t at_once = 32;           // under way, to all hosts together
    std::size_t at_once_to_a_host = 4;  // (and port)
    std::size_t waiting = 1'000;        // besides those under way
    std::size_t waiting_for_a_host = 100;
};

}  // namespace keyledger::integrations
