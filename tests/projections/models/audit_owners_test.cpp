// Whose sessions are: the audit trail reads it once, and remembers only what is committed.
#include <gtest/gtest.h>

#include "projections/models/read_models.hpp"
#include "projections/rebuild/operations.hpp"
#include "tests/projections/driver.hpp"

using namespace keyledger;
using namespace keyledger::projections;
using namespace keyledger::projections::test;

namespace {

class AuditOwnersTest : public testing::Test {
protected:
    keyledger::test::Database& database = fresh_database();
    Story story{database};
    AuditModel audit;

    // Whoever reads the table from then on finds nobody in it.
    void empty_the_table() { database.execute("truncate read_models.audit_1_sessions"); }
    std::string refreshes_of(const UserId& user) {
        return database.execute("select count(*) from read_models.audit_1 where type = 'session.refreshed' and subject "
                                "= '" +
                                user.to_string() + "'");
    }
};

void expect_stopped_at(Driver& driver, Position position) {
    ASSERT_TRUE(driver.projection().stopped());
    EXPECT_EQ(driver.projection().stopped()->at.position, position);
    EXPECT_NE(driver.projection().stopped()->at.reason.find("was never started"), std::string::npos);
}

}  // namespace

// Of a session that began before this follower did, and of one whose beginning it wrote.
TEST_F(AuditOwnersTest, AreNotReadAgain) {
    const UserId ann = story.registers("ann@example.com");
    const UserId bob = story.registers("bob@example.com");
    const SessionId of_ann = story.logs_in(ann);
    Driver(database, story, audit).tell();
    Driver driver(database, story, audit);
    const SessionId of_bob = story.logs_in(bob);
    story.refreshes(of_ann);
    driver.tell();
    empty_the_table();
    for (int batch = 0; batch < 2; ++batch) {
        story.refreshes(of_ann);
        story.refreshes(of_bob);
        driver.tell();
    }
    EXPECT_FALSE(driver.projection().stopped());
    EXPECT_EQ(refreshes_of(ann), "3");
    EXPECT_EQ(refreshes_of(bob), "2");
}

// What stands in the database may be another history by then.
TEST_F(AuditOwnersTest, AreReadByWhoeverBegins) {
    const SessionId session = story.logs_in(story.registers("ann@example.com"));
    Driver first(database, story, audit);
    first.tell();
    story.refreshes(session);
    first.tell();
    empty_the_table();
    story.refreshes(session);
    Driver second(database, story, audit);
    second.tell();
    expect_stopped_at(second, story.head());
}

// All that was known goes with the batch, also what other batches had committed.
TEST_F(AuditOwnersTest, AreForgottenWithABatchThatIsRefused) {
    const SessionId session = story.logs_in(story.registers("ann@example.com"));
    Driver driver(database, story, audit);
    driver.tell();
    empty_the_table();
    const Position refused = story.record(story.new_id(), SessionEvent(SessionRefreshed{2, ""}), By{});
    driver.tell();
    expect_stopped_at(driver, refused);
    ASSERT_TRUE(skip(database.service_url(), {"audit", refused, "root", "made by hand", {}}));
    driver.projection().look_for_skip(driver.connection());
    story.refreshes(session);
    driver.tell();
    expect_stopped_at(driver, refused + 1);
}

// The beginning of a session is applied, and then the commit fails. An operator skips it: that batch commits without
// the session, which nobody knows then.
TEST(AuditOwners, OfABatchThatIsRolledBackAreNotKept) {
    const keyledger::test::Database database;  // its own, for the trigger
    Story story(database);
    AuditModel audit;
    const UserId ann = story.registers("ann@example.com");
    Driver driver(database, story, audit);
    driver.tell();
    const Position begun = story.head() + 1;
    database.execute(R"(
        create function refuse() returns trigger language plpgsql as $$ begin
            raise exception 'refused at the commit';
        end $$;
        create constraint trigger refused after update on keyledger.checkpoints initially deferred
            for each row execute function refuse();)");
    const SessionId session = story.logs_in(ann);
    driver.tell();
    ASSERT_TRUE(driver.projection().stopped());
    EXPECT_EQ(driver.projection().stopped()->at.position, begun);
    EXPECT_NE(driver.projection().stopped()->at.reason.find("refused at the commit"), std::string::npos);
    database.execute("drop trigger refused on keyledger.checkpoints");
    ASSERT_TRUE(skip(database.service_url(), {"audit", begun, "root", "refused", {}}));
    driver.projection().look_for_skip(driver.connection());
    driver.apply();
    ASSERT_FALSE(driver.projection().stopped());
    ASSERT_EQ(driver.projection().cursor().position, begun);
    story.refreshes(session);
    driver.tell();
    expect_stopped_at(driver, begun + 1);
}
