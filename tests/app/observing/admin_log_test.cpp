// What counts as an administrator's act, and where its lines go.
#include "app/observing/admin_log.hpp"

#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "eventstore/declarations.hpp"
#include "tests/support/world/stand_ins.hpp"

using namespace keyledger;
using app::AdminActors;
using eventstore::ActorType;

namespace {

const Uuid kAnn = *Uuid::parse("0192e4a0-0000-7abc-8def-0123456789ab");
const Uuid kRoot = *Uuid::parse("0192e4a0-0000-7abc-8def-0123456789aa");
const Uuid kOther = *Uuid::parse("0192e4a0-0000-7abc-8def-0123456789cc");

eventstore::NewEvent event(std::string stream_type, const Uuid& stream, std::string type, std::string payload) {
    eventstore::NewEvent one;
    one.stream_type = std::move(stream_type);
    one.stream_id = stream;
    one.type = std::move(type);
    one.payload = std::move(payload);
    one.event_id = *Uuid::parse("0192e4a0-0000-7abc-8def-0123456789ee");
    return one;
}
eventstore::NewEvent user_disabled() { return event("user", kAnn, "user.disabled", R"({"reason":"left"})"); }
eventstore::NewEvent group_deleted() { return event("group", kOther, "group.deleted", "{}"); }
eventstore::NewEvent mail_asked_for(const Uuid& subject) {
    return event("challenge", kOther, "challenge.asked",
                 R"({"purpose":"invite","address":null,"key_of":")" + subject.to_string() + R"(","subject":")" +
                     subject.to_string() + R"(","key_id":"k1","expires_at_ms":1,"language":null})");
}
eventstore::NewEvent session_ended() { return event("session", kOther, "session.ended", R"({"reason":"logged_out"})"); }

eventstore::EventMetadata by(ActorType type, const std::string& id) {
    eventstore::EventMetadata metadata;
    metadata.actor_type = type;
    metadata.actor_id = id;
    metadata.request_id = "r1";
    metadata.command_id = "c1";
    metadata.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    metadata.client_address.value = "203.0.113.7";
    metadata.user_agent.value = "Quillbrowser";
    return metadata;
}
eventstore::EventMetadata by_root() { return by(ActorType::kUser, kRoot.to_string()); }

std::vector<std::string> acts(std::vector<eventstore::NewEvent> events, const eventstore::EventMetadata& metadata,
                              AdminActors actors = AdminActors::kUsers) {
    eventstore::Append append;
    append.events = std::move(events);
    std::vector<std::string> types;
    for (const auto& act : app::admin_acts(append, metadata, actors)) types.push_back(act.action);
    return types;
}

class Folder {
public:
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "keyledger-admin.XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    std::string file() const { return (path_ / "admin.jsonl").string(); }

private:
    std::filesystem::path path_;
};

std::vector<std::string> lines_of(const std::string& file) {
    std::vector<std::string> all;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
}

}  // namespace

TEST(AdminActs, AreWhatUsersDoToOthersAndToWhatIsAdministered) {
    using Types = std::vector<std::string>;
    EXPECT_EQ(acts({user_disabled()}, by_root()), Types{"user.disabled"});
    EXPECT_EQ(acts({group_deleted()}, by_root()), Types{"group.deleted"});
    EXPECT_EQ(acts({user_disabled(), session_ended(), group_deleted()}, by_root()),
              (Types{"user.disabled", "group.deleted"}));
}

TEST(AdminActs, AreNotWhatPeopleDoToThemselves) {
    const auto ann = by(ActorType::kUser, kAnn.to_string());
    EXPECT_TRUE(acts({user_disabled()}, ann).empty());
    EXPECT_TRUE(acts({session_ended()}, ann).empty());
}

// Whoever reads an invitation sets the account's password: administrators who send one to a mailbox of their own
// have the account, and nothing of the account's own stream shows it.
TEST(AdminActs, AreMailsThatWereAskedForSomebodyElse) {
    eventstore::Append append;
    append.events = {mail_asked_for(kAnn)};
    const auto told = app::admin_acts(append, by_root(), AdminActors::kUsers);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].action, "challenge.asked");
    EXPECT_EQ(told[0].subject_id, kAnn.to_string());
    EXPECT_TRUE(acts({mail_asked_for(kAnn)}, by(ActorType::kUser, kAnn.to_string())).empty());
    EXPECT_TRUE(acts({event("challenge", kOther, "challenge.failed", "{}")}, by_root()).empty());
}

TEST(AdminActs, AreCleanUpsOfSessions) {
    EXPECT_EQ(acts({event("session_cleanup", kOther, "sessions.cleaned_up", R"({"over_before_ms":1})")}, by_root()),
              std::vector<std::string>{"sessions.cleaned_up"});
}

TEST(AdminActs, AreNotWhatNobodyClientsOrTheServiceItselfDo) {
    for (const auto& metadata :
         {by(ActorType::kAnonymous, ""), by(ActorType::kClient, "shop"), by(ActorType::kSystem, "")})
        EXPECT_TRUE(acts({user_disabled(), group_deleted()}, metadata).empty());
}

TEST(AdminActs, AreAllThatIsDoneAtTheMachine) {
    EXPECT_EQ(acts({user_disabled(), group_deleted()}, by(ActorType::kSystem, ""), AdminActors::kUsersAndSystem).size(),
              2u);
}

