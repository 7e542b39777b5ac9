// Whoever has the service's role in the database puts records of their own under an id before the service's first: ids
// that follow from public ones are known to them. What is not believed takes a version, and decides nothing else.
#include <gtest/gtest.h>

#include "commands/access/groups.hpp"
#include "commands/access/roles.hpp"
#include "commands/log/keep_log.hpp"
#include "domain/access/administrators.hpp"
#include "domain/access/assignments.hpp"
#include "domain/access/nestings.hpp"
#include "domain/users/user.hpp"
#include "eventstore/postgres/store/postgres_store.hpp"
#include "tests/support/postgres/event_macs.hpp"
#include "tests/support/postgres/postgres.hpp"
#include "tests/support/postgres/raw_writer.hpp"
#include "tests/support/world/appends.hpp"
#include "tests/support/world/given.hpp"
#include "tests/support/world/world.hpp"

namespace keyledger::commands {
namespace {

using eventstore::postgres::PostgresStore;
using test::run;

constexpr std::int32_t kMoreThanAPage = eventstore::kMaxPageEvents + 70;

class SquattedStreams : public testing::Test {
protected:
    static Instant now() { return test::kNow; }
    struct Process {
        explicit Process(SquattedStreams& of)
            : store({.url = of.database.service_url(), .authenticity = test::authenticity()}, now),
              node(of.world, store) {}
        PostgresStore store;
        test::Node node;
    };

    // As somebody with the service's role and without its keys.
    void squat(const test::TestId& stream, const std::string& type, std::int32_t count = 1, std::int32_t after = 0) {
        test::RawWriter writer(database.service_url());
        writer.recorded_at = now();
        const Uuid log_id = Uuid::parse(database.execute("select log_id from keyledger.log")).value();
        writer.key = eventstore::WritingKey{test::kMacKey, eventstore::event_mac_key("guessed", test::kMacKey, log_id)};
        const auto forged = test::AppendBuilder().write(stream, after, count, R"({"n":1})", type);
        ASSERT_EQ(writer.append({forged}), std::vector{0});
    }
    void begin() {
        ann = Subject::user(world.register_user(process.node, "ann@example.com"));
        world.create_administrator(process.node, "root@example.com");
        root = world.log_in(process.node, "root@example.com");
    }
    Services& services() { return process.node.services; }
    Bearer bearer() const { return test::bearer_of(root); }
    Caller asks() const { return test::caller_of(root); }
    RoleId role(std::string name) {
        RoleDefinition definition{std::move(name), {"todos:read"}};
        return run(define_role(services(), bearer(), definition, asks())).value().id;
    }
    GroupId group(std::string name) {
        return run(define_group(services(), bearer(), std::move(name), asks())).value().id;
    }
    // As a process sees it that starts now, and as the one that did it.
    template <class Aggregate, class Look>
    void everywhere(const test::TestId& id, const Look& look) {
        Process cold(*this);
        for (Process* one : {&process, &cold}) {
            Streams streams;
            streams.read<Aggregate>(id);
            auto folds = run(one->node.executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max()));
            ASSERT_TRUE(folds);
            look(state_of<Aggregate>(folds->front()));
        }
    }

