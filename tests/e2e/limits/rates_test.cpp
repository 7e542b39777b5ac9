// Whoever has a token may change only so much at once: every change is a few bytes for ever.
#include <gtest/gtest.h>

#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

// "/api/v1/admin/users/{id}" with ids that nobody has.
std::string some_target(std::string path) {
    for (auto begin = path.find('{'); begin != std::string::npos; begin = path.find('{'))
        path.replace(begin, path.find('}') - begin + 1, "01890a5d-ac96-774b-bcce-b302099a8057");
    return path;
}

TEST(Rates, AreOfEveryRequestThatChangesSomethingWithAToken) {
    const Visitor one = visitor(api());
    const Visitor other = visitor(api());
    RunningService strict(deployment(), {{"KEYLEDGER_WRITE_BURST", "1"}, {"KEYLEDGER_WRITE_RATE_PER_MINUTE", "1"}});
    ApiClient client = ApiClient(strict.port()).as(one.tokens.access);
    EXPECT_EQ(client.put(kMe, R"({"name":"Ann"})").status, 200);
    int asked = 0;
    for (const auto& [id, method, path] : api_document().operations()) {
        const bool documented = api_document().documented().contains({id, "429", "too-many-attempts"});
        const bool takes_a_token = api_document().documented().contains({id, "401", "invalid-token"});
        if (method == "GET" || !documented || !takes_a_token || !path.starts_with("/api/v1/")) continue;
        const Answer answer = method == "DELETE" ? client.del(some_target(path))
                              : method == "PUT"  ? client.put(some_target(path), "{}")
                                                 : client.post(some_target(path), "{}");
        EXPECT_EQ(answer.status, 429) << id << answer.body;
        EXPECT_TRUE(answer.header("Retry-After")) << id;
        ++asked;
    }
    EXPECT_GT(asked, 30);
    EXPECT_EQ(client.get(kMe).status, 200) << "reading is no change";
    ApiClient somebody_else = ApiClient(strict.port()).as(other.tokens.access);
    EXPECT_EQ(somebody_else.put(kMe, R"({"name":"Bob"})").status, 200);
}

// As many as the setting says, whether they append anything or not.
TEST(Rates, CountAChangeOnce) {
    constexpr int kBurst = 4;
    const Visitor one = visitor(api());
    RunningService strict(
        deployment(), {{"KEYLEDGER_WRITE_BURST", std::to_string(kBurst)}, {"KEYLEDGER_WRITE_RATE_PER_MINUTE", "1"}});
    ApiClient client = ApiClient(strict.port()).as(one.tokens.access);
    int passed = 0;
    while (passed <= kBurst && client.put(kMe, json_object({{"name", unique("Ann")}})).status == 200) ++passed;
    EXPECT_EQ(passed, kBurst);
}

TEST(Rates, AreOfRefreshesOfASession) {
    const Visitor one = visitor(api());
    RunningService strict(deployment(), {{"KEYLEDGER_WRITE_BURST", "1"}, {"KEYLEDGER_WRITE_RATE_PER_MINUTE", "1"}});
    ApiClient client(strict.port());
    const Answer first = refresh(client, one.tokens.refresh);
    ASSERT_EQ(first.status, 200);
    const Answer again = refresh(client, tokens_of(first).refresh);
    EXPECT_EQ(again.status, 429);
    EXPECT_EQ(again.problem(), "too-many-attempts");
}

}  // namespace
}  // namespace keyledger::test
