#include "projections/engine/queries.hpp"
#include "domain/registrations/registration.hpp"
#include "projections/engine/limits.hpp"
#include "projections/models/audit.hpp"
#include "projections/models/deadlines.hpp"
#include "projections/models/roles.hpp"
#include "projections/models/sessions.hpp"
#include "projections/models/users.hpp"

#include <gtest/gtest.h>

#include <set>

#include "projections/models/read_models.hpp"
#include "projections/rebuild/rebuild.hpp"
#include "tests/projections/asking.hpp"
#include "tests/projections/driver.hpp"
#include "tests/projections/running.hpp"

using namespace keyledger;
using namespace keyledger::projections;
using namespace keyledger::projections::test;

namespace {

Queries::Deadline in(std::chrono::milliseconds time) { return std::chrono::steady_clock::now() + time; }
Queries::Deadline soon() { return std::chrono::steady_clock::now() + kPatience; }

class QueriesTest : public testing::Test {
protected:
    keyledger::test::Database& database = fresh_database();
    Story story{database};
    UsersModel users;
    SessionsModel sessions;
    AuditModel audit;
    PermissionsModel permissions;
    Queries queries{{database.service_url()}};

    void project() {
        story.publish();
        for (const ReadModel* model :
             {static_cast<const ReadModel*>(&users), static_cast<const ReadModel*>(&sessions),
              static_cast<const ReadModel*>(&audit), static_cast<const ReadModel*>(&permissions)})
            Driver(database, story, *model).apply();
    }
    std::vector<std::string> emails(const std::string& search) {
        auto page = answer_of(list_users(queries, search, std::nullopt, 100, soon()));
        std::vector<std::string> found;
        for (const UserRow& user : page.value().items) found.push_back(user.email.value_or("-"));
        std::ranges::sort(found);
        return found;
    }
};

using Strings = std::vector<std::string>;

}  // namespace

TEST_F(QueriesTest, CountsDeadlinesNoFurtherThanItIsAsked) {
    for (int i = 0; i < 5; ++i) {
        RegistrationBegun begun;
        begun.expires_at = story.now + days(7);
        story.record(story.new_id(), RegistrationEvent(begun), By{});
    }
    story.publish();
    const DeadlinesModel deadlines;
    Driver(database, story, deadlines).apply();
    EXPECT_EQ(answer_of(count_deadlines(queries, kOfRegistration, 100, soon())).value(), 5);
    EXPECT_EQ(answer_of(count_deadlines(queries, kOfRegistration, 3, soon())).value(), 3);
    EXPECT_EQ(answer_of(count_deadlines(queries, kOfFormerEmail, 100, soon())).value(), 0);
}

TEST_F(QueriesTest, FindsAUserAndSaysUpToWhichPosition) {
    const UserId ann = story.registers("ann@example.com", "ann", "Ann");
    story.record(ann, UserEvent(UserDisabled{"left"}), By{});
    project();
    const auto found = answer_of(find_user(queries, ann, soon()));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->position, 2);
    ASSERT_TRUE(found->value);
    EXPECT_EQ(found->value->id, ann);
    EXPECT_EQ(found->value->email, "ann@example.com");
    EXPECT_EQ(found->value->username, "ann");
    EXPECT_FALSE(found->value->is_active());
    EXPECT_FALSE(found->value->email_verified);
    EXPECT_EQ(found->value->version, 2);
    EXPECT_EQ(found->value->created_at, story.now - milliseconds(2));
    const auto nobody = answer_of(find_user(queries, story.new_id(), soon()));
    ASSERT_TRUE(nobody);
    EXPECT_FALSE(nobody->value);
    EXPECT_EQ(nobody->position, 2);
}

// Names of before are in the log as they were typed; since then they are kept in one form.
TEST_F(QueriesTest, FindsANameHoweverItWasTyped) {
    story.registers("apart@example.com", "first", "Zoe\u0308 Nystro\u0308m");
    story.registers("composed@example.com", "second", "Zo\u00EB Nystr\u00F6m");
    story.registers("plain@example.com", "third", "Zoe Nystrom");
    project();
    const Strings both{"apart@example.com", "composed@example.com"};
    for (const char* typed : {"Zo\u00EB", "zoe\u0308", "ZO\u00CB nystr\u00F6m", "Zoe\u0308\u00A0 Ny", "\uFF3Ao\u00EB"})
        EXPECT_EQ(emails(typed), both) << typed;
    EXPECT_EQ(emails("zoe"), (Strings{"apart@example.com", "plain@example.com"})) << "a prefix is one of characters";
    EXPECT_EQ(emails("%"), Strings{});
    EXPECT_EQ(emails("\uFF05"), Strings{}) << "its NFKC is a percent sign, and no pattern";
}

