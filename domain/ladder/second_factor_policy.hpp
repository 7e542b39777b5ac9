#pragma once
// Who has to have a second factor: by configuration, beside what users choose for themselves.
#include <cstdint>
#include <optional>
#include <vector>

#include "domain/base/id.hpp"
#include "domain/base/time.hpp"

namespace keyledger {

// By configuration. Demanded is a second factor where any of these holds; with none of them it is everybody's choice.
struct SecondFactorPolicy {
    enum class Demand { kOfNobody, kOfEverybody };
    enum class NewDevices { kAsOthers, kDemand };
    Demand of_all = Demand::kOfNobody;
    std::vector<RoleId> of_roles{};
    NewDevices of_new_devices = NewDevices::kAsOthers;
    std::optional<std::int64_t> from_risk{};  // 0 to 100
    // How long whoever has none may still get in without: since they registered, or since the policy began.
    Duration grace{};
    Instant since{};
};

}  // namespace keyledger
