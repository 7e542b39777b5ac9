#include <gtest/gtest.h>

#include "domain/applications/application.hpp"
#include "domain/sessions/session_cleanup.hpp"
#include "projections/models/erasures.hpp"
#include "projections/models/read_models.hpp"
#include "projections/rebuild/operations.hpp"
#include "tests/projections/driver.hpp"

using namespace keyledger;
using namespace keyledger::projections;
using namespace keyledger::projections::test;

namespace {

using Rows = std::vector<std::string>;

class Models : public testing::Test {
protected:
    keyledger::test::Database& database = fresh_database();
    Story story{database};
    UsersModel users;
    SessionsModel sessions;
    AuditModel audit;
    PermissionsModel permissions;
    ServiceAccountsModel service_accounts;
    ApplicationsModel applications;

    // As housekeeping looks: page after page.
    std::vector<Uuid> due_at(Instant now, int page = 10) {
        std::vector<Uuid> users_due;
        std::optional<ErasureRow> last;
        for (;;) {
            const auto due = due_erasures(database.service_url(), now, last, page);
            if (due.empty()) return users_due;
            for (const ErasureRow& one : due) users_due.push_back(one.user_id);
            last = due.back();
        }
    }
    Rows user_rows() {
        return rows(database, "select email, username, name, status, administrator, version, position, "
                              "created_at_ms, updated_at_ms from read_models.users_1 order by position");
    }
    Rows session_rows() {
        return rows(database, "select generation, user_agent, end_reason, ended_position, position "
                              "from read_models.sessions_1 order by first_position");
    }
};

class UsersModelTest : public Models {};
class SessionsModelTest : public Models {};
class AuditModelTest : public Models {};
class ServiceAccountsModelTest : public Models {};
class ApplicationsModelTest : public Models {};
class PermissionsModelTest : public Models {
protected:
    Rows role_rows() {
        return rows(database, "select name, permissions, built_in, version, position, created_at_ms, updated_at_ms "
                              "from read_models.permissions_1 order by position");
    }
    Rows assignment_rows() {
        return rows(database, "select subject_id, role_id, position from read_models.permissions_1_assignments "
                              "order by position");
    }
};

}  // namespace

TEST_F(UsersModelTest, FollowsAUserFromRegistrationOn) {
    story.now = Instant::at_ms(1000);
    const UserId ann = story.registers("Ann@Example.com", "ann", "Ann \xE2\x98\x83 \"quoted\" \\ {x},y");
    Driver driver(database, story, users);
    driver.tell();
    EXPECT_EQ(user_rows(), (Rows{"Ann@Example.com|ann|Ann \xE2\x98\x83 \"quoted\" \\ {x},y|active|f|1|1|1000|1000"}));
    story.record(ann, UserEvent(UserProfileUpdated{{std::nullopt}, {"Ann S."}}), Story::user(ann));
    story.record(ann, UserEvent(UserMadeAdministrator{}), Story::user(ann));
    story.record(ann, UserEvent(UserDisabled{"left"}), By{});
    driver.tell();
    EXPECT_EQ(user_rows(), (Rows{"Ann@Example.com|-|Ann S.|disabled|t|4|4|1000|1003"}));
    story.record(ann, UserEvent(UserEnabled{}), By{});
    driver.tell();
    EXPECT_EQ(user_rows(), (Rows{"Ann@Example.com|-|Ann S.|active|t|5|5|1000|1004"}));
}

