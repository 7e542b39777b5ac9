#pragma once
// Suggests the name that somebody may have meant. Pure.
#include <optional>
#include <span>
#include <string_view>

namespace keyledger {

// The one of `names` with the fewest letters added, left out, changed or swapped with the next (optimal
// string alignment), if these are at most a third of the word's, and at least one; of equals the first.
// Longer than 64 bytes: none.
std::optional<std::string_view> nearest_to(std::string_view word, std::span<const std::string_view> names);

}  // namespace keyledger
