#include "eventstore/kafka/publishing/subjects.hpp"

#include <gtest/gtest.h>

#include "domain/access/administrators.hpp"
#include "domain/access/assignments.hpp"
#include "eventstore/codec/jcs.hpp"
#include "tests/eventstore/kafka/scripted_log.hpp"

namespace keyledger::test {
namespace {

using namespace eventstore::kafka;
using eventstore::as_followed;
using eventstore::CodecError;
using eventstore::Cursor;
using eventstore::FollowedEvents;
using eventstore::ReadError;
using eventstore::RecordedEvent;

constexpr std::uint64_t kSeed = 11;

FollowedEvents slice(const ScriptedLog& log, Position first, Position last) {
    std::vector<RecordedEvent> events;
    for (Position position = first; position <= last; ++position) events.push_back(log.at(position));
    return as_followed(std::move(events));
}

void expect_subjects(Subjects& subjects, const ScriptedLog& log, Position first, Position last) {
    const auto found = subjects.of(slice(log, first, last));
    ASSERT_TRUE(found);
    for (Position position = first; position <= last; ++position)
        EXPECT_EQ((*found)[static_cast<std::size_t>(position - first)], log.subject_of(position)) << position;
}

TEST(Subjects, AreTheUsersOfAllTheirEvents) {
    ScriptedLog log(kSeed);
    log.grow(500);
    Subjects subjects(log);
    expect_subjects(subjects, log, 1, 250);
    expect_subjects(subjects, log, 251, 500);
    EXPECT_EQ(log.origin_questions(), 0U) << "every session began under its eyes";
}

TEST(Subjects, AsksOnceForTheSessionsThatItDidNotSeeBegin) {
    ScriptedLog log(kSeed);
    log.grow(500);
    Subjects subjects(log);
    expect_subjects(subjects, log, 251, 500);
    EXPECT_EQ(log.origin_questions(), 1U);
    expect_subjects(subjects, log, 251, 500);
    EXPECT_EQ(log.origin_questions(), 1U) << "and remembers them";
}

TEST(Subjects, AreTheSameHoweverLittleItRemembers) {
    ScriptedLog log(kSeed);
    log.grow(500);
    Subjects subjects(log, 1);
    expect_subjects(subjects, log, 1, 500);
    EXPECT_GT(log.origin_questions(), 0U);
}

TEST(Subjects, AreTheUserOfWhatTheyMayAndTheRoleOfWhatItGrants) {
    const UserId user = *UserId::parse("0192e4a0-0000-7abc-8def-0123456789ab");
    const RoleId role = *RoleId::parse("0192e4a0-0000-7abc-8def-0123456789ac");
    const auto recorded = [](const char* stream_type, const Uuid& stream, const char* type, std::string payload) {
        RecordedEvent event;
        event.trust = RecordedEvent::Trust::kBelieved;
        event.stream_type = stream_type;
        event.stream_id = stream;
        event.type = type;
        event.payload = std::move(payload);
        return event;
    };
    const std::string of_both = R"({"role_id":")" + role.to_string() + R"(","user_id":")" + user.to_string() + R"("})";
    const std::string of_user = R"({"user_id":")" + user.to_string() + R"("})";
    ScriptedLog log(kSeed);
    Subjects subjects(log);
    RecordedEvent foreign = recorded("session", user, "session.started", "not JSON");
    foreign.trust = RecordedEvent::Trust::kInert;
    EXPECT_EQ(subjects.of(as_followed({foreign})).value(), std::vector{user.to_string()}) << "its stream, unread";
    const auto found =
        subjects.of(as_followed({recorded("role", role, "role.deleted", "{}"),
                                 recorded("assignments", assignments_of(user), "role.assigned", of_both),
                                 recorded("assignments", assignments_of(user), "role.withdrawn", of_both),
                                 recorded("administrators", kAdministratorsStream, "administrators.joined", of_user),
                                 recorded("administrators", kAdministratorsStream, "administrators.left", of_user)}));
    ASSERT_TRUE(found);
    const std::string u = user.to_string();
    EXPECT_EQ(*found, (std::vector<std::string>{role.to_string(), u, u, u, u}));
}

TEST(Subjects, AStreamOfAnUnknownNameIsItsOwnSubject) {
    ScriptedLog log(kSeed);
    const Uuid stream = *Uuid::parse("00000000-0000-7000-8000-000000000001");
    log.append("login_attempts", stream, "login.failed",
               R"({"device_id":null,"network":null,"reason":"unknown_user","user_id":null})");
    Subjects subjects(log);
    const auto found = subjects.of(slice(log, 1, 1));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->front(), stream.to_string());
}

TEST(Subjects, ASessionWithoutABeginningIsAnError) {
    ScriptedLog log(kSeed);
    const Uuid stream = *Uuid::parse("00000000-0000-7000-8000-000000000001");
    log.append("session", stream, "session.ended", R"({"reason":"logged_out"})");
    Subjects subjects(log);
    EXPECT_THROW((void)subjects.of(slice(log, 1, 1)), CodecError);
}

TEST(Subjects, SayWhenTheLogCannotBeAsked) {
    ScriptedLog log(kSeed);
    log.grow(200);
    Subjects subjects(log);
    log.go_away(true);
    const auto found = subjects.of(slice(log, 101, 200));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error(), ReadError::kUnavailable);
}

}  // namespace
}  // namespace keyledger::test
