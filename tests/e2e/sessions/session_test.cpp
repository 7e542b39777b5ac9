// Sessions and refresh tokens: rotation, reuse, revocation.
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

// Nothing of the session opens anything any more, from the moment on at which this is called.
void expect_ended(const Tokens& tokens) {
    EXPECT_EQ(api().as(tokens.access).get(kMe).problem(), "invalid-token");
    EXPECT_EQ(api().as(tokens.access).get(kSessions).problem(), "invalid-token");
    EXPECT_FALSE(is_active(api(), tokens.access));
    EXPECT_FALSE(is_active(api(), tokens.refresh));
    EXPECT_EQ(refresh(api(), tokens.refresh).problem(), "invalid-grant");
}

void expect_live(const Tokens& tokens) {
    EXPECT_EQ(api().as(tokens.access).get(kMe).status, 200);
    EXPECT_TRUE(is_active(api(), tokens.access));
    EXPECT_TRUE(is_active(api(), tokens.refresh));
}

// How many audit entries of that type there are about the user, as of now.
std::size_t entries(const std::string& user_id, const std::string& type) {
    ApiClient admin = administrator(api());
    const Answer mark = admin.put(kMe, json_object({{"name", unique("Mark")}}));
    const Answer found = admin.get(std::string(kAudit) + "?user=" + user_id + "&type=" + type, since(mark));
    EXPECT_EQ(found.status, 200) << found.body;
    return found.count();
}

TEST(Sessions, AreListedWithTheCurrentOneMarked) {
    const Visitor one = visitor(api());
    const std::string agent = watch_personal(unique("telephone"));
    const Tokens other =
        tokens_of(api()
                      .with("User-Agent", agent)
                      .post(kLogin, json_object({{"email", one.person.email}, {"password", one.person.password}})));
    ApiClient client = api().as(one.tokens.access);
    const Answer ended_nothing = client.put(kMe, json_object({{"name", "Ann"}}));
    const Answer list = client.get(kSessions, since(ended_nothing));
    ASSERT_EQ(list.status, 200) << list.body;
    ASSERT_EQ(list.count(), 2u);
    EXPECT_EQ(list.text("/items/0/id"), other.session_id) << "newest first";
    EXPECT_EQ(list.text("/items/0/user_agent"), agent);
    EXPECT_EQ(list.text("/items/0/client_address"), "127.0.0.1");
    EXPECT_FALSE(list.boolean("/items/0/current"));
    EXPECT_EQ(list.text("/items/1/id"), one.tokens.session_id);
    EXPECT_TRUE(list.boolean("/items/1/current"));
    const Answer page = client.get(std::string(kSessions) + "?limit=1");
    ASSERT_EQ(page.count(), 1u);
    const Answer next = client.get(std::string(kSessions) + "?limit=1&cursor=" + page.text("/next"));
    EXPECT_EQ(next.text("/items/0/id"), one.tokens.session_id);
    EXPECT_TRUE(next.is_null("/next"));
}

TEST(Sessions, EndWhenLoggedOut) {
    const Visitor one = visitor(api());
    expect_live(one.tokens);
    EXPECT_EQ(api().as(one.tokens.access).send("POST", kLogout).status, 204);
    expect_ended(one.tokens);
    EXPECT_EQ(api().as(one.tokens.access).send("POST", kLogout).problem(), "invalid-token");
}

TEST(Sessions, EndOneByOne) {
    const Visitor one = visitor(api());
    const Tokens other = log_in(api(), one.person);
    const std::string target = std::string(kSessions) + "/" + other.session_id;
    EXPECT_EQ(api().as(one.tokens.access).del(target).status, 204);
    expect_ended(other);
    expect_live(one.tokens);
    EXPECT_EQ(api().as(one.tokens.access).del(target).status, 204) << "it ended before: no error";
    EXPECT_EQ(api().as(one.tokens.access).del(std::string(kSessions) + "/" + one.tokens.session_id).status, 204);
    expect_ended(one.tokens);
}

TEST(Sessions, OfOthersAreUnknown) {
    const Visitor one = visitor(api());
    const Visitor other = visitor(api());
    ApiClient client = api().as(one.tokens.access);
    for (const std::string& id :
         {other.tokens.session_id, std::string("01890a5d-ac96-774b-bcce-b302099a8057"), std::string("no-uuid")}) {
        const Answer answer = client.del(std::string(kSessions) + "/" + id);
        EXPECT_EQ(answer.status, 404);
        EXPECT_EQ(answer.problem(), "session-unknown");
    }
    expect_live(other.tokens);
}

