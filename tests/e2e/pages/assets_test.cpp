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

}  // namespace
}  // namespace keyledger::test
