#include "commands/sessions/half_way.hpp"

#include <gtest/gtest.h>

namespace keyledger::commands {
namespace {

TEST(HalfWay, IsOfOneRequest) {
    for (const std::string token : {"token", "with.a.dot", ""}) {
        const std::string kept = keep_half_way(token, "flow");
        EXPECT_EQ(half_way_of(kept, "flow"), token);
        EXPECT_EQ(half_way_of(kept, "another"), std::nullopt);
        EXPECT_EQ(half_way_of(kept, ""), std::nullopt);
        EXPECT_EQ(half_way_of(token, "flow"), std::nullopt) << "nothing says of which";
        EXPECT_EQ(half_way_of(token + ".", "flow"), std::nullopt);
    }
}

}  // namespace
}  // namespace keyledger::commands