TEST_F(QueriesTest, SearchesByPrefixWithoutRegardToCase) {
    story.registers("Ann@example.com", "nightowl",
                    "Ann Stra\xC3\x9F"
                    "e");
    story.registers("bob@example.com", "ANNABEL", "Bob");
    story.registers("carl@example.com", "carl", "\xC3\x84nne Zw\xC3\xB6lf");  // "Änne Zwölf"
    story.registers("d_n@example.com", "d%n", "back\\slash");
    story.registers("dan@example.com", "dan", "Dan");
    project();
    EXPECT_EQ(emails("ann"), (Strings{"Ann@example.com", "bob@example.com"}));
    EXPECT_EQ(emails("\xC3\xA4NNE"), (Strings{"carl@example.com"}));
    EXPECT_EQ(emails("d_"), (Strings{"d_n@example.com"}));
    EXPECT_EQ(emails("d%"), (Strings{"d_n@example.com"}));
    EXPECT_EQ(emails("BACK\\"), (Strings{"d_n@example.com"}));
    EXPECT_EQ(emails("nobody"), Strings{});
    EXPECT_EQ(emails("").size(), 5U);
    EXPECT_EQ(answer_of(list_users(queries, std::string(300, 'x'), std::nullopt, 10, soon())).error(),
              QueryError::kInvalid);
    EXPECT_EQ(answer_of(list_users(queries, "", std::nullopt, 0, soon())).error(), QueryError::kInvalid);
    EXPECT_EQ(answer_of(list_users(queries, "", std::nullopt, kMaxPageRows + 1, soon())).error(), QueryError::kInvalid);
    EXPECT_EQ(answer_of(list_users(queries, std::string("a\0b", 3), std::nullopt, 1, soon())).error(),
              QueryError::kInvalid);
}

