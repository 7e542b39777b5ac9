#include "reactors/alert_mail.hpp"

#include <gtest/gtest.h>

#include "commands/credentials/one_time_password.hpp"
#include "domain/credentials/login_attempts.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "eventstore/memory/memory_store.hpp"
#include "reactors/account_mail.hpp"
#include "tests/support/world/given.hpp"
#include "tests/support/world/world.hpp"

namespace keyledger::reactors {
namespace {

using eventstore::RecordedEvent;
using test::run;

class AlertMailTest : public testing::Test {
protected:
    test::FixedClock clock{test::kNow};
    eventstore::MemoryStore store{[this] { return clock.now(); }};
    test::World world{store, clock};
    test::Node node{world, store};

    std::vector<mail::Mail> sent;
    MailOut out{world.limits, 600, [this](mail::Mail letter, Deadline) { return deliver(std::move(letter)); }};
    AlertMail reactor{store, node.executor.folder(), "operators@example.com", out};
    AlertMail silent{store, node.executor.folder(), "", out};
    asio::awaitable<mail::Delivery> deliver(mail::Mail letter) {
        sent.push_back(std::move(letter));
        co_return mail::Delivery::sent();
    }
    // Of all events so far: the kinds of the jobs, each of which is performed.
    std::vector<std::string> alerts() {
        std::vector<std::string> kinds;
        for (const RecordedEvent& recorded : world.events()) {
            const eventstore::FollowedEvent event(recorded);
            EXPECT_TRUE(silent.plan(sealed(event)).empty());
            for (const PlannedJob& job : reactor.plan(sealed(event))) {
                kinds.push_back(job.kind);
                EXPECT_TRUE(reactor.performs(job.kind));
                Job planned{{test::uuid(0x10), "mail", recorded.position, 1}, job.kind, job.subject, {}};
                EXPECT_TRUE(std::holds_alternative<Done>(run(reactor.perform(planned, Deadline::max()))));
            }
        }
        return kinds;
    }
    template <class Event>
    void sum(const Event& event) {
        commands::Streams streams;
        const auto stream = streams.read<LoginAttempts>(Id<LoginAttempts>{node.services.identifiers.next()});
        const commands::Step step = [&](commands::Attempt& attempt) -> commands::StepResult {
            attempt.append(stream, {LoginAttemptsEvent(event)});
            co_return Result<void, commands::CommandError>{};
        };
        ASSERT_TRUE(run(node.executor.run(test::caller(), streams, step)));
    }
};

TEST_F(AlertMailTest, TellsOfANewAdministratorByTheirAddress) {
    world.register_user(node, "ann@example.com");
    world.create_administrator(node, "Root@Example.com");
    EXPECT_EQ(alerts(), std::vector<std::string>{"alert-administrator"});
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].address, "operators@example.com");
    EXPECT_EQ(sent[0].facts.address, "Root@Example.com");
}

// Beside the other parts, of which one knows the kinds of all mail that people get.
TEST_F(AlertMailTest, PerformsItsOwnJobsAmongAllParts) {
    world.register_user(node, "ann@example.com");
    world.create_administrator(node, "root@example.com");
    const MailLinks links(world.challenge_secrets, "https://keyledger.example");
    FactorNames names(node.services, node.keys);
    AccountMail accounts(store, node.executor.folder(), names, links, out);
    Mail all({&accounts, &reactor});
    int done = 0;
    for (const RecordedEvent& recorded : world.events()) {
        const auto jobs = all.plan(sealed(eventstore::FollowedEvent(recorded)));
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            const JobId id{test::uuid(0x10), "mail", recorded.position, static_cast<std::int32_t>(i)};
            const auto performed = run(all.perform(Job{id, jobs[i].kind, jobs[i].subject, {}}, Deadline::max()));
            EXPECT_TRUE(std::holds_alternative<Done>(performed)) << jobs[i].kind;
            ++done;
        }
    }
    EXPECT_EQ(done, 2) << "a welcome and an alert";
    EXPECT_EQ(sent.back().kind, mail::Kind::kAlertAdministrator);
}

// Break-glass, and not what an administrator does with a token.
TEST_F(AlertMailTest, TellsOfAPasswordThatWasSetAtTheMachine) {
    const UserId ann = world.register_user(node, "ann@example.com");
    commands::Caller at_the_machine = test::caller();
    at_the_machine.actor_type = eventstore::ActorType::kSystem;
    ASSERT_TRUE(run(commands::recover_user_as_operator(node.services, ann, at_the_machine)));
    EXPECT_EQ(alerts(), std::vector<std::string>{"alert-recovery"});
    EXPECT_EQ(sent.at(0).facts.address, "ann@example.com");
}

TEST_F(AlertMailTest, TellsOfGuessesAndFormsByTheHundredAndOfNoFewer) {
    sum(LoginFailuresSummed{LoginFailure::kUnknownUser, kAlertingFailures - 1, clock.now(), clock.now()});
    sum(HoneypotsSummed{kAlertingForms - 1, clock.now(), clock.now()});
    EXPECT_EQ(alerts(), std::vector<std::string>{});
    sum(LoginFailuresSummed{LoginFailure::kUnknownUser, kAlertingFailures, clock.now(), clock.now()});
    sum(HoneypotsSummed{kAlertingForms, clock.now(), clock.now()});
    EXPECT_EQ(alerts(), (std::vector<std::string>{"alert-guesses", "alert-forms"}));
    EXPECT_EQ(sent.at(0).facts.count, kAlertingFailures);
}

TEST_F(AlertMailTest, SendsNothingThatNoEventCauses) {
    world.create_administrator(node, "root@example.com");
    for (const RecordedEvent& recorded : world.events()) {
        const Job forged{{test::uuid(0x10), "mail", recorded.position, 0}, "alert-recovery", recorded.stream_id, {}};
        EXPECT_TRUE(std::holds_alternative<Again>(run(reactor.perform(forged, Deadline::max()))));
    }
    EXPECT_TRUE(sent.empty());
}

}  // namespace
}  // namespace keyledger::reactors
