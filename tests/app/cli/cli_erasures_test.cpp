// Who was erased is what events of the service say, and nothing that a row of the database says: not that a key is
// gone, nor that it is there.
#include <gtest/gtest.h>

#include <sstream>

#include "app/core/system_ports.hpp"
#include "eventstore/event_macs.hpp"
#include "tests/app/cli/command_line.hpp"
#include "tests/support/postgres/raw_writer.hpp"
#include "tests/support/world/appends.hpp"

using namespace keyledger;
using namespace keyledger::app;
using namespace keyledger::eventstore;
using keyledger::app::test::CommandLine;
using keyledger::app::test::CommandOutput;
using keyledger::test::AppendBuilder;
using keyledger::test::next_uuid;
using keyledger::test::RawWriter;

namespace {

struct ErasuresCommand : testing::Test {
    ErasuresCommand() {
        line.set("KEYLEDGER_OWNER_DATABASE_URL", line.database.owner_url());
        EXPECT_EQ(line.create_administrator().exit, Exit::kGood);
    }
    enum class By { kTheService, kSomebody };
    // As the service appends, with a key of its keyring; or as whoever has its role, and not its keys.
    void append(By whom, Append append, const std::string& last_type = "user.enabled") {
        RawWriter role(line.database.service_url());
        role.recorded_at = SystemClock().now();
        if (whom == By::kTheService) {
            Config config;
            config.keyring_file = line.path("keyring.json");
            const auto macs = configured_macs(config);
            const std::string id = macs->writing_keys().front();
            const auto log_id = Uuid::parse(line.database.execute("select log_id from keyledger.log")).value();
            role.key = WritingKey{id, macs->key(id, log_id)};
        }
        append.events.back().type = last_type;
        ASSERT_EQ(role.append({append}).at(0), 0);
    }
    // A user with a key, which the erasure destroys.
    UserId erased_user(By whom, const std::string& last_type = "user.erased") {
        const UserId user = next_uuid();
        const Uuid key = next_uuid();
        append(By::kTheService, AppendBuilder().write(user, 0).new_key(user, key));
        append(whom, AppendBuilder().write(user, 1).destroy_key(user, key), last_type);
        return user;
    }
    CommandOutput list() {
        return line.run([](const Environment& e) { return list_erasures(e); });
    }
    CommandOutput bring_back(const UserId& user, bool force) {
        return line.run([&](const Environment& e) { return bring_back_key(e, user.to_string(), force); });
    }
    std::string live_keys_of(const UserId& user) {
        return line.database.execute("select count(*) from keyledger.subject_keys where destroyed_at is null"
                                     " and subject = '" +
                                     user.to_string() + "'");
    }
    // The ids in the list.
    static std::vector<std::string> ids_in(const CommandOutput& listed) {
        std::vector<std::string> ids;
        std::istringstream lines(listed.out);
        std::string line;
        while (std::getline(lines, line) && !line.starts_with('#')) ids.push_back(line.substr(0, 36));
        EXPECT_EQ(line, "# end: " + std::to_string(ids.size())) << "a list that was cut has no end";
        return ids;
    }
    CommandLine line;
};

using Ids = std::vector<std::string>;

}  // namespace

TEST_F(ErasuresCommand, ListsWhomTheServiceErasedWhateverBecameOfTheirKeys) {
    const UserId first = erased_user(By::kTheService);
    const UserId second = erased_user(By::kTheService);
    (void)erased_user(By::kSomebody);                    // whose events nobody believes
    (void)erased_user(By::kSomebody, "user.enabled");    // a key destroyed without a word
    (void)erased_user(By::kTheService, "user.enabled");  // or with one that says nothing of it
    const Ids both{first.to_string(), second.to_string()};
    auto listed = list();
    ASSERT_EQ(listed.exit, Exit::kGood) << listed.err;
    EXPECT_EQ(ids_in(listed), both);
    const std::string years = listed.out.substr(36, 4);
    EXPECT_EQ(years, " 20" + years.substr(3)) << listed.out;
    line.database.execute("update keyledger.subject_keys set destroyed_at = null, wrapped_key = '\\x00'");
    EXPECT_EQ(ids_in(list()), both) << "the keys are back";
    line.database.execute("delete from keyledger.subject_keys");
    EXPECT_EQ(ids_in(list()), both) << "the keys were put aside";
}

