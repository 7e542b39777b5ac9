// A service that is given the owner's URL would make tables that it can't use with its own: it does not start. Where
// that happened once, by an older program, readiness says so, and `migrate up` mends it.
#include <gtest/gtest.h>

#include <pqxx/pqxx>
#include <sstream>

#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

constexpr std::chrono::seconds kPatience{60};

void as_owner(const Deployment& own, const std::string& sql) {
    pqxx::connection connection(own.database().owner_url());
    pqxx::work work(connection);
    work.exec(sql);
    work.commit();
}

TEST(RoleOfTheService, NothingThatServesOrWritesStartsAsTheOwner) {
    const Deployment own;
    const Environment wrong{{"KEYLEDGER_DATABASE_URL", own.database().owner_url()}};
    for (const std::vector<std::string>& words : {std::vector<std::string>{"serve"},
                                                  {"projections", "rebuild", "--all"},
                                                  {"access", "export"},
                                                  {"users", "unlock", "--email", kAdminEmail},
                                                  {"config", "check"}}) {
        const ProcessResult refused = own.run(words, wrong);
        EXPECT_NE(refused.exit_code, 0) << words.front() << refused.output;
        EXPECT_NE(refused.output.find("KEYLEDGER_DATABASE_URL is for the role that serves, keyledger_service"),
                  std::string::npos)
            << words.front() << refused.output;
        EXPECT_NE(refused.output.find("scripts/lib/roles.sql"), std::string::npos) << refused.output;
    }
    EXPECT_EQ(own.run({"config", "check"}).exit_code, 0);
}

TEST(RoleOfTheService, ReadinessTellsOfReadModelsThatAreNotItsOwnAndMigrateUpGivesThemBack) {
    const Deployment own;
    { const RunningService once(own); }
    as_owner(own,
             "do $$ declare t text; begin for t in select tablename from pg_tables where schemaname = 'read_models'"
             " loop execute format('alter table read_models.%I owner to current_user', t); end loop; end $$");
    const RunningService node(own);
    const auto tells = [&] {
        return ready_text(node).find(R"({"name":"projector","good":false,"detail":"does not follow the log: ERROR)") !=
               std::string::npos;
    };
    await_that("the projector's trouble", tells, kPatience);
    EXPECT_NE(ready_text(node).find("keyledger migrate up"), std::string::npos) << ready_text(node);
    EXPECT_EQ(ready_text(node).find(R"(good":true,"detail":"ERROR)"), std::string::npos);
    EXPECT_EQ(HttpClient(node.management_port()).get("/health/ready").status, 200) << "requests do without lists";
    const ProcessResult mended = own.run({"migrate", "up"});
    EXPECT_EQ(mended.exit_code, 0) << mended.output;
    EXPECT_NE(mended.output.find("read_models.generations belonged to another role"), std::string::npos)
        << mended.output;
    const ApiClient admin = administrator(ApiClient(node.port()));
    await_that(
        "a list of users", [&] { return ApiClient(admin).get(kUsers).status == 200; }, kPatience);
    const auto follows = [&] { return ready_text(node).find("follows the log\"") != std::string::npos; };
    await_that("a projector that follows", follows, kPatience);
}

// As a backup from before a key for claims ended is, with the keyring of today: every name would be free.
TEST(DatabaseOfBefore, IsNotServedUntilItsNamesAreFound) {
    const Deployment own;
    const auto key_of = [&](const std::string& state) {
        std::istringstream lines(own.run({"keys", "list"}).output);
        for (std::string line; std::getline(lines, line);)
            if (line.find("  claims  ") != std::string::npos && line.find("  " + state + "  ") != std::string::npos)
                return line.substr(0, line.find(' '));
        return std::string();
    };
    const std::string old = key_of("current");
    for (const auto& words : std::vector<std::vector<std::string>>{
             {"keys", "rotate", "claims"}, {"keys", "reclaim"}, {"keys", "revoke", old}}) {
        const ProcessResult done = own.run(words);
        ASSERT_EQ(done.exit_code, 0) << done.output;
    }
    as_owner(own, "delete from keyledger.claims where key_id <> '" + old + "'");
    as_owner(own, "delete from keyledger.ended_keys");
    const ProcessResult refused = own.run({"serve"});
    EXPECT_NE(refused.exit_code, 0) << refused.output;
    EXPECT_NE(refused.output.find("names are claimed under key " + old + ", which has ended"), std::string::npos)
        << refused.output;
    const ProcessResult reclaimed = own.run({"keys", "reclaim"});
    EXPECT_EQ(reclaimed.exit_code, 0) << reclaimed.output;
    const RunningService node(own);
    EXPECT_EQ(administrator(ApiClient(node.port())).get(kMe).status, 200);
}

}  // namespace
}  // namespace keyledger::test
