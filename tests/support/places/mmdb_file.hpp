#pragma once
// Writes a small file of places in MaxMind's format (MaxMind DB File Format Specification 2.0), for tests.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace keyledger::test {

struct PlacedNetwork {
    std::uint32_t base = 0;  // of IPv4
    int bits = 0;
    std::string country;
    std::string city;
    double latitude = 0;
    double longitude = 0;
};
std::string mmdb_of(const std::vector<PlacedNetwork>& networks);

// 192.0.2.0/24 is in Berlin, 198.51.100.0/24 in Sydney, 203.0.113.0/24 in a
// town that nobody made up elsewhere, 127.0.0.0/8 in Oslo (RFC 5737).
std::string mmdb_of_documentation();
inline constexpr const char* kInBerlin = "192.0.2.7";
inline constexpr const char* kInSydney = "198.51.100.7";
inline constexpr const char* kInTown = "203.0.113.7";
inline constexpr const char* kTown = "Quittenwerder an der Probe";

}  // namespace keyledger::test
