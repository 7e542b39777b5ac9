// The audit trail as it is kept and as it is told: what an entry's row leaves out comes back.
#include "projections/models/audit.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "projections/models/read_models.hpp"
#include "tests/projections/asking.hpp"
#include "tests/projections/driver.hpp"

using namespace keyledger;
using namespace keyledger::projections;
using namespace keyledger::projections::test;

namespace {

constexpr const char* kBrowser =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
constexpr const char* kRequest = "0af7651916cd43dd8448eb211c80319c";
const Uuid kAnn = keyledger::test::uuid(1), kBob = keyledger::test::uuid(2), kSession = keyledger::test::uuid(3);

AuditEntry refresh() {
    AuditEntry entry;
    entry.position = 7;
    entry.occurred_at = Instant::at_ms(1'700'000'000'000);
    entry.type = "session.refreshed";
    entry.actor_type = "user";
    entry.actor_id = kAnn.to_string();
    entry.subject = SubjectId(kAnn);
    entry.stream_type = "session";
    entry.stream_id = kSession;
    entry.client_address = "192.0.2.1";
    entry.user_agent = kBrowser;
    entry.request_id = kRequest;
    entry.session_id = SessionId(kSession);
    return entry;
}

class AuditTrailTest : public testing::Test {
protected:
    void tell() { Driver(database, story, audit).tell(); }
    std::vector<AuditEntry> entries(const AuditFilter& filter = {}) {
        return answer_of(list_audit(queries, filter, std::nullopt, 100,
                                    std::chrono::steady_clock::now() + std::chrono::seconds(60)))
            .value()
            .items;
    }
    std::string count(const std::string& where) {
        return database.execute("select count(*) from read_models.audit_1 where " + where);
    }

    keyledger::test::Database& database = fresh_database();
    Story story{database};
    AuditModel audit;
    Queries queries{{database.service_url()}};
};

}  // namespace

TEST(AuditRow, HasNothingOfARefreshTwice) {
    const AuditRow row = audit_row(refresh());
    EXPECT_TRUE(row.by_subject);
    EXPECT_TRUE(row.in_session);
    EXPECT_TRUE(row.request);
    EXPECT_FALSE(row.actor_id);
    EXPECT_FALSE(row.session_id);
    EXPECT_FALSE(row.request_id);
    EXPECT_FALSE(row.user_agent);
    ASSERT_TRUE(row.agent_words);
    EXPECT_LT(row.agent_words->size(), 12u);
}

// Each way in which something follows from the rest, and each in which it does not.
TEST(AuditRow, LeavesOutOnlyWhatComesBack) {
    const std::vector<std::pair<const char*, std::function<void(AuditEntry&)>>> changes{
        {"nothing", [](AuditEntry&) {}},
        {"everything empty", [](AuditEntry& e) { e = AuditEntry{}; }},
        {"another user", [](AuditEntry& e) { e.actor_id = kBob.to_string(); }},
        {"about another user", [](AuditEntry& e) { e.subject = SubjectId(kBob); }},
        {"about nobody", [](AuditEntry& e) { e.subject.reset(); }},
        {"nobody", [](AuditEntry& e) { e.actor_type = "anonymous", e.actor_id.reset(); }},
        {"a client with the id of the subject", [](AuditEntry& e) { e.actor_type = "client"; }},
        {"a client with a name", [](AuditEntry& e) { e.actor_type = "client", e.actor_id = "shop"; }},
        {"a user without an id", [](AuditEntry& e) { e.actor_id.reset(); }},
        {"an id in capitals", [](AuditEntry& e) { e.actor_id = "0192E4A0-0000-7ABC-8DEF-000000000001"; }},
        {"no session", [](AuditEntry& e) { e.session_id.reset(); }},
        {"another session", [](AuditEntry& e) { e.session_id = SessionId(kBob); }},
        {"on a user", [](AuditEntry& e) { e.stream_type = "user", e.stream_id = kAnn; }},
        {"no request", [](AuditEntry& e) { e.request_id.reset(); }},
        {"an empty request", [](AuditEntry& e) { e.request_id = ""; }},
        {"a request with a name", [](AuditEntry& e) { e.request_id = "order.7"; }},
        {"a request in capitals", [](AuditEntry& e) { e.request_id = "0AF7651916CD43DD8448EB211C80319C"; }},
        {"a longer request", [](AuditEntry& e) { e.request_id = std::string(kRequest) + "00"; }},
        {"a request with hyphens", [](AuditEntry& e) { e.request_id = kAnn.to_string(); }},
        {"no agent", [](AuditEntry& e) { e.user_agent.reset(); }},
        {"an empty agent", [](AuditEntry& e) { e.user_agent = ""; }},
        {"another agent", [](AuditEntry& e) { e.user_agent = "curl/8"; }},
        {"an agent with a word's letter", [](AuditEntry& e) { e.user_agent = std::string(kBrowser) + "!"; }},
        {"no address", [](AuditEntry& e) { e.client_address.reset(); }},
        {"a failure", [](AuditEntry& e) { e.outcome = "failure", e.reason = "wrong_password"; }},
    };
    for (const auto& [what, change] : changes) {
        AuditEntry entry = refresh();
        change(entry);
        EXPECT_TRUE(audit_entry(audit_row(entry)) == entry) << what;
    }
}

