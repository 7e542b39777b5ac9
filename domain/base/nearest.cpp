#include "domain/base/nearest.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace keyledger {
namespace {

constexpr std::size_t kLongest = 64;
using Row = std::array<std::size_t, kLongest + 1>;

std::size_t distance(std::string_view from, std::string_view to) {
    Row before_last{};
    Row last{};
    Row now{};
    for (std::size_t j = 0; j <= to.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= from.size(); ++i) {
        now[0] = i;
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const std::size_t changed = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
            now[j] = std::min({last[j] + 1, now[j - 1] + 1, changed});
            const bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
            if (swapped) now[j] = std::min(now[j], before_last[j - 2] + 1);
        }
        before_last = last;
        last = now;
    }
    return last[to.size()];
}

}  // namespace

std::optional<std::string_view> nearest_to(std::string_view word, std::span<const std::string_view> names) {
    if (word.size() > kLongest) return std::nullopt;
    std::optional<std::string_view> nearest;
    std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const std::string_view name : names) {
        if (name.size() > kLongest) continue;
        const std::size_t letters = distance(word, name);
        if (letters >= least) continue;
        least = letters;
        nearest = name;
    }
    return nearest;
}

}  // namespace keyledger
