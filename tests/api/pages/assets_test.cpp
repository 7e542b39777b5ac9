#include "api/pages/assets.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace keyledger::api {
namespace {

std::string name_of(const std::string& path) { return path.substr(path.find('/') + 1); }

TEST(Assets, AreServedUnderANameThatChangesWithTheText) {
    const Assets own;
    const Assets replaced("body { color: red }");
    const std::string name = name_of(own.path("style.css"));
    const auto found = own.find(name);
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->is_this_text);
    EXPECT_EQ(found->asset->content_type, "text/css; charset=utf-8");
    EXPECT_NE(own.path("style.css"), replaced.path("style.css"));
    EXPECT_EQ(own.path("icon.svg"), replaced.path("icon.svg"));
    EXPECT_EQ(replaced.find(name_of(replaced.path("style.css")))->asset->text, "body { color: red }");
}

// While nodes are upgraded one by one, a page of the one asks the other.
TEST(Assets, AreFoundByTheNameOfAnotherText) {
    const Assets own;
    const Assets replaced("body { color: red }");
    const auto found = replaced.find(name_of(own.path("style.css")));
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->is_this_text);
    EXPECT_EQ(found->asset->text, "body { color: red }");
}

TEST(Assets, AreNothingElse) {
    const Assets own;
    for (const char* name : {"", "style.css", "style-.css", "style-0123456789abcdef.js", "page.mustache",
                             "../style.css", "style-0123456789abcdef0.css", ".css", "-0123456789abcdef.css"})
        EXPECT_FALSE(own.find(name)) << name;
    EXPECT_THROW(own.path("page.mustache"), std::out_of_range);
}

// A strict policy lets nothing in from elsewhere: what asks for it would only fail.
TEST(Assets, LoadNothingThemselves) {
    const Assets own;
    const auto& style = own.find(name_of(own.path("style.css")))->asset->text;
    for (const char* loads : {"url(", "@import", "http", "data:", "!important"})
        EXPECT_EQ(style.find(loads), std::string::npos) << loads;
    EXPECT_LT(style.size(), 10'000U);
    // Physical sides are wrong in languages that are written the other way.
    for (const char* side : {"margin-left", "margin-right", "padding-left", "padding-right", " left:", " right:"})
        EXPECT_EQ(style.find(side), std::string::npos) << side;
}

}  // namespace
}  // namespace keyledger::api
