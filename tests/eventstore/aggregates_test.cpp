// What follows from the list of aggregates and from their declarations.
#include "eventstore/aggregates.hpp"

#include <gtest/gtest.h>

#include <set>

#include "eventstore/codec/jcs.hpp"
#include "eventstore/declarations.hpp"
#include "eventstore/sealing/sealed_for.hpp"
#include "eventstore/subscription.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;

namespace {

constexpr UserId kAnn{{0xA1}};
constexpr RoleId kRole{{0xB1}};

const AnyEvent kRegistered{UserEvent(UserRegistered{{"ann@example.com"}, {}, {}})};
const AnyEvent kErased{UserEvent(UserErased{})};
const AnyEvent kStarted{SessionEvent(SessionStarted{kAnn, "portal", {}, 0, "", Instant::at_ms(1)})};
const AnyEvent kRefreshed{SessionEvent(SessionRefreshed{2, ""})};

}  // namespace

TEST(Aggregates, AreFoundByTheTypeOfTheirStreams) {
    EXPECT_EQ(stream_type_of(kStarted), "session");
    ASSERT_NE(event_in<Session>(kStarted), nullptr);
    EXPECT_EQ(std::get<SessionStarted>(*event_in<Session>(kStarted)).user_id, kAnn);
    EXPECT_EQ(event_in<User>(kStarted), nullptr);
    EXPECT_EQ(state_in<User>(*empty_state("user"))->status, User::Status::kAbsent);
    EXPECT_EQ(state_in<Session>(*empty_state("user")), nullptr);
    EXPECT_THROW((void)empty_state("invoice"), CodecError);
    EXPECT_THROW((void)aggregate_info("invoice"), CodecError);
}

TEST(Aggregates, EventsOfEachAreFoundUnderItsTypeAndNoOther) {
    Aggregates::for_each([]<class Aggregate> {
        const AnyEvent event{typename Aggregate::Event{}};
        SCOPED_TRACE(Aggregate::kStreamType);
        EXPECT_EQ(stream_type_of(event), Aggregate::kStreamType);
        EXPECT_NE(event_in<Aggregate>(event), nullptr);
        EXPECT_EQ(event_in<Aggregate>(event), std::get_if<typename Aggregate::Event>(&event));
        for (const AggregateInfo& other : aggregates()) {
            const bool is_its = other.stream_type == Aggregate::kStreamType;
            EXPECT_EQ(find_event(event, other.stream_type) != nullptr, is_its) << other.stream_type;
        }
        for (const char* nobodys : {"", "invoice"}) EXPECT_EQ(find_event(event, nobodys), nullptr) << nobodys;
        EXPECT_THROW(evolve(*copy_of(*empty_state(Aggregate::kStreamType == "user" ? "role" : "user")), event, {}),
                     CodecError);
    });
}

TEST(Aggregates, EvolveByTheirOwnEventsAlone) {
    const auto state = copy_of(*empty_state("user"));
    evolve(*state, kRegistered, {7, Instant::at_ms(700)});
    EXPECT_EQ(state_in<User>(*state)->registered_at, Instant::at_ms(700));
    EXPECT_EQ(state_in<User>(*empty_state("user"))->status, User::Status::kAbsent) << "the empty state is nobody's";
    EXPECT_THROW(evolve(*state, kStarted, {8, Instant::at_ms(800)}), CodecError);
}

TEST(Aggregates, HoldTheNamesThatTheyDeclare) {
    const auto state = copy_of(*empty_state("user"));
    EXPECT_TRUE(can_hold_names(*state));
    EXPECT_TRUE(held_names(*state).empty());
    evolve(*state, kRegistered, {7, Instant::at_ms(700)});
    EXPECT_EQ(held_names(*state), (std::vector<ClaimedName>{{"email", "ann@example.com"}}));
    EXPECT_FALSE(can_hold_names(*empty_state("session")));
    ASSERT_NE(holder_of("username"), nullptr);
    EXPECT_EQ(holder_of("username")->stream_type, "user");
    EXPECT_EQ(holder_of("colour"), nullptr);
}