TEST_F(AuditTrailTest, TellsWhatItsRowsLeaveOut) {
    const UserId ann = story.registers("ann@example.com");
    const SessionId session = story.logs_in(ann);
    By in_session = Story::user(ann);
    in_session.agent = kBrowser;
    in_session.request_id = kRequest;
    in_session.session = session;
    const Position refreshed = story.record(session, SessionEvent(SessionRefreshed{2, ""}), in_session);
    By by_bob = Story::user(kBob);
    by_bob.session = SessionId(kSession);
    const Position ended = story.record(session, SessionEvent(SessionEnded{SessionEndReason::kRevoked}), by_bob);
    tell();
    const auto all = entries();
    ASSERT_EQ(all.size(), 4U);
    EXPECT_EQ(all[0].position, ended);
    EXPECT_EQ(all[0].actor_id, kBob.to_string());
    EXPECT_EQ(all[0].session_id, SessionId(kSession));
    EXPECT_EQ(all[0].request_id, "req-1");
    EXPECT_EQ(all[0].user_agent, "curl/8");
    EXPECT_EQ(all[1].position, refreshed);
    EXPECT_EQ(all[1].actor_id, ann.to_string());
    EXPECT_EQ(all[1].session_id, session);
    EXPECT_EQ(all[1].request_id, kRequest);
    EXPECT_EQ(all[1].user_agent, kBrowser);
    EXPECT_EQ(count("by_subject and in_session and actor_id is null and session_id is null and user_agent is null"
                    " and request_id is null and request = '" +
                    std::string(kRequest) + "'"),
              "1");
    EXPECT_FALSE(all[3].actor_id);
    EXPECT_FALSE(all[3].session_id);
}

TEST_F(AuditTrailTest, IsFilteredByWhatItsRowsLeaveOut) {
    const UserId ann = story.registers("ann@example.com");                                                   // 1
    const SessionId session = story.logs_in(ann);                                                            // 2
    story.refreshes(session);                                                                                // 3
    story.record(ann, UserEvent(UserDisabled{"spam"}), Story::user(kBob));                                   // 4
    story.record(story.new_id(), LoginAttemptsEvent(LoginFailed{ann, LoginFailure::kWrongPassword}), By{});  // 5
    tell();
    const auto positions = [&](const AuditFilter& filter) {
        std::vector<Position> found;
        for (const AuditEntry& entry : entries(filter)) found.push_back(entry.position);
        return found;
    };
    using Positions = std::vector<Position>;
    EXPECT_EQ(positions({{}, ann.to_string(), {}, {}, {}}), (Positions{3, 2}));
    EXPECT_EQ(positions({ann, ann.to_string(), {}, {}, {}}), (Positions{3, 2}));
    EXPECT_EQ(positions({ann, kBob.to_string(), {}, {}, {}}), (Positions{4}));
    EXPECT_EQ(positions({UserId(kBob), ann.to_string(), {}, {}, {}}), Positions{});
    EXPECT_EQ(positions({{}, {}, "session.refreshed", {}, {}}), (Positions{3}));
    EXPECT_EQ(positions({{}, ann.to_string(), "session.started", {}, {}}), (Positions{2}));
    EXPECT_EQ(positions({ann, {}, "session.refreshed", {}, {}}), (Positions{3}));
}

// The words of an agent are as personal as the agent.
TEST_F(AuditTrailTest, ForgetsTheWordsOfAnAgentWithWhoeverHadIt) {
    const Instant day = story.now;
    const UserId ann = story.registers("ann@example.com");
    const UserId bob = story.registers("bob@example.com");
    By by = Story::user(ann);
    by.agent = kBrowser;
    story.record(ann, UserEvent(UserProfileUpdated{{}, {"A"}}), by);
    story.record(bob, UserEvent(UserDisabled{"spam"}), by);
    By of_bob = Story::user(bob);
    of_bob.agent = kBrowser;
    story.record(bob, UserEvent(UserProfileUpdated{{}, {"B"}}), of_bob);
    By nobody;
    nobody.agent = kBrowser;
    story.record(story.new_id(), LoginAttemptsEvent(LoginFailed{ann, LoginFailure::kWrongPassword}), nobody);
    tell();
    EXPECT_EQ(count("agent_words is not null"), "4");
    By system;
    system.type = eventstore::ActorType::kSystem;
    system.address.reset();
    system.agent.reset();
    story.record(ann, UserEvent(UserErased{}), system);
    tell();
    EXPECT_EQ(count("agent_words is not null"), "2") << "Bob's, and nobody's";
    story.now += days(1);
    story.record(story.key_of_the_day(), AnonymousCallersEvent(AnonymousCallersErased{day, day + days(1)}), system);
    tell();
    EXPECT_EQ(count("agent_words is not null"), "1") << "Bob's";
    EXPECT_EQ(count("user_agent is not null and actor_type <> 'user'"), "0");
}
