#pragma once
#include <cstdint>
#include <utility>

namespace keyledger::test {

// Two of 127.0.0.1, free a moment ago: whoever loses the race for one says so and is started again on others.
std::pair<std::uint16_t, std::uint16_t> free_ports();

}  // namespace keyledger::test
