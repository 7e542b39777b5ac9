#include "reactors/engine/back_off.hpp"

#include <algorithm>

namespace keyledger::reactors {

std::chrono::milliseconds back_off(std::chrono::milliseconds tried_for, double chance) {
    const auto wait = std::clamp<std::chrono::milliseconds>(tried_for, kFirstBackOff, kLongestBackOff);
    const auto less =
        std::chrono::milliseconds(static_cast<std::int64_t>(chance * static_cast<double>(wait.count()) / 4));
    return std::max<std::chrono::milliseconds>(kFirstBackOff, wait - less);
}

}  // namespace keyledger::reactors