TEST_F(QueriesTest, ListsSessionsNewestFirstAndOnlyLiveOnesIfAsked) {
    const UserId ann = story.registers("ann@example.com");
    const UserId bob = story.registers("bob@example.com");
    const SessionId left = story.logs_in(ann);
    const SessionId idle = story.logs_in(ann, "phone");
    story.logs_in(bob);
    const SessionId busy = story.logs_in(ann);
    story.ends(left, SessionEndReason::kLoggedOut);
    story.now += milliseconds(1000);
    story.refreshes(busy);
    project();
    const auto all = answer_of(list_sessions(queries, {ann, {}}, std::nullopt, 10, soon()));
    ASSERT_EQ(all->items.size(), 3U);
    EXPECT_EQ(all->items[0].id, busy);
    EXPECT_EQ(all->items[0].generation, 2);
    EXPECT_EQ(all->items[0].user_agent, "agent 1");
    EXPECT_EQ(all->items[1].client_id, "phone");
    EXPECT_EQ(all->items[2].end_reason, "logged_out");
    EXPECT_FALSE(all->next);
    auto live_ids = [&](Instant now, Duration idle) {
        std::set<SessionId> ids;
        const SessionFilter filter{ann, SessionFilter::LiveAt{now, idle}};
        const auto page = answer_of(list_sessions(queries, filter, std::nullopt, 10, soon()));
        for (const auto& row : page->items) ids.insert(row.id);
        return ids;
    };
    EXPECT_EQ(live_ids(story.now, seconds(10)), (std::set{idle, busy}));
    EXPECT_EQ(live_ids(story.now, milliseconds(500)), std::set{busy});
    EXPECT_EQ(live_ids(story.now + seconds(2000), seconds(10'000)), std::set<SessionId>{});
    const auto first = answer_of(list_sessions(queries, {ann, {}}, std::nullopt, 2, soon()));
    ASSERT_TRUE(first->next);
    const auto rest = answer_of(list_sessions(queries, {ann, {}}, first->next, 2, soon()));
    ASSERT_EQ(rest->items.size(), 1U);
    EXPECT_EQ(rest->items[0].id, left);
    EXPECT_FALSE(rest->next);
}

TEST_F(QueriesTest, ListsRolesAndThoseOfAUser) {
    const UserId ann = story.registers("ann@example.com");
    std::vector<RoleId> roles{story.new_id(), story.new_id(), story.new_id()};
    std::ranges::sort(roles, std::greater{});  // they are listed as they were defined, not by id
    for (std::size_t i = 0; i < roles.size(); ++i)
        story.record(roles[i], RoleEvent(RoleDefined{"r" + std::to_string(i), {"a:*", "b:c"}, RoleKind::kCustom}),
                     By{});
    story.record(assignments_of(ann), AssignmentsEvent(RoleAssigned{ann, roles[1]}), By{});  // 5
    project();
    const auto found = answer_of(find_role(queries, roles[0], soon()));
    ASSERT_TRUE(found && found->value);
    EXPECT_EQ(found->value->permissions, (Strings{"a:*", "b:c"}));
    EXPECT_FALSE(found->value->built_in);
    EXPECT_EQ(found->position, 5);
    EXPECT_FALSE(answer_of(find_role(queries, TestId(ann), soon()))->value);
    const auto first = answer_of(list_roles(queries, std::nullopt, 2, soon()));
    ASSERT_EQ(first->items.size(), 2U);
    EXPECT_EQ(first->items[0].id, roles[0]);
    ASSERT_TRUE(first->next);
    const auto rest = answer_of(list_roles(queries, first->next, 2, soon()));
    ASSERT_EQ(rest->items.size(), 1U);
    EXPECT_EQ(rest->items[0].id, roles[2]);
    EXPECT_FALSE(rest->next);
    const auto anns = answer_of(list_assigned_roles(queries, ann, soon()));
    ASSERT_EQ(anns->value.size(), 1U);
    EXPECT_EQ(anns->value[0].role.id, roles[1]);
    EXPECT_EQ(anns->value[0].assigned_at, story.now - milliseconds(1));
    EXPECT_TRUE(answer_of(list_assigned_roles(queries, TestId(roles[1]), soon()))->value.empty());
    EXPECT_EQ(answer_of(list_roles(queries, std::nullopt, 0, soon())).error(), QueryError::kInvalid);
}

TEST_F(QueriesTest, FiltersTheAuditTrail) {
    const UserId ann = story.registers("ann@example.com");                         // 1, by nobody
    const UserId root = story.registers("root@example.com");                       // 2
    story.record(ann, UserEvent(UserDisabled{"spam"}), Story::user(root));         // 3
    story.record(ann, UserEvent(UserEnabled{}), Story::user(root));                // 4
    story.record(root, UserEvent(UserProfileUpdated{{}, {}}), Story::user(root));  // 5
    story.record(story.new_id(), LoginAttemptsEvent(LoginFailed{ann, LoginFailure::kWrongPassword}), By{});  // 6
    project();
    auto positions = [&](const AuditFilter& filter) {
        std::vector<Position> found;
        const auto page = answer_of(list_audit(queries, filter, std::nullopt, 100, soon()));
        for (const auto& entry : page->items) found.push_back(entry.position);
        return found;
    };
    using Positions = std::vector<Position>;
    AuditFilter by_user{ann, {}, {}, {}, {}};
    EXPECT_EQ(positions({}), (Positions{6, 5, 4, 3, 2, 1}));
    EXPECT_EQ(positions(by_user), (Positions{6, 4, 3, 1}));
    by_user.user = root;
    EXPECT_EQ(positions(by_user), (Positions{5, 4, 3, 2}));
    by_user.type = "user.enabled";
    EXPECT_EQ(positions(by_user), (Positions{4}));
    EXPECT_EQ(positions({{}, root.to_string(), {}, {}, {}}), (Positions{5, 4, 3}));
    EXPECT_EQ(positions({{}, {}, "user.registered", {}, {}}), (Positions{2, 1}));
    EXPECT_EQ(positions({{}, ann.to_string(), {}, {}, {}}), Positions{}) << "others did all that to her";
    EXPECT_EQ(positions({ann, root.to_string(), {}, {}, {}}), (Positions{4, 3}));
    EXPECT_EQ(positions({{}, "a-client", {}, {}, {}}), Positions{});
    const Instant third = story.now - milliseconds(4);
    EXPECT_EQ(positions({{}, {}, {}, third, third + milliseconds(2)}), (Positions{4, 3}));
    const auto failed = answer_of(list_audit(queries, {}, std::nullopt, 1, soon()));
    EXPECT_EQ(failed->items[0].outcome, "failure");
    EXPECT_EQ(failed->items[0].reason, "wrong_password");
    EXPECT_EQ(failed->items[0].subject, ann);
    EXPECT_EQ(failed->next->before, 6);
    EXPECT_EQ(failed->position, 6);
}

// Clocks of nodes differ, so times follow positions only roughly; and some lie long apart.
TEST_F(QueriesTest, FiltersTheAuditTrailByTimesThatAreOutOfOrder) {
    const UserId ann = story.registers("ann@example.com");
    std::vector<Instant> times;
    times.push_back(story.now - milliseconds(1));
    constexpr Duration kHour = hours(1);
    for (const Duration step : {kHour, -kHour - milliseconds(5), 10 * kHour, milliseconds(1), -kHour, 3 * kHour}) {
        story.now += step;
        times.push_back(story.now);
        story.record(ann, UserEvent(UserEnabled{}), Story::user(ann));
    }
    story.now = Instant::at_ms(-5);
    times.push_back(story.now);
    story.record(ann, UserEvent(UserEnabled{}), Story::user(ann));
    project();
    for (const Instant from : times) {
        for (const Instant until : times) {
            std::vector<Position> expected;
            for (std::size_t i = times.size(); i > 0; --i)
                if (times[i - 1] >= from && times[i - 1] < until) expected.push_back(static_cast<Position>(i));
            for (const AuditFilter& filter :
                 {AuditFilter{{}, {}, {}, from, until}, AuditFilter{ann, {}, {}, from, until}}) {
                std::vector<Position> found;
                const auto page = answer_of(list_audit(queries, filter, std::nullopt, 100, soon()));
                for (const auto& entry : page->items) found.push_back(entry.position);
                EXPECT_EQ(found, expected) << from.ms() << " to " << until.ms();
            }
        }
    }
}

// Ten thousand and more entries are paged through, by one filter that joins two index scans and by none,
// while new events keep arriving: every old entry comes exactly once, in order.
TEST_F(QueriesTest, PagesNeitherSkipNorRepeat) {
    const UserId ann = story.registers("ann@example.com");
    const UserId root = story.registers("root@example.com");
    for (int i = 0; i < 5'600; ++i) {
        story.record(ann, UserEvent(UserEnabled{}), Story::user(root));
        story.record(ann, UserEvent(UserProfileUpdated{{}, {"N"}}), Story::user(ann));
    }
    project();
    Position shown = story.head();
    for (const AuditFilter& filter : {AuditFilter{}, AuditFilter{ann, {}, {}, {}, {}}}) {
        std::vector<Position> seen;
        std::optional<AuditCursor> cursor;
        std::size_t pages = 0;
        do {
            const auto page = answer_of(list_audit(queries, filter, cursor, 997, soon()));
            for (const auto& entry : page->items) seen.push_back(entry.position);
            cursor = page->next;
            if (++pages % 4 == 0) {
                story.record(ann, UserEvent(UserEnabled{}), Story::user(root));
                project();
            }
        } while (cursor);
        std::vector<Position> expected;
        for (Position position = shown; position >= 1; --position)
            if (!filter.user || position != 2) expected.push_back(position);
        EXPECT_EQ(seen, expected);
        shown = story.head();
    }
    const auto whole = answer_of(list_audit(queries, {}, std::nullopt, kMaxPageRows, soon()));
    EXPECT_EQ(std::ssize(whole->items), kMaxPageRows);
    EXPECT_TRUE(whole->next);
}

TEST_F(QueriesTest, PagesOfUsersNeitherSkipNorRepeat) {
    std::set<Uuid> everybody;
    for (int i = 0; i < 1'000; ++i) everybody.insert(story.registers("u" + std::to_string(i) + "@example.com"));
    project();
    std::set<Uuid> seen;
    std::optional<UserCursor> cursor;
    do {
        const auto page = answer_of(list_users(queries, "u", cursor, 99, soon()));
        for (const auto& user : page->items) EXPECT_TRUE(seen.insert(user.id).second);
        cursor = page->next;
    } while (cursor);
    EXPECT_EQ(seen, everybody);
}

TEST_F(QueriesTest, WithoutReadModelsThereIsNoAnswer) {
    EXPECT_EQ(answer_of(find_user(queries, story.new_id(), soon())).error(), QueryError::kUnavailable);
}

TEST_F(QueriesTest, AnExpiredQuestionIsNotAsked) {
    project();
    EXPECT_EQ(answer_of(find_user(queries, story.new_id(), in(0ms))).error(), QueryError::kDeadline);
}

// A statement that can't get on (somebody locks the table) ends with the question's deadline.
TEST_F(QueriesTest, ARunningQueryEndsWithItsDeadline) {
    const UserId ann = story.registers("ann@example.com");
    project();
    pqxx::connection locker(database.owner_url());
    pqxx::work lock(locker);
    lock.exec("lock table read_models.users_1");
    EXPECT_EQ(answer_of(find_user(queries, ann, in(100ms))).error(), QueryError::kDeadline);
    lock.abort();
    EXPECT_TRUE(answer_of(find_user(queries, ann, soon()))->value);
}

// The server ends the sessions of the pool; the next question is asked on a new one.
TEST_F(QueriesTest, ABrokenConnectionIsReplaced) {
    const UserId ann = story.registers("ann@example.com");
    project();
    ASSERT_TRUE(answer_of(find_user(queries, ann, soon())));
    database.execute("select pg_terminate_backend(pid, 60000) from pg_stat_activity where application_name like "
                     "'keyledger queries%' and datname = current_database()");
    EXPECT_TRUE(answer_of(find_user(queries, ann, soon()))->value);
}

TEST_F(QueriesTest, WhatWaitsIsAnsweredWhenItStops) {
    story.registers("ann@example.com");
    project();
    Asked<Position> waiting(queries.wait_for(kUsersModel, 2, 2, soon()));
    queries.stop();
    EXPECT_EQ(waiting.answer().error(), QueryError::kUnavailable);
    EXPECT_EQ(answer_of(find_user(queries, story.new_id(), soon())).error(), QueryError::kUnavailable);
}

// Queries go on, without a gap and without going back, while a rebuild switches generations and drops the old
// tables.
TEST_F(QueriesTest, FollowARebuild) {
    const UserId ann = story.registers("ann@example.com");
    project();
    ASSERT_EQ(answer_of(find_user(queries, ann, soon()))->position, 1);
    ScriptedSource source(story.log());
    const auto rebuilt = rebuild({database.service_url()}, users, source, story.cipher(), {});
    ASSERT_TRUE(rebuilt);
    EXPECT_EQ(rebuilt->generation, 2);
    EXPECT_EQ(database.execute("select count(*) from pg_tables where tablename = 'users_1'"), "0");
    const auto found = answer_of(find_user(queries, ann, soon()));
    EXPECT_EQ(found->position, 1);
    EXPECT_TRUE(found->value);
}

TEST_F(QueriesTest, ReadYourOwnWrites) {
    Running running(database, story);
    running.on_applied = [this] { queries.applied(); };
    for (int i = 0; i < 20; ++i) {
        const UserId user = story.registers("user@example.com");
        story.publish();
        const auto reached = answer_of(queries.wait_for(kUsersModel, story.head(), story.head(), soon()));
        ASSERT_TRUE(reached);
        EXPECT_GE(*reached, story.head());
        const auto found = answer_of(find_user(queries, user, soon()));
        EXPECT_GE(found->position, story.head());
        EXPECT_TRUE(found->value);
    }
}

// The node that answers has no projector of its own: it learns of positions by asking.
TEST_F(QueriesTest, ReadYourOwnWritesOnAnotherNode) {
    Running running(database, story);
    const UserId user = story.registers("user@example.com");
    Asked<Position> waiting(queries.wait_for(kAuditModel, 1, 1, soon()));
    story.publish();
    EXPECT_EQ(waiting.answer().value(), 1);
    EXPECT_EQ(answer_of(list_audit(queries, {user, {}, {}, {}, {}}, std::nullopt, 10, soon()))->items.size(), 1U);
}

TEST_F(QueriesTest, APositionThatIsNotReachedOrCantBeIsAClearError) {
    story.registers("ann@example.com");
    project();
    EXPECT_EQ(answer_of(queries.wait_for(kUsersModel, 2, 2, in(50ms))).error(), QueryError::kPositionNotReached);
    EXPECT_EQ(answer_of(queries.wait_for(kUsersModel, 3, 2, soon())).error(), QueryError::kPositionBeyondHead);
    EXPECT_EQ(answer_of(queries.wait_for(kUsersModel, 1, 2, soon())).value(), 1);
}

TEST_F(QueriesTest, SayHowTheReadModelsStand) {
    const UserId ann = story.registers("ann@example.com");
    story.record(story.new_id(), SessionEvent(SessionRefreshed{2, ""}), Story::user(ann));
    project();
    const auto states = answer_of(queries.states(soon()));
    ASSERT_EQ(states->size(), 4U);
    EXPECT_EQ((*states)[2].model, "sessions");
    ASSERT_TRUE((*states)[2].stopped);
    EXPECT_EQ((*states)[2].stopped->kind, "event");
    EXPECT_EQ((*states)[2].stopped->position, 2);
    EXPECT_EQ((*states)[2].stopped->event_type, "session.refreshed");
    EXPECT_EQ((*states)[3].model, "users");
    EXPECT_EQ((*states)[3].position, 2);
    EXPECT_FALSE((*states)[3].stopped);
}
