#include "domain/base/nearest.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace keyledger {
namespace {

TEST(Nearest, IsWhatSomebodyMayHaveMeant) {
    constexpr std::array<std::string_view, 5> kNames{"user.registered", "user.disabled", "login.failed",
                                                     "login.unlocked", "session.started"};
    const struct {
        std::string word;
        std::string meant;  // empty: none
    } cases[] = {
        {"user.registred", "user.registered"},   // a letter left out
        {"user.regsitered", "user.registered"},  // two swapped
        {"user_disabled", "user.disabled"},
        {"login.fail", "login.failed"},
        {"LOGIN.FAILED", ""},  // ten changes: another word
        {"session.start", "session.started"},
        {"token.issued", ""},
        {"", ""},
        {std::string(65, 'a'), ""},
        {"login.failed", "login.failed"},
    };
    for (const auto& one : cases) EXPECT_EQ(nearest_to(one.word, kNames).value_or(""), one.meant) << one.word;
}

TEST(Nearest, OfNoNamesIsNone) { EXPECT_FALSE(nearest_to("user.disabled", {})); }

}  // namespace
}  // namespace keyledger