TEST(Sessions, EndTogetherButForTheCurrentOne) {
    const Visitor one = visitor(api());
    const Tokens other = log_in(api(), one.person);
    EXPECT_EQ(api().as(one.tokens.access).del(kSessions).status, 204);
    expect_ended(other);
    expect_live(one.tokens);
    EXPECT_EQ(api().as(one.tokens.access).del(std::string(kSessions) + "?include_current=true").status, 204);
    expect_ended(one.tokens);
}

TEST(Refresh, RotatesAndKeepsTheSession) {
    const Visitor one = visitor(api());
    const Answer first = refresh(api(), one.tokens.refresh);
    const Tokens next = tokens_of(first);
    EXPECT_EQ(next.session_id, one.tokens.session_id);
    EXPECT_NE(next.refresh, one.tokens.refresh);
    EXPECT_TRUE(first.header("Keyledger-Position"));
    expect_live(next);
    EXPECT_TRUE(is_active(api(), one.tokens.access)) << "access tokens of the session go on";
    EXPECT_FALSE(is_active(api(), one.tokens.refresh));
}

// Fifty requests carry the same token at once, as after a restart of a client with many tabs. One of them
// rotates; the others come within the grace of a lost answer and are given its successor, byte for byte. So
// whichever answer arrives, the client can go on, and the session was refreshed once.
TEST(Refresh, OfOneTokenFiftyTimesAtOnceRotatesOnce) {
    constexpr int kUses = 50;
    const Visitor one = visitor(api());
    std::vector<Answer> answers(kUses);
    std::vector<std::thread> users;
    for (int i = 0; i < kUses; ++i)
        users.emplace_back([&, i] { answers[static_cast<std::size_t>(i)] = refresh(api(), one.tokens.refresh); });
    for (std::thread& user : users) user.join();
    std::set<std::string> successors;
    for (const Answer& answer : answers) {
        ASSERT_EQ(answer.status, 200) << answer.body;
        successors.insert(answer.text("/refresh_token"));
    }
    EXPECT_EQ(successors.size(), 1u);
    EXPECT_EQ(entries(one.person.id, "session.refreshed"), 1u);
    EXPECT_EQ(refresh(api(), *successors.begin()).status, 200);
}

TEST(Refresh, WithATokenBeforeTheLastEndsTheSession) {
    const Visitor one = visitor(api());
    const Tokens second = tokens_of(refresh(api(), one.tokens.refresh));
    const Tokens third = tokens_of(refresh(api(), second.refresh));
    const Answer reused = refresh(api(), one.tokens.refresh);
    EXPECT_EQ(reused.status, 400);
    EXPECT_EQ(reused.problem(), "invalid-grant");
    EXPECT_EQ(reused.text("/error"), "invalid_grant");
    expect_ended(third);
    EXPECT_EQ(entries(one.person.id, "session.ended"), 1u);
}

TEST(Refresh, WithAUsedTokenFromAnotherDeviceEndsTheSession) {
    const Visitor one = visitor(api());
    const Tokens second = tokens_of(refresh(api(), one.tokens.refresh));
    EXPECT_EQ(refresh(api().with("User-Agent", "thief/1"), one.tokens.refresh).problem(), "invalid-grant");
    expect_ended(second);
}

TEST(Refresh, RefusesWhatItNeverGave) {
    const Visitor one = visitor(api());
    std::string cut = one.tokens.refresh;
    cut.pop_back();
    std::string changed = one.tokens.refresh;
    changed[changed.size() / 2] = changed[changed.size() / 2] == 'A' ? 'B' : 'A';
    for (const std::string& token :
         {cut, changed, one.tokens.access, std::string("nonsense"), one.tokens.refresh + "A"})
        EXPECT_EQ(refresh(api(), token).problem(), "invalid-grant");
    expect_live(one.tokens);
}

TEST(Refresh, GivesNoTokenForAResourceThatWasNotConfigured) {
    const Visitor one = visitor(api());
    ApiClient client = api();
    const Answer refused = client.post(
        kRefresh, json_object({{"refresh_token", one.tokens.refresh}, {"resource", "https://other.keyledger.test"}}));
    EXPECT_EQ(refused.problem(), "invalid-target");
    expect_live(one.tokens);
}

}  // namespace
}  // namespace keyledger::test
