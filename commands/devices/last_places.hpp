#pragma once
// Where users last logged in, as this process remembers it: for a hint at log-ins that nobody can have made both. It
// decides nothing alone, for another node, or this one before it started, knows of others. Thread-safe.
#include <optional>

#include "commands/devices/places.hpp"
#include "domain/base/id.hpp"
#include "domain/base/lru_map.hpp"
#include "domain/base/time.hpp"

namespace keyledger::commands {

struct LastPlace {
    Coordinates at;
    Instant seen_at;
};
// Whether nobody gets from the one to the other in between: over 500 km, and faster than 1,000 km/h.
bool is_impossible_travel(const LastPlace& from, const LastPlace& to);

class LastPlaces {
public:
    explicit LastPlaces(std::size_t capacity = 100'000) : places_(capacity) {}
    std::optional<LastPlace> find(const UserId& user_id) { return places_.find(user_id); }
    void remember(const UserId& user_id, const LastPlace& place) { places_.put(user_id, place); }

private:
    SharedLruMap<UserId, LastPlace> places_;
};

}  // namespace keyledger::commands
