#include "projections/models/deadlines.hpp"

#include <gtest/gtest.h>

#include "domain/factors/factors.hpp"
#include "domain/registrations/registration.hpp"
#include "projections/models/read_models.hpp"
#include "tests/projections/driver.hpp"

using namespace keyledger;
using namespace keyledger::projections;
using namespace keyledger::projections::test;

// However the log is cut: what is due, in the order of its time, and nothing of what is over.
TEST(DeadlinesModelTest, KnowsThoseOfRegistrationsFormerAddressesAndRemovedFactors) {
    keyledger::test::Database& database = fresh_database();
    Story story{database};
    const auto begins = [&](Instant expires_at) {
        const RegistrationId id{story.new_id()};
        RegistrationBegun begun;
        begun.email.value = "ann@example.com";
        begun.expires_at = expires_at;
        story.record(id, RegistrationEvent(begun), By{});
        return id;
    };
    const Instant due = story.now + days(7);
    const RegistrationId late = begins(due + milliseconds(2));
    const RegistrationId open{story.new_id()};
    RegistrationBegunByProvider by_provider;
    by_provider.email.value = "ann@example.com";
    by_provider.expires_at = due;
    story.record(open, RegistrationEvent(by_provider), By{});
    const RegistrationId completed = begins(due);
    const RegistrationId erased = begins(due);
    const UserId ann = story.registers("ann@example.com");
    const UserId bob = story.registers("bob@example.com");
    const UserId eve = story.registers("eve@example.com");
    const UserId gone = story.registers("gone@example.com");
    for (const UserId& user : {ann, bob, eve, gone})
        story.record(user, UserEvent(UserEmailChanged{{"new@example.com"}, due + milliseconds(1), {}}), By{});
    story.record(completed, RegistrationEvent(RegistrationCompleted{ann}), By{});
    story.record(erased, RegistrationEvent(RegistrationErased{}), By{});
    story.record(bob, UserEvent(UserEmailChangeUndone{}), By{});
    story.record(eve, UserEvent(UserFormerEmailReleased{}), By{});
    story.record(gone, UserEvent(UserErased{}), By{});
    const FactorsId anns_factors{story.new_id()};
    const FactorId removed{story.new_id()}, given_back{story.new_id()}, forgotten{story.new_id()},
        dropped{story.new_id()};
    for (const FactorId& factor : {removed, given_back, forgotten})
        story.record(anns_factors, FactorsEvent(FactorRemoved{ann, factor, due + milliseconds(3)}), By{});
    story.record(anns_factors, FactorsEvent(FactorRemoved{ann, dropped, {}}), By{});
    story.record(anns_factors, FactorsEvent(FactorGivenBack{ann, given_back}), By{});
    story.record(anns_factors, FactorsEvent(FactorForgotten{ann, forgotten}), By{});
    const DeadlinesModel deadlines;
    const auto due_by = [&](Instant now) {
        std::vector<Uuid> streams;
        for (const DeadlineRow& row : due_deadlines(database.service_url(), now, std::nullopt, 100))
            streams.push_back(row.id);
        return streams;
    };
    for (const std::int32_t batch : {1, 3, 100}) {
        reset(database);
        Driver(database, story, deadlines).tell(batch);
        EXPECT_EQ(due_by(due - milliseconds(1)), std::vector<Uuid>{});
        EXPECT_EQ(due_by(due + days(1)), (std::vector<Uuid>{open, ann, late, removed})) << batch;
    }
    const DeadlineRow behind{open, std::string(kOfRegistration), due};
    EXPECT_EQ(due_deadlines(database.service_url(), due + days(1), behind, 1).at(0).id, ann);
    EXPECT_EQ(due_deadlines(database.service_url(), due + days(1), std::nullopt, 9).back().user_id, Uuid(ann));
}