TEST_F(UsersModelTest, KnowsAnAdministratorByTheirRole) {
    const UserId ann = story.registers("ann@example.com", "ann", "Ann");
    const auto assigned = [&](const RoleId& role) {
        story.record(assignments_of(ann), AssignmentsEvent(RoleAssigned{ann, role}), By{});
    };
    const std::string of_ann = "select administrator, version, position from read_models.users_1";
    {
        Driver driver(database, story, users);
        assigned(story.new_id());
        driver.tell();
        EXPECT_EQ(rows(database, of_ann), Rows{"f|1|1"});
        assigned(kAdministratorRole);
        driver.tell();
        EXPECT_EQ(rows(database, of_ann), Rows{"t|1|3"});
    }
    story.record(assignments_of(ann), AssignmentsEvent(RoleWithdrawn{ann, kAdministratorRole}), By{});
    for (std::int32_t batch : {1000, 1}) {
        reset(database);
        Driver driver(database, story, users);
        driver.tell(batch);
        EXPECT_EQ(rows(database, of_ann), Rows{"f|1|4"}) << "in batches of " << batch;
    }
}

TEST_F(PermissionsModelTest, FollowsARoleAndWhoHasIt) {
    story.now = Instant::at_ms(1000);
    const RoleId clerk = story.new_id();
    const RoleId auditor = story.new_id();
    const UserId ann = story.new_id();
    const UserId bob = story.new_id();
    story.record(clerk, RoleEvent(RoleDefined{"clerk", {"invoices:*", "orders:read"}, RoleKind::kCustom}), By{});
    story.record(auditor, RoleEvent(RoleDefined{"auditor", {}, RoleKind::kBuiltIn}), By{});
    story.record(assignments_of(ann), AssignmentsEvent(RoleAssigned{ann, clerk}), By{});
    story.record(assignments_of(bob), AssignmentsEvent(RoleAssigned{bob, clerk}), By{});
    story.record(assignments_of(bob), AssignmentsEvent(RoleAssigned{bob, auditor}), By{});
    story.record(clerk, RoleEvent(RoleChanged{"Clerk", {"orders:read"}}), By{});
    story.record(assignments_of(ann), AssignmentsEvent(RoleWithdrawn{ann, clerk}), By{});
    const Rows roles{"auditor||t|1|2|1001|1001", "Clerk|orders:read|f|2|6|1000|1005"};
    const std::string b = bob.to_string();
    const Rows assigned{b + "|" + clerk.to_string() + "|4", b + "|" + auditor.to_string() + "|5"};
    for (std::int32_t batch : {1000, 1, 3}) {
        reset(database);
        Driver driver(database, story, permissions);
        driver.tell(batch);
        EXPECT_EQ(role_rows(), roles) << "in batches of " << batch;
        EXPECT_EQ(assignment_rows(), assigned) << "in batches of " << batch;
    }
    story.record(clerk, RoleEvent(RoleDeleted{}), By{});
    story.record(assignments_of(bob), AssignmentsEvent(RoleWithdrawn{bob, clerk}), By{});
    for (std::int32_t batch : {1000, 1}) {
        reset(database);
        Driver driver(database, story, permissions);
        driver.tell(batch);
        EXPECT_EQ(role_rows(), Rows{roles.front()}) << "in batches of " << batch;
        EXPECT_EQ(assignment_rows(), Rows{assigned.back()}) << "in batches of " << batch;
    }
}

