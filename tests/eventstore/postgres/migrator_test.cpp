#include "eventstore/postgres/migrations/migrator.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <pqxx/pqxx>

#include "eventstore/postgres/migrations/service_role.hpp"
#include "tests/support/postgres/event_macs.hpp"
#include "tests/support/postgres/postgres.hpp"

using namespace keyledger;
using namespace keyledger::eventstore::postgres;

namespace {

const int kNewest = static_cast<int>(migrations().size());

// Runs one statement on a connection of its own; the server's refusal comes as an exception.
void run(const std::string& url, const std::string& sql) {
    pqxx::connection connection(url);
    pqxx::work work(connection);
    work.exec(sql);
    work.commit();
}

constexpr const char* kOneEvent =
    "insert into keyledger.events (position, tenant, stream_type, stream_id, version, event_type, "
    "schema_version,"
    " event_id, payload_text, metadata_text, recorded_at, leaf_hash) values (1, 'default', 'user', "
    "gen_random_uuid(), 1,"
    " 'user.enabled', 1, gen_random_uuid(), '{}', '{}', now(), decode(repeat('00', 32), 'hex'))";

}  // namespace

TEST(Migrations, AreNumberedWithoutHoles) {
    for (int i = 0; i < kNewest; ++i) EXPECT_EQ(migrations()[static_cast<std::size_t>(i)].number, i + 1);
}

TEST(Migrator, GoesUpDownAndUpAgain) {
    test::EmptyDatabase database;
    Migrator migrator(database.owner_url(), test::event_macs());
    EXPECT_EQ(std::ssize(migrator.up()), kNewest);
    EXPECT_TRUE(migrator.up().empty());
    EXPECT_EQ(std::ssize(migrator.down(kNewest)), kNewest);
    EXPECT_EQ(migrator.status().front().status, MigrationState::Status::kPending);
    EXPECT_TRUE(migrator.down().empty());
    EXPECT_EQ(std::ssize(migrator.up()), kNewest);
    EXPECT_EQ(migrator.status().front().status, MigrationState::Status::kApplied);
    EXPECT_EQ(schema_problem(database.service_url()), std::nullopt);
}

// Else the old program would not start any more, and the new one not yet.
TEST(Migrator, AppliesNothingWhileAnyOfItCantBeApplied) {
    const test::EmptyDatabase database;
    Migrator without_keys(database.owner_url());
    EXPECT_THROW(without_keys.up(), MigrationFailure);
    for (const MigrationState& state : without_keys.status()) EXPECT_EQ(state.status, MigrationState::Status::kPending);
}

// A statement that waits for a lock lets nobody pass who comes after it: a backup would stop the service.
TEST(Migrator, LetsOthersPassWhileALongTransactionIsInItsWay) {
    using Clock = std::chrono::steady_clock;
    test::EmptyDatabase database;
    Migrator migrator(database.owner_url(), test::event_macs());
    migrator.up();
    migrator.down(kNewest - 4);  // the next one changes the table of events
    pqxx::connection backup_session(database.owner_url());
    auto backup = std::make_unique<pqxx::work>(backup_session);
    backup->exec("lock table keyledger.events in access share mode");
    auto migrated = std::async(std::launch::async, [&] { return migrator.up(); });
    pqxx::connection reader(database.owner_url());
    auto longest = Clock::duration::zero();
    const auto until = Clock::now() + std::chrono::seconds(2);
    while (Clock::now() < until) {
        const auto asked = Clock::now();
        pqxx::work(reader).exec("select from keyledger.events limit 1");
        longest = std::max(longest, Clock::now() - asked);
    }
    EXPECT_LT(longest, std::chrono::seconds(1));
    EXPECT_EQ(migrated.wait_for(std::chrono::seconds(0)), std::future_status::timeout) << "it did not have to wait";
    backup.reset();
    EXPECT_EQ(std::ssize(migrated.get()), kNewest - 4);
}

TEST(Migrator, KeepsALogThatHoldsEvents) {
    test::Database database;
    database.execute(kOneEvent);
    Migrator migrator(database.owner_url(), test::event_macs());
    EXPECT_THROW(migrator.down(kNewest), MigrationFailure);
    EXPECT_EQ(database.execute("select count(*) from keyledger.events"), "1");
    EXPECT_EQ(migrator.status().front().status, MigrationState::Status::kApplied);
}