// Whose key goes with an event, and who then reads as erased.
TEST(Declarations, SayWhatIsPersonalAndWhatErasesIt) {
    std::set<std::string_view> personal;
    for (const AggregateInfo& aggregate : aggregates())
        if (is_personal(aggregate.stream_type)) personal.insert(aggregate.stream_type);
    EXPECT_EQ(personal, (std::set<std::string_view>{"devices", "registration", "user"}))
        << "a session's place is no part of its state";
    EXPECT_EQ(sealed_for(kRegistered, kRole), kRole.uuid) << "its stream's";
    EXPECT_EQ(sealed_for(kStarted, kRole), kAnn.uuid);
    EXPECT_TRUE(has_personal_fields(kRegistered));
    EXPECT_FALSE(has_personal_fields(kErased));
    EXPECT_TRUE(erases(kErased));
    EXPECT_TRUE(erases(AnyEvent(AnonymousCallersEvent(AnonymousCallersErased{}))));
    EXPECT_FALSE(erases(kRegistered));
    const auto state = copy_of(*empty_state("user"));
    evolve(*state, kRegistered, {7, Instant::at_ms(700)});
    EXPECT_TRUE(tells_of_a_person(*state));
    EXPECT_FALSE(is_erased(*state));
    evolve(*state, kErased, {8, Instant::at_ms(800)});
    EXPECT_FALSE(tells_of_a_person(*state));
    EXPECT_TRUE(is_erased(*state));
    EXPECT_FALSE(is_erased(*empty_state("session")));
}

TEST(Declarations, SayWhomAnEventIsAbout) {
    EXPECT_EQ(about(kRegistered).what, About::What::kAccount);
    EXPECT_EQ(about(kRegistered).id, std::nullopt) << "its stream's";
    EXPECT_EQ(about(kStarted).id, kAnn);
    EXPECT_EQ(about(kRefreshed).what, About::What::kAsBegun);
    const auto assigned = [](SubjectType type) { return AnyEvent(AssignmentsEvent(RoleAssigned{kAnn, kRole, type})); };
    EXPECT_EQ(about(assigned(SubjectType::kUser)).what, About::What::kAccount);
    EXPECT_EQ(about(assigned(SubjectType::kGroup)).what, About::What::kThing);
    EXPECT_EQ(about(assigned(SubjectType::kGroup)).id, kAnn);
}

TEST(Declarations, SayWhatCameOfAnEvent) {
    EXPECT_TRUE(audit_outcome(kRegistered).succeeded);
    EXPECT_EQ(audit_outcome(kRegistered).reason, std::nullopt);
    const AnyEvent failed(LoginAttemptsEvent(LoginFailed{kAnn, LoginFailure::kWrongPassword}));
    EXPECT_FALSE(audit_outcome(failed).succeeded);
    EXPECT_EQ(audit_outcome(failed).reason, "wrong_password");
    const AnyEvent defined(RoleEvent(RoleDefined{"clerk", {}}));
    EXPECT_TRUE(audit_outcome(defined).succeeded);
    EXPECT_EQ(audit_outcome(defined).reason, "clerk");
    const auto ended = [](SessionEndReason why) { return audit_outcome(AnyEvent(SessionEvent(SessionEnded{why}))); };
    EXPECT_TRUE(ended(SessionEndReason::kLoggedOut).succeeded);
    EXPECT_FALSE(ended(SessionEndReason::kRefreshTokenReused).succeeded);
    EXPECT_EQ(ended(SessionEndReason::kRefreshTokenReused).reason, "refresh_token_reused");
}

TEST(Subscription, HasTheEventsOfItsAggregatesAndNoOthers) {
    std::vector<std::string> told;
    struct Follower {
        std::vector<std::string>& told;
        void operator()(const UserEvent&) const { told.push_back("of a user"); }
        void operator()(const RoleEvent&) const { told.push_back("of a role"); }
    };
    using Concerns = Subscription<User, Role>;
    EXPECT_TRUE(Concerns::deliver(kRegistered, Follower{told}));
    EXPECT_TRUE(Concerns::deliver(AnyEvent(RoleEvent(RoleDeleted{})), Follower{told}));
    EXPECT_FALSE(Concerns::deliver(kStarted, Follower{told}));
    EXPECT_EQ(told, (std::vector<std::string>{"of a user", "of a role"}));
}