// Pages of what somebody appended hide nobody.
TEST_F(ErasuresCommand, ListsWhoStandsBehindManyThatNobodyBelieves) {
    AppendBuilder noise;
    for (int i = 0; i < 60; ++i) noise.write(next_uuid(), 0);
    Append many = noise.build();
    for (NewEvent& event : many.events) event.type = "user.erased";
    for (int i = 0; i < 20; ++i) {
        many.command_id = keyledger::test::next_digest();
        for (std::size_t at = 0; at < many.events.size(); ++at) {
            many.events[at].stream_id = many.writes[at].stream_id = next_uuid();
            many.events[at].event_id = next_uuid();
        }
        append(By::kSomebody, many, "user.erased");
    }
    const UserId user = erased_user(By::kTheService);
    const auto listed = list();
    ASSERT_EQ(listed.exit, Exit::kGood) << listed.err;
    EXPECT_EQ(ids_in(listed), Ids{user.to_string()});
}

// A list that lacked somebody would be found out about when it is too late.
TEST_F(ErasuresCommand, ListsNothingWhereItCannotTell) {
    (void)erased_user(By::kTheService);
    CommandLine stranger;
    line.set("KEYLEDGER_KEYRING_FILE", stranger.path("keyring.json"));
    auto listed = list();
    EXPECT_EQ(listed.exit, Exit::kFailed) << listed.out;
    EXPECT_EQ(listed.out, "");
    EXPECT_NE(listed.err.find("not signed by a key of this keyring"), std::string::npos) << listed.err;
    line.set("KEYLEDGER_KEYRING_FILE", "");
    EXPECT_EQ(list().exit, Exit::kUsage);
}

// What was destroyed without right comes back; a promise that was kept is not taken back, however it is asked.
TEST_F(ErasuresCommand, UndestroyBringsNobodyBackWhomTheServiceErased) {
    const UserId erased = erased_user(By::kTheService);
    const UserId both = erased_user(By::kTheService);
    append(By::kSomebody, AppendBuilder().write(both, 2), "user.erased");
    for (const UserId& user : {erased, both})
        for (const bool force : {false, true}) {
            const auto refused = bring_back(user, force);
            EXPECT_EQ(refused.exit, Exit::kFailed) << refused.out;
            EXPECT_NE(refused.err.find("which the service wrote"), std::string::npos) << refused.err;
            EXPECT_EQ(live_keys_of(user), "0");
        }
    const UserId slandered = erased_user(By::kSomebody);
    const auto asked = bring_back(slandered, false);
    EXPECT_EQ(asked.exit, Exit::kFailed);
    EXPECT_NE(asked.err.find("did not write it: with --force"), std::string::npos) << asked.err;
    EXPECT_EQ(bring_back(slandered, true).exit, Exit::kGood);
    const UserId robbed = erased_user(By::kSomebody, "user.enabled");
    EXPECT_EQ(bring_back(robbed, false).exit, Exit::kGood);
    for (const UserId& user : {slandered, robbed}) EXPECT_EQ(live_keys_of(user), "1");
    EXPECT_EQ(ids_in(list()), (Ids{erased.to_string(), both.to_string()}));
}

TEST_F(ErasuresCommand, RewrapPutsNoKeyAsideThatOpens) {
    const std::string user = line.database.execute("select subject from keyledger.subject_keys");
    const std::string rows = "select string_agg(key_id::text || wrapped_key::text, ',') from keyledger.subject_keys";
    const std::string before = line.database.execute(rows);
    const auto set_aside = [&] {
        return line.run([&](const Environment& e) { return rewrap_keys(e, {.set_aside = {user}}); });
    };
    const auto told = set_aside();
    EXPECT_EQ(told.exit, Exit::kFailed) << told.out;
    EXPECT_NE(told.err.find("the key of " + user + " opens"), std::string::npos) << told.err;
    EXPECT_EQ(line.database.execute(rows), before);
    line.database.execute("delete from keyledger.subject_keys");
    EXPECT_EQ(set_aside().exit, Exit::kGood) << "one that is gone stands in nobody's way";
}
