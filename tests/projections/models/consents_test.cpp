#include "projections/models/consents/consents.hpp"

#include <gtest/gtest.h>

#include "domain/applications/application.hpp"
#include "projections/models/read_models.hpp"
#include "tests/projections/asking.hpp"
#include "tests/projections/driver.hpp"
#include "tests/projections/running.hpp"

using namespace keyledger;
using namespace keyledger::projections;
using namespace keyledger::projections::test;

namespace {

using Applications = std::vector<ApplicationId>;

class ConsentsModelTest : public testing::Test {
protected:
    keyledger::test::Database& database = fresh_database();
    Story story{database};
    ConsentsModel consents;
    Queries queries{{database.service_url()}};
    const UserId ann = story.registers("ann@example.com");
    const UserId bob = story.registers("bob@example.com");
    std::map<std::pair<UserId, ApplicationId>, Id<Consent>> streams;

    Id<Consent> stream_of(const UserId& user, const ApplicationId& application) {
        const auto [at, is_new] = streams.try_emplace({user, application});
        if (is_new) at->second = Id<Consent>{story.new_id()};
        return at->second;
    }
    void gives(const UserId& user, const ApplicationId& application) {
        story.record(stream_of(user, application), ConsentEvent(ConsentGiven{user, application, {"openid"}}), By{});
    }
    void withdraws(const UserId& user, const ApplicationId& application) {
        story.record(stream_of(user, application), ConsentEvent(ConsentWithdrawn{user, application}), By{});
    }
    auto page_of(const UserId& user, std::optional<ConsentCursor> cursor = std::nullopt, std::int32_t limit = 10) {
        auto page =
            answer_of(list_consents(queries, user, cursor, limit, std::chrono::steady_clock::now() + kPatience));
        return std::move(page.value());
    }
    Applications listed(const UserId& user) {
        Applications all;
        for (const ConsentRow& row : page_of(user).items) all.push_back(row.application_id);
        return all;
    }
};

}  // namespace

// However the log is cut: those that are given, newest first, each since the first time.
TEST_F(ConsentsModelTest, HasWhatIsGivenAndNotWithdrawn) {
    const ApplicationId shop = story.new_id(), games = story.new_id(), mail = story.new_id();
    gives(ann, shop);
    const Instant first = story.now;
    gives(ann, games);
    gives(ann, mail);
    gives(ann, shop);
    gives(bob, shop);
    withdraws(ann, games);
    gives(ann, games);
    const Instant again = story.now;
    withdraws(ann, mail);
    for (const std::int32_t batch : {1, 2, 3, 100}) {
        reset(database);
        Driver(database, story, consents).tell(batch);
        EXPECT_EQ(listed(ann), (Applications{games, shop})) << batch;
        EXPECT_EQ(listed(bob), Applications{shop}) << batch;
        const auto page = page_of(ann);
        EXPECT_LE(page.items[0].given_at, again) << batch;
        EXPECT_GT(page.items[0].given_at, first) << batch;
        EXPECT_LE(page.items[1].given_at, first) << "given again, it is there since the first time";
    }
    const auto newest = page_of(ann, std::nullopt, 1);
    ASSERT_TRUE(newest.next);
    const auto rest = page_of(ann, newest.next, 1);
    ASSERT_EQ(rest.items.size(), 1U);
    EXPECT_EQ(rest.items[0].application_id, shop);
    EXPECT_FALSE(rest.next);
}

TEST_F(ConsentsModelTest, HasNothingOfWhoeverIsErased) {
    const ApplicationId shop = story.new_id();
    gives(ann, shop);
    gives(bob, shop);
    story.record(ann, UserEvent(UserErased{}), By{});
    for (const std::int32_t batch : {1, 100}) {
        reset(database);
        Driver(database, story, consents).tell(batch);
        EXPECT_EQ(listed(ann), Applications{}) << batch;
        EXPECT_EQ(listed(bob), Applications{shop}) << batch;
    }
}