TEST(Migrator, RefusesAMigrationThatWasAppliedFromAnotherText) {
    test::Database database;
    database.execute("update keyledger_migrations.applied set sha256 = 'other' where number = 1");
    Migrator migrator(database.owner_url(), test::event_macs());
    EXPECT_THROW(migrator.up(), MigrationFailure);
    EXPECT_THROW(migrator.down(), MigrationFailure);
    EXPECT_EQ(migrator.status().front().status, MigrationState::Status::kChanged);
    EXPECT_NE(schema_problem(database.service_url()), std::nullopt);
}

TEST(Migrator, RefusesTheDatabaseOfANewerProgram) {
    test::Database database;
    database.execute("insert into keyledger_migrations.applied (number, name, sha256) values (9999, 'later', 'x')");
    EXPECT_THROW(Migrator(database.owner_url()).up(), MigrationFailure);
    EXPECT_EQ(Migrator(database.owner_url()).status().back().status, MigrationState::Status::kUnknown);
    EXPECT_NE(schema_problem(database.service_url()).value().find("newer"), std::string::npos);
}

TEST(Migrator, SaysNoPasswordWhenNobodyAnswers) {
    try {
        Migrator("postgresql://someone:hunter2@127.0.0.1:1/nowhere").up();
        FAIL() << "connected to nobody";
    } catch (const MigrationFailure& failure) {
        EXPECT_EQ(std::string(failure.what()).find("hunter2"), std::string::npos);
    }
}

TEST(Migrator, GivesARestoredLogANewIdentity) {
    test::Database database;
    const std::string before = database.execute("select log_id from keyledger.log");
    for (const char* reader : {"publisher", "state_publisher", "users"})  // the log goes to other topics from then on
        database.execute("insert into keyledger.checkpoints (reader, generation, position, leaf_hash) values ('" +
                         std::string(reader) + "', 1, 7, sha256('7'))");
    const std::string renewed = Migrator(database.owner_url(), test::event_macs()).renew_log_id().to_string();
    EXPECT_NE(renewed, before);
    EXPECT_EQ(database.execute("select log_id from keyledger.log"), renewed);
    EXPECT_EQ(database.execute("select string_agg(reader, ',') from keyledger.checkpoints"), "users");
}

TEST(SchemaProblem, NamesTheCommandThatMendsIt) {
    test::EmptyDatabase database;
    EXPECT_NE(schema_problem(database.owner_url()).value().find("keyledger migrate up"), std::string::npos);
}

TEST(ServiceRole, CanReadButNotWriteTheLog) {
    const std::string& url = test::database().service_url();
    for (const char* table : {"events", "log", "streams", "claims", "credentials", "commands", "subject_keys"}) {
        run(url, std::string("select * from keyledger.") + table);
        EXPECT_THROW(run(url, std::string("delete from keyledger.") + table), pqxx::insufficient_privilege) << table;
        EXPECT_THROW(run(url, std::string("truncate keyledger.") + table), pqxx::insufficient_privilege) << table;
        EXPECT_THROW(run(url, std::string("update keyledger.") + table + " set tenant = 'x'"), pqxx::sql_error)
            << table;
    }
    EXPECT_THROW(run(url, kOneEvent), pqxx::insufficient_privilege);
    EXPECT_THROW(run(url, "update keyledger.events set payload_text = '{}'"), pqxx::insufficient_privilege);
    EXPECT_THROW(run(url, "create table keyledger.mine ()"), pqxx::insufficient_privilege);
    EXPECT_THROW(run(url, "drop function keyledger.append"), pqxx::sql_error);
    EXPECT_THROW(run(url, "update keyledger_migrations.applied set sha256 = 'x'"), pqxx::insufficient_privilege);
}

