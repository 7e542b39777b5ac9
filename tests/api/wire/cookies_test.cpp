#include "api/wire/cookies.hpp"

#include <gtest/gtest.h>

namespace keyledger::api {
namespace {

Headers cookies(std::initializer_list<std::string_view> values) {
    Headers headers;
    headers.add("Accept", "a=1");
    for (const auto& value : values) headers.add("Cookie", value);
    return headers;
}

TEST(CookieOf, FindsTheOneOfThatName) {
    EXPECT_EQ(cookie_of(cookies({"a=1"}), "a"), "1");
    EXPECT_EQ(cookie_of(cookies({"b=2; a=1; c=3"}), "a"), "1");
    EXPECT_EQ(cookie_of(cookies({"b=2;a=1"}), "a"), "1");
    EXPECT_EQ(cookie_of(cookies({"b=2", "a=1"}), "a"), "1") << "HTTP/2 splits them";
    EXPECT_EQ(cookie_of(cookies({"a=x=y"}), "a"), "x=y");
    EXPECT_EQ(cookie_of(cookies({"a="}), "a"), "");
}

TEST(CookieOf, SaysNothingOfNoneAndOfTwo) {
    EXPECT_EQ(cookie_of(cookies({}), "a"), std::nullopt);
    EXPECT_EQ(cookie_of(cookies({"", ";", "; ;=;b"}), "a"), std::nullopt);
    EXPECT_EQ(cookie_of(cookies({"A=1"}), "a"), std::nullopt) << "names are case-sensitive";
    EXPECT_EQ(cookie_of(cookies({"xa=1"}), "a"), std::nullopt);
    EXPECT_EQ(cookie_of(cookies({"a=1; a=1"}), "a"), std::nullopt);
    EXPECT_EQ(cookie_of(cookies({"a=1", "a=2"}), "a"), std::nullopt);
}

TEST(HostCookie, IsOfThisHostAndNoScripts) {
    EXPECT_EQ(host_cookie("__Host-x", "v", std::chrono::seconds(60)),
              "__Host-x=v; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax");
    EXPECT_THROW(host_cookie("x", "v", std::chrono::seconds(60)), std::logic_error);
}

}  // namespace
}  // namespace keyledger::api
