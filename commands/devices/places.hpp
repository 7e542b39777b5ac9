#pragma once
// Where an address is, as far as a file of networks knows. Implemented in integrations/; any thread.
#include <optional>
#include <string>

namespace keyledger::commands {

struct Coordinates {  // degrees; WGS 84
    double latitude = 0;
    double longitude = 0;
};
struct Place {
    std::string country;  // ISO 3166-1 alpha-2; empty: not known
    std::string city;     // by its English name
    std::optional<Coordinates> at{};
};

class Places {
public:
    virtual ~Places() = default;
    virtual Place find(const std::string& address) const = 0;  // of memory; never throws
};

}  // namespace keyledger::commands