// A dump of what the service knows reads the sequences too.
TEST(ServiceRole, CanReadTheSequencesOfWhatItCanRead) {
    const std::string& url = test::database().service_url();
    EXPECT_EQ(
        test::database().execute("select coalesce(string_agg(s.seqrelid::regclass::text, ' '), '') from pg_sequence s"
                                 " join pg_depend d on d.objid = s.seqrelid and d.deptype in ('a', 'i')"
                                 " join pg_class t on t.oid = d.refobjid and t.relnamespace = 'keyledger'::regnamespace"
                                 " where has_table_privilege('keyledger_service', t.oid, 'select')"
                                 " and not has_sequence_privilege('keyledger_service', s.seqrelid, 'select')"),
        "");
    EXPECT_EQ(test::database().execute(
                  "select coalesce(string_agg(c.oid::regclass::text, ' '), '') from pg_class c"
                  " where c.relnamespace = 'keyledger'::regnamespace and not exists"
                  " (select from pg_depend d where d.objid = c.oid and d.deptype in ('a', 'i'))"
                  " and case when c.relkind = 'S' then not has_sequence_privilege('keyledger_service', c.oid,"
                  " 'select') else false end"),
              "")
        << "of no table";
    run(url, "select last_value from keyledger.tree_heads_id_seq");
}

TEST(ServiceRole, OwnsItsReadModelsAndCheckpoints) {
    const std::string& url = test::database().service_url();
    run(url, "create table read_models.mine_1 (id int primary key)");
    run(url, "insert into read_models.mine_1 values (1)");
    run(url, "drop table read_models.mine_1");
    run(url, "insert into keyledger.checkpoints (reader, generation, position, leaf_hash)"
             " values ('mine', 1, 0, decode(repeat('00', 32), 'hex'))");
    run(url, "update keyledger.checkpoints set position = 1 where reader = 'mine'");
    run(url, "delete from keyledger.checkpoints where reader = 'mine'");
}

// Names that a search path could bend must not reach a function that runs with its owner's rights.
TEST(AppendFunction, IsGuardedAsItsRightsDemand) {
    const std::string guarded = test::database().execute(
        "select count(*) from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " where n.nspname = 'keyledger' and (p.prosecdef or p.prorettype = 'trigger'::regtype)"
        " and exists (select from unnest(p.proconfig) c where c = 'search_path=pg_catalog, pg_temp')"
        " and not has_function_privilege('public', p.oid, 'execute')");
    EXPECT_EQ(guarded, test::database().execute("select count(*) from pg_proc p join pg_namespace n"
                                                " on n.oid = p.pronamespace where n.nspname = 'keyledger'"));
    EXPECT_GE(std::stoi(guarded), 2);
}

namespace {

// A database whose owner is no superuser, as scripts/lib/roles.sql makes it, and a role that may become the owner.
struct OwnedDatabase {
    explicit OwnedDatabase(const std::string& rights = "createrole") {
        for (const auto& role : {owner, friend_of_owner})
            own.execute("create role " + role + " login password 'for-tests-only'");
        own.execute("alter role " + owner + ' ' + rights + "; grant " + owner + " to " + friend_of_owner);
        // As scripts/lib/roles.sql does.
        if (rights == "createrole" && tells_members_apart())
            own.execute("grant keyledger_service to " + owner + " with admin true, inherit false, set false");
        own.execute("alter schema keyledger owner to " + owner + "; alter schema read_models owner to " + owner);
    }
    ~OwnedDatabase() {
        own.execute("drop owned by " + friend_of_owner + "; drop owned by " + owner + " cascade");
        for (const auto& role : {friend_of_owner, owner}) own.execute("drop role " + role);
    }
    // From PostgreSQL 16 on: by what they may of a role that they are members of.
    bool tells_members_apart() const { return own.execute("show server_version_num") >= "160000"; }
    std::string url_as(const std::string& role) const {
        const std::string service = own.service_url();
        return service.substr(0, service.find("user=")) + "user=" + role + "&password=for-tests-only";
    }
    std::string owner_of(const std::string& table) const {
        return own.execute("select pg_get_userbyid(relowner) from pg_class where relname = '" + table + "'");
    }
    test::Database own;
    const std::string owner = "owner_of_" + own.execute("select current_database()");
    const std::string friend_of_owner = "friend_of_" + owner;
};

std::string said_of(const std::string& url) { return service_role_problem(url).value_or("nothing"); }

}  // namespace

