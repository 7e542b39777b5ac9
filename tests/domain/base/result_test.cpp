#include "domain/base/result.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace keyledger {
namespace {

enum class Problem { kSmall, kLarge };

TEST(Result, HoldsEitherAValueOrAnError) {
    const Result<int, Problem> good(7);
    const Result<int, Problem> bad(Unexpected(Problem::kLarge));
    EXPECT_TRUE(good.has_value());
    EXPECT_EQ(*good, 7);
    EXPECT_FALSE(bad);
    EXPECT_EQ(bad.error(), Problem::kLarge);
}

TEST(Result, ThrowsWhenTheOtherSideIsRead) {
    const Result<int, Problem> good(7);
    const Result<int, Problem> bad(Unexpected(Problem::kSmall));
    EXPECT_THROW((void)good.error(), BadResultAccess);
    EXPECT_THROW((void)bad.value(), BadResultAccess);
    EXPECT_THROW((void)*bad, BadResultAccess);
}

TEST(Result, TellsEqualTypesApart) {
    const Result<std::string, std::string> bad(Unexpected(std::string("no")));
    EXPECT_FALSE(bad);
    EXPECT_EQ(bad.error(), "no");
}

TEST(Result, MovesItsValueOut) {
    Result<std::unique_ptr<int>, Problem> made(std::make_unique<int>(7));
    EXPECT_EQ(**made, 7);
    const std::unique_ptr<int> taken = std::move(made).value();
    EXPECT_EQ(*taken, 7);
}

TEST(ResultOfVoid, HoldsSuccessOrAnError) {
    const Result<void, Problem> good;
    const Result<void, Problem> bad(Unexpected(Problem::kSmall));
    EXPECT_NO_THROW(good.value());
    EXPECT_THROW((void)good.error(), BadResultAccess);
    EXPECT_THROW(bad.value(), BadResultAccess);
    EXPECT_EQ(bad.error(), Problem::kSmall);
}

}  // namespace
}  // namespace keyledger
