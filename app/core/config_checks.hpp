#pragma once
// What `serve` would refuse although every setting can be read: addresses, networks, origins, and the files
// and servers that settings name. Told together, by `serve` before it starts anything and by `config check`.
// Connects to nobody but for check_service_role().
#include <string>
#include <vector>

#include "app/config/config.hpp"

namespace keyledger::app {

// Sentences that name the setting and say what to do; none quotes a secret. Needs what was read for serving.
std::vector<std::string> serving_faults(const LenientConfig& read);
// All of that and what could not be read, each setting once.
std::vector<std::string> all_faults(const LenientConfig& read);
// Whether the database's role may serve, if a server answers. Blocks for seconds at most.
struct RoleCheck {
    std::string fault;    // of the setting, or of connecting; empty: none was found
    std::string warning;  // why nobody could look; empty: somebody could
};
RoleCheck check_service_role(const Config& config);
// Of these, what concerns Kafka; none without brokers.
std::vector<std::string> kafka_faults(const Config& config);

}  // namespace keyledger::app
