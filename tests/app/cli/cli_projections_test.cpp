#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "tests/app/cli/command_line.hpp"

using namespace keyledger;
using namespace keyledger::app;
using keyledger::app::test::CommandLine;

namespace {

rapidjson::Document json_of(const std::string& text) {
    rapidjson::Document json;
    json.Parse(text.c_str());
    EXPECT_FALSE(json.HasParseError()) << text;
    return json;
}

struct ProjectionsCommand : testing::Test {
    CommandLine line;
    auto status() {
        return line.run([](const Environment& e) { return projections_status(e, Format::kJson); });
    }
    auto rebuild(RebuildProjections options) {
        options.format = Format::kJson;
        return line.run([&](const Environment& e) { return rebuild_projections(e, options); });
    }
    auto verify(Format format) {
        return line.run([&](const Environment& e) { return verify_projections(e, {{}, format}); });
    }
};

}  // namespace

TEST_F(ProjectionsCommand, StatusRebuildAndVerifyOfAnUntouchedLog) {
    ASSERT_EQ(line.create_administrator().exit, Exit::kGood);
    auto ran = status();
    EXPECT_EQ(ran.exit, Exit::kGood) << ran.err;
    EXPECT_EQ(json_of(ran.out)["projections"][0]["generation"].GetInt(), 0);
    RebuildProjections with_comparison;
    with_comparison.compare = true;
    ran = rebuild(with_comparison);
    ASSERT_EQ(ran.exit, Exit::kGood) << ran.err;
    const auto rebuilt = json_of(ran.out);
    const auto head = std::stoll(line.database.execute("select max(position) from keyledger.events"));
    for (const auto& one : rebuilt["rebuilt"].GetArray()) EXPECT_EQ(one["switched_at"].GetInt64(), head);
    ran = status();
    EXPECT_EQ(ran.exit, Exit::kGood);
    const auto after = json_of(ran.out);
    for (const auto& one : after["projections"].GetArray()) {
        EXPECT_EQ(one["generation"].GetInt(), 2);
        EXPECT_EQ(one["position"].GetInt64(), head);
        EXPECT_TRUE(one["good"].GetBool());
    }
    ran = verify(Format::kJson);
    EXPECT_EQ(ran.exit, Exit::kGood) << ran.err;
    EXPECT_TRUE(json_of(ran.out)["equal"].GetBool());
}

TEST_F(ProjectionsCommand, VerifyNamesTheFirstDifferenceWithoutItsValues) {
    ASSERT_EQ(line.create_administrator().exit, Exit::kGood);
    ASSERT_EQ(rebuild({}).exit, Exit::kGood);
    line.database.execute("update read_models.users_2 set email = 'mallory@example.com'");
    auto ran = verify(Format::kJson);
    EXPECT_EQ(ran.exit, Exit::kFoundBad) << ran.err;
    const auto json = json_of(ran.out);
    EXPECT_FALSE(json["equal"].GetBool());
    const auto& users = json["projections"][0];
    EXPECT_EQ(users["first_difference"]["is"], "changed");
    EXPECT_EQ(users["first_difference"]["columns"][0], "email");
    ran = verify(Format::kText);
    EXPECT_NE(ran.out.find("has another email (the first difference)"), std::string::npos) << ran.out;
    EXPECT_EQ(ran.out.find("example.com"), std::string::npos) << "values may be personal";
    RebuildProjections users_alone;
    users_alone.names = {"users"};
    ASSERT_EQ(rebuild(users_alone).exit, Exit::kGood);
    EXPECT_EQ(verify(Format::kText).exit, Exit::kGood);
}

// The service's role writes these tables; the operator's terminal is not its to steer.
TEST_F(ProjectionsCommand, StatusSaysOthersTextAsPlainText) {
    ASSERT_EQ(line.create_administrator().exit, Exit::kGood);
    ASSERT_EQ(rebuild({}).exit, Exit::kGood);
    line.database.execute(
        "insert into read_models.stopped (model, generation, kind, position, event_type, reason) "
        "select model, generation, 'event', 7, E'type\\x1b[31m', E'reason\\nforged' from read_models.current "
        " where model = 'users'");
    line.database.execute(
        "insert into read_models.skips (model, generation, position, event_type, reason, skipped_by, why) "
        "select model, generation, 6, E'type\\x1b[32m', '', E'ann\\x1b[33m', E'lost\\nforged' "
        "  from read_models.current where model = 'users'");
    const auto ran = line.run([](const Environment& e) { return projections_status(e, Format::kText); });
    for (const char* said : {"type?[31m", ": reason?forged\n", "type?[32m", "ann?[33m", ": lost?forged\n"})
        EXPECT_NE(ran.out.find(said), std::string::npos) << said << " in:\n" << ran.out;
    EXPECT_EQ(ran.out.find('\x1b'), std::string::npos) << ran.out;
}

TEST_F(ProjectionsCommand, WrongNamesAndMissingSettingsAreUsage) {
    RebuildProjections wrong;
    wrong.names = {"passwords"};
    auto ran = rebuild(wrong);
    EXPECT_EQ(ran.exit, Exit::kUsage);
    EXPECT_NE(ran.err.find("users sessions"), std::string::npos) << ran.err;
    ran = line.run([](const Environment& e) { return skip_event(e, {"users", 7, "ann", "lost", 0}); });
    EXPECT_EQ(ran.exit, Exit::kFailed) << "nothing is made yet";
    ASSERT_EQ(rebuild({}).exit, Exit::kGood);
    ran = line.run([](const Environment& e) { return skip_event(e, {"users", 7, "ann", "lost", 0}); });
    EXPECT_EQ(ran.exit, Exit::kFailed);
    EXPECT_NE(ran.err.find("does not stand stopped at position 7"), std::string::npos) << ran.err;
    ran = line.run([](const Environment& e) { return skip_event(e, {"users", 7, "", "lost", 0}); });
    EXPECT_EQ(ran.exit, Exit::kUsage);
    line.set("KEYLEDGER_KEYRING_FILE", "");
    ran = rebuild({});
    EXPECT_EQ(ran.exit, Exit::kUsage);
    EXPECT_NE(ran.err.find("KEYLEDGER_KEYRING_FILE"), std::string::npos);
    line.set("KEYLEDGER_DATABASE_URL", "");
    EXPECT_EQ(status().exit, Exit::kUsage);
}

// What it makes would be the owner's, and the service could not go on with it.
TEST_F(ProjectionsCommand, WriteNothingAsTheOwnersRole) {
    ASSERT_EQ(line.create_administrator().exit, Exit::kGood);
    line.set("KEYLEDGER_DATABASE_URL", line.database.owner_url());
    const auto refused = [](const keyledger::app::test::CommandOutput& ran) {
        EXPECT_EQ(ran.exit, Exit::kFailed);
        EXPECT_NE(ran.err.find("KEYLEDGER_DATABASE_URL is for the role that serves"), std::string::npos) << ran.err;
    };
    refused(rebuild({}));
    refused(verify(Format::kText));
    refused(line.run([](const Environment& e) { return skip_event(e, {"users", 7, "ann", "lost", 0}); }));
    refused(line.create_administrator());
    EXPECT_EQ(line.database.execute("select count(*) from pg_tables where schemaname = 'read_models'"), "0");
}