// A new aggregate belongs into one of the three, or what administrators do to it is told nowhere.
TEST(AdminActs, KnowEveryAggregate) {
    const std::set<std::string_view> of_an_account{"administrators", "admitted_sessions", "devices",       "factors",
                                                   "login_attempts", "service_account",   "service_token", "user"};
    for (const auto& aggregate : eventstore::aggregates())
        EXPECT_EQ(int{app::is_administered(aggregate.stream_type)} + int{app::is_own_doing(aggregate.stream_type)} +
                      int{of_an_account.contains(aggregate.stream_type)},
                  1)
            << aggregate.stream_type << ": say in app/observing/admin_log.cpp whose it is, or here";
}

TEST(AdminLog, TellsWhoDidWhatToWhomByIdsAlone) {
    const Folder folder;
    const test::FixedClock clock(Instant::at_ms(1'796'032'800'123));
    app::AdminLog log(folder.file(), clock);
    log.serve(app::LogFormat::kText);
    eventstore::Append append;
    append.events = {session_ended(), user_disabled()};
    log.write(app::admin_acts(append, by_root(), log.actors()), by_root(), 41);
    const auto lines = lines_of(folder.file());
    ASSERT_EQ(lines.size(), 1u);
    rapidjson::Document json;
    json.Parse(lines[0].c_str());
    ASSERT_FALSE(json.HasParseError()) << lines[0];
    const auto text = [&](const char* name) { return json.HasMember(name) ? std::string(json[name].GetString()) : ""; };
    EXPECT_EQ(text("time"), "2026-11-30T10:00:00.123Z");
    EXPECT_EQ(text("log"), "admin");
    EXPECT_EQ(text("action"), "user.disabled");
    EXPECT_EQ(text("actor_id"), kRoot.to_string());
    EXPECT_EQ(text("target_type"), "user");
    EXPECT_EQ(text("target_id"), kAnn.to_string());
    EXPECT_EQ(text("subject_id"), kAnn.to_string());
    EXPECT_EQ(text("event_id"), "0192e4a0-0000-7abc-8def-0123456789ee");
    EXPECT_EQ(text("request_id"), "r1");
    EXPECT_EQ(text("trace_id"), "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_EQ(text("outcome"), "appended");
    EXPECT_EQ(json["position"].GetInt64(), 42);
    EXPECT_EQ(lines[0].find("203.0.113.7"), std::string::npos) << "no address";
    EXPECT_EQ(lines[0].find("Quillbrowser"), std::string::npos);
    struct stat file {};
    ASSERT_EQ(::stat(folder.file().c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0777, 0600u);
}

TEST(AdminLog, SaysWhenNobodyKnowsWhetherItIsInTheLog) {
    const Folder folder;
    const test::FixedClock clock(Instant::at_ms(0));
    app::AdminLog log(folder.file(), clock);
    eventstore::Append append;
    append.events = {user_disabled()};
    log.write(app::admin_acts(append, by_root(), log.actors()), by_root(), 0);
    const auto lines = lines_of(folder.file());
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_NE(lines[0].find("\"outcome\":\"unknown\""), std::string::npos);
    EXPECT_EQ(lines[0].find("\"position\""), std::string::npos);
}

TEST(AdminLog, IsWrittenAnewWhereTheFileWasRotated) {
    const Folder folder;
    const test::FixedClock clock(Instant::at_ms(0));
    app::AdminLog log(folder.file(), clock);
    eventstore::Append append;
    append.events = {user_disabled()};
    const auto told = app::admin_acts(append, by_root(), log.actors());
    log.write(told, by_root(), 1);
    std::filesystem::rename(folder.file(), folder.file() + ".1");
    log.write(told, by_root(), 2);
    EXPECT_EQ(lines_of(folder.file()).size(), 1u);
    EXPECT_EQ(lines_of(folder.file() + ".1").size(), 1u);
}

// Commands wait for what writes it: a pipe that nobody reads keeps none of them.
TEST(AdminLog, DoesNotWaitForAReader) {
    const Folder folder;
    const test::FixedClock clock(Instant::at_ms(0));
    ASSERT_EQ(::mkfifo(folder.file().c_str(), 0600), 0);
    app::AdminLog log(folder.file(), clock);
    eventstore::Append append;
    append.events = {user_disabled()};
    log.write(app::admin_acts(append, by_root(), log.actors()), by_root(), 1);
    struct stat file {};
    ASSERT_EQ(::stat(folder.file().c_str(), &file), 0);
    EXPECT_TRUE(S_ISFIFO(file.st_mode));
}

TEST(AdminLog, HasALineForEachEventOfOneAppend) {
    const Folder folder;
    const test::FixedClock clock(Instant::at_ms(0));
    app::AdminLog log(folder.file(), clock);
    eventstore::Append append;
    append.events = {user_disabled(), group_deleted()};
    log.write(app::admin_acts(append, by_root(), log.actors()), by_root(), 1);
    const auto lines = lines_of(folder.file());
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_NE(lines[0].find("user.disabled"), std::string::npos);
    EXPECT_NE(lines[1].find("group.deleted"), std::string::npos);
}

TEST(AdminLog, IsQuietInACommandWithoutAFile) {
    const test::FixedClock clock(Instant::at_ms(0));
    app::AdminLog log("", clock);
    eventstore::Append append;
    append.events = {user_disabled()};
    testing::internal::CaptureStderr();
    log.write(app::admin_acts(append, by_root(), log.actors()), by_root(), 1);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    log.serve(app::LogFormat::kJson);
    testing::internal::CaptureStderr();
    log.write(app::admin_acts(append, by_root(), log.actors()), by_root(), 1);
    EXPECT_TRUE(testing::internal::GetCapturedStderr().starts_with("{\"time\":"));
}