TEST(ServiceRole, IsNeitherTheOwnerNorWhoMayBecomeIt) {
    const OwnedDatabase database;
    EXPECT_EQ(service_role_problem(database.own.service_url()), std::nullopt);
    const std::string of_owner = said_of(database.url_as(database.owner));
    EXPECT_NE(of_owner.find("'" + database.owner + "' owns the event store"), std::string::npos) << of_owner;
    EXPECT_NE(of_owner.find("KEYLEDGER_OWNER_DATABASE_URL"), std::string::npos) << of_owner;
    const std::string of_friend = said_of(database.url_as(database.friend_of_owner));
    EXPECT_NE(of_friend.find("is a member of '" + database.owner + "'"), std::string::npos) << of_friend;
    const std::string of_superuser = said_of(database.own.owner_url());
    EXPECT_NE(of_superuser.find("is a superuser"), std::string::npos) << of_superuser;
    // A session that gave its rights up may take them back.
    const std::string become = database.url_as(database.owner) + "&options=-c%20role%3Dkeyledger_service";
    const std::string with = database.tells_members_apart() ? " with set true" : "";
    database.own.execute("grant keyledger_service to " + database.owner + with);
    EXPECT_NE(said_of(become), "nothing");
    EXPECT_EQ(said_of(database.url_as(database.owner)).find("for-tests-only"), std::string::npos);
    const test::EmptyDatabase empty;
    EXPECT_NE(said_of(empty.owner_url()), "nothing") << "whoever owns the database will own what is made in it";
    EXPECT_THROW(service_role_problem("postgresql://127.0.0.1:1/nothing?connect_timeout=2"), MigrationFailure);
}

// What was decided by one would be done to the other: of a restored copy, too, which has the same log.
TEST(ServiceRole, IsOfTheDatabaseThatItsOwnerOwns) {
    const test::Database one;
    const test::Database other;
    EXPECT_EQ(one_database_problem(one.owner_url(), one.service_url()), std::nullopt);
    const auto problem = one_database_problem(one.owner_url(), other.service_url());
    ASSERT_TRUE(problem);
    EXPECT_NE(problem->find("two databases"), std::string::npos) << *problem;
    EXPECT_THROW(one_database_problem(one.owner_url(), "postgresql://127.0.0.1:1/nothing?connect_timeout=2"),
                 MigrationFailure);
}

TEST(ServiceRole, GetsBackWhatTheOwnerMadeInItsPlace) {
    const OwnedDatabase database;
    run(database.own.service_url(), "create table read_models.right (id integer)");
    run(database.url_as(database.owner), "create table read_models.wrong (id integer primary key);"
                                         "insert into read_models.wrong values (7)");
    const auto given = give_back_read_models(database.url_as(database.owner));
    EXPECT_EQ(given, std::vector<std::string>{"read_models.wrong"});
    EXPECT_EQ(database.owner_of("wrong"), "keyledger_service");
    EXPECT_NE(database.owner_of("right"), "keyledger_service") << "of a member of it: let be";
    run(database.own.service_url(), "update read_models.wrong set id = 8; drop table read_models.wrong");
    EXPECT_TRUE(give_back_read_models(database.url_as(database.owner)).empty());
    EXPECT_EQ(database.own.execute("select pg_has_role('" + database.owner + "', 'keyledger_service', 'usage')"), "f")
        << "the owner joined for that step alone";
}

TEST(ServiceRole, IsGivenNothingByAnOwnerWhoMayNotAndIsToldTheStatement) {
    const OwnedDatabase database("nocreaterole");
    run(database.url_as(database.owner), "create table read_models.wrong (id integer)");
    try {
        give_back_read_models(database.url_as(database.owner));
        FAIL() << "it may not";
    } catch (const MigrationFailure& failure) {
        const std::string text = failure.what();
        EXPECT_NE(text.find("alter table read_models.wrong owner to keyledger_service;"), std::string::npos) << text;
    }
    EXPECT_EQ(database.owner_of("wrong"), database.owner);
}
