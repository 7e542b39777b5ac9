#include "app/core/system_ports.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

namespace keyledger::app {
namespace {

// A UUIDv7, then sixteen bytes that are drawn for each: neither half of them is ever the same, and each byte varies.
TEST(RandomIdentifiers, MakeIdsOfCommandsOfAUuidAndSixteenRandomBytes) {
    constexpr std::size_t kIds = 2000;
    const SystemClock clock;
    RandomIdentifiers identifiers(clock);
    std::set<std::vector<std::uint8_t>> halves;
    std::vector<std::set<std::uint8_t>> seen(16);
    Uuid last;
    for (std::size_t i = 0; i < kIds; ++i) {
        const eventstore::CommandId id = identifiers.next_command_id();
        Uuid first;
        std::copy_n(id.begin(), first.bytes.size(), first.bytes.begin());
        EXPECT_EQ(first.bytes[6] >> 4, 7);
        EXPECT_EQ(first.bytes[8] >> 6, 2);
        EXPECT_LT(last, first);
        last = first;
        const auto random = std::span(id).last<16>();
        for (const auto half : {random.first<8>(), random.last<8>()}) halves.emplace(half.begin(), half.end());
        for (std::size_t n = 0; n < random.size(); ++n) seen[n].insert(random[n]);
    }
    EXPECT_EQ(halves.size(), 2 * kIds);
    // A byte that takes 256 values evenly misses 0.1 of them on average.
    for (const auto& values : seen) EXPECT_GT(values.size(), 240U);
}

}  // namespace
}  // namespace keyledger::app