    test::Database database;
    test::FixedClock clock{test::kNow};
    PostgresStore store{{.url = database.service_url(), .authenticity = test::authenticity()}, now};
    test::World world{store, clock};
    Process process{*this};
    Subject ann;
    Grant root;
};

struct Squat {
    const char* why;
    const char* type;
    std::int32_t count;
};
const std::vector<Squat> kSquats{{"of another type", "user", 1},
                                 {"of a type that there is not", "nonsense", 1},
                                 {"of several pages", "session", kMoreThanAPage}};

class SquattedBeforehand : public SquattedStreams, public testing::WithParamInterface<Squat> {
protected:
    void squat_all(const test::TestIds& streams) {
        for (const test::TestId& stream : streams) squat(stream, GetParam().type, GetParam().count);
    }
};
INSTANTIATE_TEST_SUITE_P(Records, SquattedBeforehand, testing::ValuesIn(kSquats),
                         [](const auto& info) { return std::string(info.param.type); });

TEST_P(SquattedBeforehand, TheLogSaysOfItselfWhatItHasToSay) {
    squat_all({kLogStream});
    std::vector<LogDisavowed> records{{1, std::string(64, 'a')}};
    ASSERT_TRUE(run(disavow_records(services(), records, asks())));
    ASSERT_TRUE(run(add_mac_key(services(), "mac-2", asks())));
    ASSERT_TRUE(run(close_mac_key(services(), "mac-2", 0, asks())));
    everywhere<LogKeeping>(kLogStream, [](const LogKeeping& log) {
        EXPECT_EQ(log.disavowed, 1);
        EXPECT_EQ(log.closed, std::vector<std::string>{"mac-2"});
    });
}

TEST_P(SquattedBeforehand, RolesAreGivenAndTakenAway) {
    squat_all({kEveryone, assignments_of(kEveryone), kAdministratorsStream});
    begin();
    squat_all({assignments_of(ann.id)});
    const RoleId viewer = role("viewer");
    for (const Subject& subject : {ann, Subject::group(kEveryone)}) {
        ASSERT_TRUE(run(assign_role(services(), bearer(), subject, viewer, asks())));
        everywhere<Assignments>(assignments_of(subject.id),
                                [&](const Assignments& of) { EXPECT_TRUE(of.holds(viewer)); });
        ASSERT_TRUE(run(withdraw_role(services(), bearer(), subject, viewer, asks())));
        everywhere<Assignments>(assignments_of(subject.id),
                                [&](const Assignments& of) { EXPECT_FALSE(of.holds(viewer)); });
    }
}

TEST_P(SquattedBeforehand, GroupsAreNestedAndJoined) {
    squat_all({kNestingsStream});
    begin();
    squat_all({assignments_of(ann.id)});
    const Nesting nesting{group("staff"), group("doctors")};
    ASSERT_TRUE(run(nest_group(services(), bearer(), nesting, asks())));
    ASSERT_TRUE(run(add_member(services(), bearer(), ann, nesting.child_id, asks())));
    everywhere<Assignments>(assignments_of(ann.id),
                            [&](const Assignments& of) { EXPECT_TRUE(of.is_in(nesting.child_id)); });
}

// Behind the service's own, they are no more: not for the next command, nor for a process that starts.
TEST_F(SquattedStreams, RecordsBehindTheServicesOwnDecideNothingEither) {
    begin();
    const RoleId viewer = role("viewer");
    const AssignmentsId stream = assignments_of(ann.id);
    squat(stream, "user");
    ASSERT_TRUE(run(assign_role(services(), bearer(), ann, viewer, asks())));
    squat(stream, "service_account", 3, 2);
    ASSERT_TRUE(run(assign_role(services(), bearer(), ann, role("editor"), asks())));
    everywhere<Assignments>(stream, [&](const Assignments& of) { EXPECT_EQ(of.roles.size(), 2u); });
}

// What stands under the id is somebody else's for good, and costs a row: a squatter's record does not change that.
TEST_F(SquattedStreams, AStreamStaysWhatItsFirstBelievedEventMadeIt) {
    begin();
    squat(ann.id, "service_account", 1, 2);
    everywhere<ServiceAccount>(
        ann.id, [](const ServiceAccount& account) { EXPECT_EQ(account.status, ServiceAccount::Status::kAbsent); });
    everywhere<User>(ann.id, [](const User& user) { EXPECT_EQ(user.status, User::Status::kActive); });
}

// There is one tenant: a record of another one would stand in the way of the stream, and of nobody's reading.
TEST_F(SquattedStreams, NothingIsTakenOfAnotherTenant) {
    test::RawWriter writer(database.service_url());
    writer.tenant = "other";
    writer.recorded_at = now();
    EXPECT_THROW(writer.append({test::AppendBuilder().write(kLogStream, 0)}), std::runtime_error);
    ASSERT_TRUE(run(add_mac_key(services(), "mac-2", asks())));
}

}  // namespace
}  // namespace keyledger::commands
