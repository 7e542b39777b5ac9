#include "domain/base/secret.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <type_traits>

namespace keyledger {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };
template <class T>
concept Comparable = requires(const T& a, const T& b) { a == b; };

// I10, as far as the compiler can hold it.
static_assert(!Printable<Secret>);
static_assert(!Comparable<Secret>);
static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(!std::is_convertible_v<std::string, Secret> && !std::is_convertible_v<Secret, std::string_view>);

TEST(Secret, IsComparedByItsBytes) {
    EXPECT_TRUE(equal(Secret("correct"), Secret("correct")));
    EXPECT_FALSE(equal(Secret("correct"), Secret("correcT")));
    EXPECT_FALSE(equal(Secret("correct"), Secret("Correct")));
    EXPECT_FALSE(equal(Secret("correct"), Secret("correct ")));
    EXPECT_TRUE(equal(Secret(), Secret("")));
}

TEST(Secret, LeavesNothingWhereItCameFrom) {
    std::string clear = "correct horse battery staple";
    const char* bytes = clear.data();
    const Secret secret = Secret::take(std::move(clear));
    EXPECT_EQ(secret.reveal(), "correct horse battery staple");
    EXPECT_EQ(std::string(bytes, 7), std::string(7, '\0'));
}

TEST(Secret, IsEmptyOnceMoved) {
    Secret first("correct");
    const Secret second = std::move(first);
    EXPECT_TRUE(first.empty());
    EXPECT_EQ(second.reveal(), "correct");
}

TEST(Secret, IsCopiedOnlyWhenAsked) {
    const Secret first("correct");
    const Secret second = first.clone();
    EXPECT_TRUE(equal(first, second));
    EXPECT_NE(first.reveal().data(), second.reveal().data());
}

}  // namespace
}  // namespace keyledger