TEST_F(PermissionsModelTest, FollowsGroupsAndWhoIsInThem) {
    const GroupId staff = story.new_id();
    const GroupId clerks = story.new_id();
    const UserId ann = story.new_id();
    story.record(staff, GroupEvent(GroupDefined{"staff"}), By{});
    story.record(clerks, GroupEvent(GroupDefined{"clerks"}), By{});
    story.record(assignments_of(ann), AssignmentsEvent(GroupMemberAdded{ann, clerks}), By{});
    story.record(kNestingsStream, NestingsEvent(GroupNested{staff, clerks}), By{});
    story.record(clerks, GroupEvent(GroupRenamed{"Clerks"}), By{});
    const auto group_rows = [&] {
        return rows(database, "select name, version, position from read_models.permissions_1_groups order by position");
    };
    const auto member_rows = [&] {
        return rows(database, "select group_id, member_id, member_type, position from "
                              "read_models.permissions_1_members order by position");
    };
    const std::string s = staff.to_string();
    const std::string c = clerks.to_string();
    const std::string a = ann.to_string();
    for (const std::int32_t batch : {1, 3, 1'000}) {
        reset(database);
        Driver driver(database, story, permissions);
        driver.tell(batch);
        EXPECT_EQ(group_rows(), (Rows{"staff|1|1", "Clerks|2|5"})) << "in batches of " << batch;
        EXPECT_EQ(member_rows(), (Rows{c + "|" + a + "|user|3", s + "|" + c + "|group|4"}));
    }
    story.record(clerks, GroupEvent(GroupDeleted{}), By{});
    story.record(kNestingsStream, NestingsEvent(GroupUnnested{staff, clerks}), By{});
    for (const std::int32_t batch : {1, 1'000}) {
        reset(database);
        Driver driver(database, story, permissions);
        driver.tell(batch);
        EXPECT_EQ(group_rows(), Rows{"staff|1|1"});
        EXPECT_TRUE(member_rows().empty());
    }
}

TEST_F(PermissionsModelTest, StopsAtAChangeToARoleThatNobodyDefined) {
    story.record(story.new_id(), RoleEvent(RoleChanged{"clerk", {}}), By{});
    Driver driver(database, story, permissions);
    driver.tell();
    ASSERT_TRUE(driver.projection().stopped());
    EXPECT_EQ(driver.projection().stopped()->at.event_type, "role.changed");
}

TEST_F(ServiceAccountsModelTest, FollowsAnAccountUntilItIsDeleted) {
    story.now = Instant::at_ms(1000);
    const ServiceAccountId billing = story.new_id();
    const ServiceAccountId stock = story.new_id();
    story.record(billing, ServiceAccountEvent(ServiceAccountRegistered{"billing", {"urn:a", "urn:b"}}), By{});
    story.record(billing, ServiceAccountEvent(ServiceAccountSecretAdded{story.new_id(), "ab"}), By{});
    story.record(stock, ServiceAccountEvent(ServiceAccountRegistered{"stock", {}}), By{});
    story.record(billing, ServiceAccountEvent(ServiceAccountChanged{"Billing", {"urn:b"}}), By{});
    story.record(billing, ServiceAccountEvent(ServiceAccountDisabled{}), By{});
    const auto account_rows = [&] {
        return rows(database, "select name, audiences, enabled, version, position, created_at_ms, updated_at_ms "
                              "from read_models.service_accounts_1 order by position");
    };
    const Rows both{"stock||t|1|3|1002|1002", "Billing|urn:b|f|4|5|1000|1004"};
    for (std::int32_t batch : {1000, 1, 2}) {
        reset(database);
        Driver driver(database, story, service_accounts);
        driver.tell(batch);
        EXPECT_EQ(account_rows(), both) << "in batches of " << batch;
    }
    story.record(billing, ServiceAccountEvent(ServiceAccountEnabled{}), By{});
    story.record(billing, ServiceAccountEvent(ServiceAccountDeleted{}), By{});
    for (std::int32_t batch : {1000, 1}) {
        reset(database);
        Driver driver(database, story, service_accounts);
        driver.tell(batch);
        EXPECT_EQ(account_rows(), Rows{both.front()}) << "in batches of " << batch;
    }
    story.record(story.new_id(), ServiceAccountEvent(ServiceAccountDisabled{}), By{});
    reset(database);
    Driver driver(database, story, service_accounts);
    driver.tell();
    ASSERT_TRUE(driver.projection().stopped()) << "one that nobody registered";
    EXPECT_EQ(driver.projection().stopped()->at.event_type, "service_account.disabled");
}

TEST_F(ApplicationsModelTest, FollowsAnApplicationUntilItIsDeleted) {
    story.now = Instant::at_ms(1000);
    const ApplicationId orders = story.new_id();
    const ApplicationId shop = story.new_id();
    ApplicationDefinition definition;
    definition.name = "Orders";
    story.record(orders, ApplicationEvent(ApplicationRegistered{definition}), By{});
    story.record(orders, ApplicationEvent(ApplicationSecretAdded{story.new_id(), "ab"}), By{});
    story.record(shop, ApplicationEvent(ApplicationRegistered{definition}), By{});
    definition.name = "Our orders";
    definition.type = ApplicationType::kNative;
    definition.consent = ConsentRule::kFirstParty;
    story.record(orders, ApplicationEvent(ApplicationChanged{definition}), By{});
    story.record(orders, ApplicationEvent(ApplicationDisabled{}), By{});
    const auto application_rows = [&] {
        return rows(database, "select name, application_type, consent, enabled, version, position, created_at_ms, "
                              "updated_at_ms from read_models.applications_1 order by position");
    };
    const Rows both{"Orders|web|required|t|1|3|1002|1002", "Our orders|native|first_party|f|4|5|1000|1004"};
    for (std::int32_t batch : {1000, 1, 2}) {
        reset(database);
        Driver driver(database, story, applications);
        driver.tell(batch);
        EXPECT_EQ(application_rows(), both) << "in batches of " << batch;
    }
    story.record(orders, ApplicationEvent(ApplicationDeleted{}), By{});
    reset(database);
    Driver driver(database, story, applications);
    driver.tell();
    EXPECT_EQ(application_rows(), Rows{both.front()});
}

TEST_F(UsersModelTest, ReadsErasedFieldsAsNull) {
    const UserId ann = story.registers("ann@example.com", "ann", "Ann");
    story.publish();
    story.destroy_key(ann);
    Driver driver(database, story, users);
    driver.apply();
    EXPECT_EQ(rows(database, "select email, username, name, status from read_models.users_1"), (Rows{"-|-|-|active"}));
}

TEST_F(SessionsModelTest, EndsTogetherWhatBeganBeforeTheEventOnTheUser) {
    const UserId ann = story.registers("ann@example.com");                      // 1
    const UserId bob = story.registers("bob@example.com");                      // 2
    const SessionId first = story.logs_in(ann);                                 // 3
    const SessionId kept = story.logs_in(ann);                                  // 4
    story.logs_in(bob);                                                         // 5
    story.refreshes(first);                                                     // 6
    const SessionId left = story.logs_in(ann);                                  // 7
    story.ends(left, SessionEndReason::kLoggedOut);                             // 8
    story.record(ann, UserEvent(UserSessionsRevoked{kept}), Story::user(ann));  // 9
    story.logs_in(ann);                                                         // 10
    const Rows after{"2|agent 1|sessions_revoked|9|9", "1|curl/8|-|-|4", "1|curl/8|-|-|5", "1|curl/8|logged_out|8|8",
                     "1|curl/8|-|-|10"};
    for (std::int32_t batch : {1000, 1, 3}) {
        reset(database);
        Driver driver(database, story, sessions);
        driver.tell(batch);
        EXPECT_EQ(session_rows(), after) << "in batches of " << batch;
    }
    story.record(ann, UserEvent(UserPasswordChanged{story.new_id(), "aa", {}}), Story::user(ann));  // 11
    story.record(bob, UserEvent(UserDisabled{"left"}), By{});                                       // 12
    Driver driver(database, story, sessions);
    driver.tell();
    EXPECT_EQ(session_rows(),
              (Rows{"2|agent 1|sessions_revoked|9|9", "1|curl/8|password_changed|11|11", "1|curl/8|user_disabled|12|12",
                    "1|curl/8|logged_out|8|8", "1|curl/8|password_changed|11|11"}));
}

// What is over by then is not listed any more, however the log is cut into batches; what lives stays, and so does what
// ended later. Whoever revokes an old token may end what has no row.
TEST_F(SessionsModelTest, FreesRowsOfSessionsThatAreOver) {
    const auto clean_up = [&](Instant over_before) {
        story.record(kSessionCleanupStream, SessionCleanupEvent(SessionsCleanedUp{over_before}), By{});
    };
    const UserId ann = story.registers("ann@example.com");  // 1
    const SessionId ended = story.logs_in(ann);             // 2
    const SessionId old = story.logs_in(ann);               // 3
    story.ends(ended, SessionEndReason::kLoggedOut);        // 4
    const Instant before = story.now;
    story.logs_in(ann);                                    // 5
    const SessionId ends_later = story.logs_in(ann);       // 6
    story.ends(ends_later, SessionEndReason::kLoggedOut);  // 7
    clean_up(before);                                      // 8
    const auto told_in = [&](std::int32_t batch) {
        reset(database);
        Driver driver(database, story, sessions);
        driver.tell(batch);
        EXPECT_FALSE(driver.projection().stopped());
        return session_rows();
    };
    const Rows left{"1|curl/8|-|-|3", "1|curl/8|-|-|5", "1|curl/8|logged_out|7|7"};
    for (const std::int32_t batch : {1000, 1, 3}) EXPECT_EQ(told_in(batch), left) << "in batches of " << batch;
    clean_up(before + hours(1));                  // 9: all have expired by then
    story.ends(old, SessionEndReason::kRevoked);  // 10
    for (const std::int32_t batch : {1000, 1, 3}) EXPECT_EQ(told_in(batch), Rows{}) << "in batches of " << batch;
}

TEST_F(SessionsModelTest, StopsAtAChangeToASessionThatNeverBegan) {
    const UserId ann = story.registers("ann@example.com");
    story.record(story.new_id(), SessionEvent(SessionRefreshed{2, ""}), Story::user(ann));
    Driver driver(database, story, sessions);
    driver.tell();
    ASSERT_TRUE(driver.projection().stopped());
    EXPECT_EQ(driver.projection().stopped()->at.position, 2);
    EXPECT_EQ(driver.projection().stopped()->at.event_type, "session.refreshed");
}

TEST_F(AuditModelTest, SaysWhoDidWhatToWhomFromWhereAndWhatCameOfIt) {
    const UserId ann = story.registers("ann@example.com");
    const SessionId session = story.logs_in(ann);
    By root = Story::user(story.new_id());
    root.address = "198.51.100.9";
    root.agent.reset();
    root.request_id = "req-2";
    story.record(ann, UserEvent(UserDisabled{"spam"}), root);
    story.record(session, SessionEvent(SessionEnded{SessionEndReason::kRevoked}), root);
    story.record(session, SessionEvent(SessionEnded{SessionEndReason::kRefreshTokenReused}), By{});
    story.record(session, SessionEvent(SessionRefreshRefused{7}), By{});
    story.record(story.new_id(), LoginAttemptsEvent(LoginFailed{ann, LoginFailure::kWrongPassword}), By{});
    story.record(story.new_id(), LoginAttemptsEvent(LoginFailed{{}, LoginFailure::kUnknownUser}), By{});
    const LoginFailuresSummed summed{LoginFailure::kUnknownUser, 25, Instant::at_ms(1'000), Instant::at_ms(2'000)};
    story.record(story.new_id(), LoginAttemptsEvent(summed), By{});
    Driver driver(database, story, audit);
    driver.tell(2);
    const std::string a = ann.to_string();
    const std::string r = root.id;
    EXPECT_EQ(rows(database, "select type, actor_type, actor_id, subject, outcome, reason, client_address, "
                             "user_agent, request_id from read_models.audit_1 order by position"),
              (Rows{"user.registered|anonymous|-|" + a + "|success|-|192.0.2.7|curl/8|req-1",
                    "session.started|user|-|" + a + "|success|-|192.0.2.7|curl/8|req-1",
                    "user.disabled|user|" + r + "|" + a + "|success|spam|198.51.100.9|-|req-2",
                    "session.ended|user|" + r + "|" + a + "|success|revoked|198.51.100.9|-|req-2",
                    "session.ended|anonymous|-|" + a + "|failure|refresh_token_reused|192.0.2.7|curl/8|req-1",
                    "session.refresh_refused|anonymous|-|" + a + "|failure|unknown_generation|192.0.2.7|curl/8|req-1",
                    "login.failed|anonymous|-|" + a + "|failure|wrong_password|192.0.2.7|curl/8|req-1",
                    "login.failed|anonymous|-|-|failure|unknown_user|192.0.2.7|curl/8|req-1",
                    "login.failures_summed|anonymous|-|-|failure|unknown_user, 25 times|192.0.2.7|curl/8|req-1"}));
    EXPECT_EQ(rows(database, "select occurred_at_ms, by_subject, in_session, session_id, stream_type, stream_id from "
                             "read_models.audit_1 where position = 2"),
              (Rows{std::to_string((story.now - milliseconds(8)).ms()) + "|t|t|-|session|" + session.to_string()}));
}

TEST_F(AuditModelTest, ForgetsWhereAnonymousCallersWereOnceTheyAreErased) {
    const Instant day = story.now;
    const UserId ann = story.registers("ann@example.com");
    story.logs_in(ann);
    By shop;
    shop.type = eventstore::ActorType::kClient;
    shop.id = "shop";
    story.record(story.new_id(), LoginAttemptsEvent(LoginFailed{ann, LoginFailure::kWrongPassword}), shop);
    story.now += days(1);
    story.record(story.new_id(), LoginAttemptsEvent(LoginFailed{ann, LoginFailure::kWrongPassword}), By{});
    By system;
    system.type = eventstore::ActorType::kSystem;
    system.address.reset();
    system.agent.reset();
    const AnonymousCallersErased erased{day, day + days(1)};
    const std::string query = "select type, client_address, user_agent from read_models.audit_1 order by position";
    const Rows expected{"user.registered|-|-", "session.started|192.0.2.7|curl/8", "login.failed|-|-",
                        "login.failed|192.0.2.7|curl/8", "anonymous_callers.erased|-|-"};
    {
        Driver driver(database, story, audit);
        driver.tell(2);  // applied, and the key remembered, before the day is erased
        story.record(story.key_of_the_day(), AnonymousCallersEvent(erased), system);
        driver.tell(2);
        EXPECT_EQ(rows(database, query), expected);
    }
    for (std::int32_t batch : {1, 3, 100}) {
        reset(database);
        Driver(database, story, audit).tell(batch);
        EXPECT_EQ(rows(database, query), expected) << "in batches of " << batch;
    }
    // The key goes in the event's own transaction; a rebuild reads the day as erased from the start. (In this story
    // the next day has the same key.)
    story.destroy_key(story.key_of_the_day());
    reset(database);
    Driver(database, story, audit).tell();
    EXPECT_EQ(rows(database, query), (Rows{"user.registered|-|-", "session.started|192.0.2.7|curl/8",
                                           "login.failed|-|-", "login.failed|-|-", "anonymous_callers.erased|-|-"}));
}

// Ann registers, logs in, does something to Bob and is erased. Whether the models had applied what she did before she
// was erased, in the same batch, or read it when her key was gone: they end up equal, and without her.
TEST_F(Models, I7AreEmptiedOfWhoeverIsErased) {
    const UserId bob = story.registers("bob@example.com", "bob", "Bob");
    const UserId ann = story.registers("ann@example.com", "ann", "Ann");
    const SessionId session = story.logs_in(ann);
    story.refreshes(session);
    story.record(bob, UserEvent(UserDisabled{""}), Story::user(ann));
    story.publish();
    ErasuresModel erasures;
    const std::vector<const ReadModel*> models{&users, &sessions, &audit, &erasures};
    for (const ReadModel* model : models) Driver(database, story, *model).tell();
    EXPECT_EQ(due_at(story.now + milliseconds(500)), std::vector<Uuid>{});
    const Instant due = story.now + milliseconds(100);
    story.record(ann, UserEvent(UserErasureRequested{due}), Story::user(ann));
    for (const ReadModel* model : models) Driver(database, story, *model).tell();
    EXPECT_EQ(due_at(due - milliseconds(1)), std::vector<Uuid>{});
    EXPECT_EQ(due_at(due), std::vector<Uuid>{ann});
    By system;
    system.type = eventstore::ActorType::kSystem;
    system.address.reset();
    system.agent.reset();
    story.record(ann, UserEvent(UserErased{}), system);
    auto expect_emptied = [&](const std::string& how) {
        EXPECT_EQ(rows(database, "select username from read_models.users_1"), Rows{"bob"}) << how;
        EXPECT_EQ(rows(database, "select client_address, user_agent, end_reason from read_models.sessions_1"),
                  Rows{"-|-|erasure_requested"})
            << how;
        EXPECT_EQ(rows(database, "select type, client_address from read_models.audit_1 order by position"),
                  (Rows{"user.registered|192.0.2.7", "user.registered|192.0.2.7", "session.started|-",
                        "session.refreshed|-", "user.disabled|-", "user.erasure_requested|-", "user.erased|-"}))
            << how;
        EXPECT_EQ(rows(database, "select user_id from read_models.erasures_1"), Rows{}) << how;
    };
    for (const ReadModel* model : models) Driver(database, story, *model).tell();
    expect_emptied("one by one");
    for (std::int32_t batch : {1, 2, 100}) {
        reset(database);
        for (const ReadModel* model : models) Driver(database, story, *model).tell(batch);
        expect_emptied("in batches of " + std::to_string(batch));
    }
    story.destroy_key(ann);
    reset(database);
    for (const ReadModel* model : models) Driver(database, story, *model).tell();
    expect_emptied("without her key");
}

TEST_F(Models, KnowNoErasureThatWasTakenBack) {
    const UserId ann = story.registers("ann@example.com");
    story.record(ann, UserEvent(UserErasureRequested{story.now}), Story::user(ann));
    story.record(ann, UserEvent(UserErasureWithdrawn{}), Story::user(ann));
    ErasuresModel erasures;
    Driver(database, story, erasures).tell(1);
    EXPECT_EQ(due_at(story.now + milliseconds(1)), std::vector<Uuid>{});
}

// The read models are the service's role's to write: rows for which there is nothing to do stand before those that are
// true, however long due they say they are, and keep nobody from them.
TEST_F(Models, KnowTheErasuresBehindRowsOfSomebodyElse) {
    const UserId ann = story.registers("ann@example.com");
    story.record(ann, UserEvent(UserErasureRequested{story.now}), Story::user(ann));
    ErasuresModel erasures;
    Driver(database, story, erasures).tell(1);
    database.execute("insert into read_models.erasures_1 select gen_random_uuid(), 0 from generate_series(1, 25)");
    for (const int page : {1, 7, 26, 100}) EXPECT_EQ(due_at(story.now + milliseconds(1), page).back(), ann) << page;
}

TEST_F(Models, I7AreTheSameHoweverTheLogIsCutIntoBatches) {
    story.random_events(600);
    for (const ReadModel* model :
         {static_cast<const ReadModel*>(&users), static_cast<const ReadModel*>(&sessions),
          static_cast<const ReadModel*>(&audit), static_cast<const ReadModel*>(&permissions)}) {
        Driver(database, story, *model).tell(1000);
        const TableDigest whole = digest(database.service_url(), *model);
        EXPECT_GT(whole.rows, 10);
        for (std::int32_t batch : {1, 13}) {
            reset(database);
            Driver(database, story, *model).tell(batch);
            EXPECT_EQ(digest(database.service_url(), *model).digest, whole.digest)
                << model->name() << " in batches of " << batch;
        }
    }
}
