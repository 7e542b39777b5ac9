#include "commands/devices/last_places.hpp"

#include <cmath>
#include <numbers>

namespace keyledger::commands {
namespace {

constexpr double kEarthRadiusKm = 6371;
constexpr double kLeastKm = 500;  // what a file of networks may be wrong by
constexpr double kMostKmAnHour = 1000;

double radians(double degrees) { return degrees * std::numbers::pi / 180; }

// By the haversine formula.
double km_between(const Coordinates& a, const Coordinates& b) {
    const double half_latitude = std::sin(radians(b.latitude - a.latitude) / 2);
    const double half_longitude = std::sin(radians(b.longitude - a.longitude) / 2);
    const double chord = half_latitude * half_latitude + std::cos(radians(a.latitude)) * std::cos(radians(b.latitude)) *
                                                             half_longitude * half_longitude;
    return 2 * kEarthRadiusKm * std::asin(std::min(1.0, std::sqrt(chord)));
}

}  // namespace

bool is_impossible_travel(const LastPlace& from, const LastPlace& to) {
    const double km = km_between(from.at, to.at);
    const double hours_between =
        static_cast<double>((to.seen_at - from.seen_at).ms()) / static_cast<double>(hours(1).ms());
    return km > kLeastKm && km > kMostKmAnHour * std::max(0.0, hours_between);
}

}  // namespace keyledger::commands
