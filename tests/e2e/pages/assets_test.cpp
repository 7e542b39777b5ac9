// What pages load, from the service itself.
#include <gtest/gtest.h>

#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

TEST(Assets, AreServedToBeKept) {
    ApiClient client = api();
    const std::string others = "/assets/style-0123456789abcdef.css";
    const Answer style = client.get(others);
    ASSERT_EQ(style.status, 200) << style.body;
    EXPECT_EQ(style.header("Content-Type"), "text/css; charset=utf-8");
    EXPECT_EQ(style.header("Cache-Control"), "public, max-age=0") << "it is not the text of that name";
    EXPECT_EQ(client.get(others, {{"If-None-Match", style.header("ETag").value_or("")}}).status, 304);
    EXPECT_EQ(client.get("/assets/nothing.css").problem(), "not-found");
    EXPECT_EQ(client.get("/assets/style.css").problem(), "not-found");
}

TEST(Assets, AreThemesOfAllColoursThatCanBeRead) {
    ApiClient client = api();
    const std::string name = "/assets/theme-7a1fa2-ce93d8.css";
    const Answer theme = client.get(name);
    ASSERT_EQ(theme.status, 200) << theme.body;
    EXPECT_EQ(theme.header("Content-Type"), "text/css; charset=utf-8");
    EXPECT_EQ(theme.header("Cache-Control"), "public, max-age=31536000, immutable");
    EXPECT_NE(theme.body.find("--accent:#7a1fa2"), std::string::npos) << theme.body;
    EXPECT_EQ(client.get(name, {{"If-None-Match", theme.header("ETag").value_or("")}}).status, 304);
    EXPECT_EQ(client.get("/assets/theme-ffffff-ce93d8.css").problem(), "not-found") << "nobody could read it";
    EXPECT_EQ(client.get("/assets/theme-7a1fa2-%7Da%7Bb.css").problem(), "not-found");
}

}  // namespace
}  // namespace keyledger::test
