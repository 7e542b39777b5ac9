// What is told to whom of what happens to an account: recipient and text are those of the event's own time.
// Which events cause a mail is in account_mail_plan_test.cpp.
#include "reactors/account_mail.hpp"

#include <gtest/gtest.h>

#include "commands/access/roles.hpp"
#include "commands/accounts/erase_user.hpp"
#include "commands/accounts/set_user_status.hpp"
#include "commands/accounts/update_profile.hpp"
#include "commands/credentials/unlock_user.hpp"
#include "commands/factors/change_factors.hpp"
#include "commands/factors/enrol_factor.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "domain/devices/devices.hpp"
#include "eventstore/aggregates.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "eventstore/declarations.hpp"
#include "eventstore/memory/memory_store.hpp"
#include "reactors/engine/limits.hpp"
#include "tests/support/world/given.hpp"
#include "tests/support/world/steps.hpp"
#include "tests/support/world/world.hpp"

namespace keyledger::reactors {
namespace {

using commands::Grant;
using eventstore::RecordedEvent;
using test::caller_of;
using test::run;

class AccountMailTest : public testing::Test {
protected:
    test::FixedClock clock{test::kNow};
    eventstore::MemoryStore store{[this] { return clock.now(); }};
    test::World world{store, clock};
    test::Node node{world, store};
    test::Node other{world, store};
    const Grant root = [this] {
        world.create_administrator(node, "root@example.com");
        return world.log_in(node, "root@example.com");
    }();
    const UserId ann = world.register_user(node, "Ann@Example.com", "ann");
    const Uuid log_id = test::uuid(0x10);

    std::vector<mail::Mail> sent;
    mail::Delivery answer = mail::Delivery::sent();
    std::int64_t now_us = 0;
    eventstore::ProcessLimits limits{[this] { return now_us; }};
    MailOut out{limits, 60, [this](mail::Mail letter, Deadline) { return deliver(std::move(letter)); }};
    const MailLinks links{world.challenge_secrets, "https://keyledger.example"};
    FactorNames names{node.services, node.keys};
    AccountMail reactor{store, node.executor.folder(), names, links, out};
    asio::awaitable<mail::Delivery> deliver(mail::Mail letter) {
        sent.push_back(std::move(letter));
        co_return answer;
    }

    Position newest(std::string_view type) {
        Position position = 0;
        for (const auto& event : world.events())
            if (event.type == type) position = event.position;
        EXPECT_GT(position, 0) << "nothing of type " << type;
        return position;
    }
    // The jobs of the newest event of that type, performed.
    Performed perform_newest(std::string_view type, std::int32_t attempt = 1,
                             std::chrono::milliseconds tried_for = {}) {
        const RecordedEvent recorded = world.events(newest(type) - 1).front();
        const eventstore::FollowedEvent event(recorded);
        const auto jobs = reactor.plan(sealed(event));
        EXPECT_EQ(jobs.size(), 1U);
        return perform(jobs.at(0).kind, jobs.at(0).subject, recorded.position, attempt, tried_for);
    }
    Performed perform(std::string kind, const Uuid& subject, Position position, std::int32_t attempt = 1,
                      std::chrono::milliseconds tried_for = {}) {
        Job job{.id = {log_id, "mail", position, 0},
                .kind = std::move(kind),
                .subject = subject,
                .arguments = {},
                .attempt = attempt,
                .tried_for = tried_for};
        return run(reactor.perform(std::move(job), Deadline::max()));
    }
    void does(const UserId& user, UserCommand command) {
        commands::Streams streams;
        const auto stream = streams.read<User>(user);
        const commands::Step step = [&](commands::Attempt& attempt) -> commands::StepResult {
            co_return attempt.decide_and_append(stream, command);
        };
        const auto done = run(node.executor.run(test::caller(), streams, step));
        ASSERT_TRUE(done);
    }
    template <class Command>
    void of_factors(const Command& command) {
        commands::Streams streams;
        const auto factors = streams.read<Factors>(commands::factors_of(ann));
        const commands::Step step = [&](commands::Attempt& attempt) -> commands::StepResult {
            co_return attempt.decide_and_append(factors, command);
        };
        const auto done = run(node.executor.run(test::caller(), streams, step));
        ASSERT_TRUE(done) << done.error().refusal;
    }
    // Enrolled and removed; it can be given back for a week.
    void removes_factor(std::uint8_t number) {
        const FactorId one{test::uuid(number)};
        const Instant now = clock.now();
        of_factors(BeginEnrolment{ann, one, "sealed", std::nullopt, now, now});
        of_factors(ConfirmEnrolment{ann, one, {"code"}, now});
        of_factors(RemoveFactor{ann, one, now + Factors::kKeptFor});
    }
    // With the password alone: they have no other factor.
    FactorId enrols(const Grant& grant, const char* name) {
        commands::Enrolment enrolment{test::bearer_of(grant), {Secret(std::string_view(test::kPassword)), {}}, name};
        const auto begun = run(commands::begin_factor_enrolment(node.services, std::move(enrolment), caller_of(grant)));
        EXPECT_TRUE(begun);
        clock.advance(commands::kTotpStep);
        Secret code = Secret::take(test::code_at(std::string(begun->secret.base32.reveal()), clock.now()));
        EXPECT_TRUE(run(commands::confirm_factor_enrolment(node.services, test::bearer_of(grant), std::move(code),
                                                           caller_of(grant))));
        return begun->factor_id;
    }
    // Where the link of the mail about the newest event leads; "" where it has none.
    std::string page_of_newest(std::string_view type) {
        perform_newest(type);
        const std::string& link = sent.back().facts.link;
        const std::string base = "https://keyledger.example/account/";
        return link.empty() ? link : link.substr(base.size(), link.find("?token=") - base.size());
    }
    void rename(const std::string& name) {
        commands::ProfileUpdate update{test::bearer_of(root), "ann", name};
        ASSERT_TRUE(run(commands::update_user(node.services, ann, update, caller_of(root))));
    }
};

// Why nothing was sent; empty: it was.
std::string done_code(const Performed& performed) {
    const auto* done = std::get_if<Done>(&performed);
    return done == nullptr ? "not done" : done->code;
}

TEST_F(AccountMailTest, SaysWhatHappenedToWhomAndUnderOneName) {
    EXPECT_TRUE(std::holds_alternative<Done>(perform_newest("user.registered")));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].kind, mail::Kind::kWelcome);
    EXPECT_EQ(sent[0].address, "Ann@Example.com");
    const RecordedEvent cause = world.events(newest("user.registered") - 1).front();
    EXPECT_EQ(sent[0].id, cause.event_id.to_string() + ".0") << "and no position, which counts the events";
    EXPECT_EQ(sent[0].date, clock.now());
    EXPECT_EQ(sent[0].facts.at, clock.now());
    EXPECT_EQ(sent[0].facts.due, std::nullopt);
    EXPECT_EQ(sent[0].languages, std::vector<std::string>{}) << "what the service is set to";
}

TEST_F(AccountMailTest, WritesInTheLanguageThatTheyChose) {
    does(ann, ChooseLocale{"de-AT"});
    ASSERT_TRUE(run(commands::disable_user(node.services, test::bearer_of(root), ann, "", caller_of(root))));
    does(ann, ChooseLocale{"en"});
    perform_newest("user.disabled");
    EXPECT_EQ(sent.at(0).languages, std::vector<std::string>{"de-AT"});
}

// It is chosen in the append that registers them, after the event that is told.
TEST_F(AccountMailTest, WelcomesInTheLanguageThatTheyRegisteredWith) {
    does(ann, ChooseLocale{"de"});
    perform_newest("user.registered");
    EXPECT_EQ(sent.at(0).languages, std::vector<std::string>{"de"});
}

// Somebody registered a stranger's address, under a name that speaks to its owner.
TEST_F(AccountMailTest, CallsNobodyByANameBeforeTheAddressIsProven) {
    rename("You have won");
    ASSERT_TRUE(run(commands::disable_user(node.services, test::bearer_of(root), ann, "", caller_of(root))));
    perform_newest("user.disabled");
    EXPECT_EQ(sent.at(0).name, "");
}

// A job that waited: what changed meanwhile is not what was so when the event happened.
TEST_F(AccountMailTest, TellsWhatWasSoWhenItHappened) {
    does(ann, VerifyEmail{});
    rename("Ann before");
    ASSERT_TRUE(run(commands::disable_user(node.services, test::bearer_of(root), ann, "", caller_of(root))));
    clock.advance(seconds(60));
    rename("Ann after");
    perform_newest("user.disabled");
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].name, "Ann before");
    EXPECT_EQ(sent[0].facts.at, clock.now() - seconds(60));
}

// I16: what takes an account back goes to its owner, and to nobody who took the address within the last days.
TEST_F(AccountMailTest, HasALinkForAProvenAddressAlone) {
    const RequestErasure erasure{clock.now(), clock.now() + days(7)};
    removes_factor(0xF1);
    EXPECT_EQ(page_of_newest("factor.removed"), "") << "nobody said that the account is theirs";
    does(ann, VerifyEmail{});
    removes_factor(0xF2);
    EXPECT_EQ(page_of_newest("factor.removed"), "undo");
    does(ann, erasure);
    EXPECT_EQ(page_of_newest("user.erasure_requested"), "keep-account");
    does(ann, WithdrawErasure{});
    does(ann, ChangeEmail{"thief@example.com", clock.now() + days(7), SessionId{test::uuid(0x51)}});
    removes_factor(0xF3);
    EXPECT_EQ(page_of_newest("factor.removed"), "");
    does(ann, erasure);
    EXPECT_EQ(page_of_newest("user.erasure_requested"), "");
    EXPECT_EQ(sent.back().address, "thief@example.com");
    EXPECT_EQ(sent.size(), 5U);
}

TEST_F(AccountMailTest, IsOfUsersAndOfWhatFollowsFromTheirIds) {
    const Grant grant = world.log_in(node, "ann@example.com");
    ASSERT_TRUE(run(commands::revoke_sessions_of(node.services, test::bearer_of(root), ann, caller_of(root))));
    perform_newest("user.sessions_revoked");
    (void)run(commands::log_in(node.services, test::login("ann@example.com", "not the password"), test::caller()));
    ASSERT_TRUE(run(commands::unlock_user(node.services, test::bearer_of(root), ann, caller_of(root))));
    perform_newest("login.unlocked");
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[0].kind, mail::Kind::kSessionsRevoked);
    EXPECT_EQ(sent[1].kind, mail::Kind::kUnlocked);
    for (const auto& letter : sent) EXPECT_EQ(letter.address, "Ann@Example.com");
}

// What is sealed for its user is told to nobody else, and read with their key: device and place of the log-in itself.
TEST_F(AccountMailTest, TellsOfANewDeviceByItsOwnWords) {
    const auto devices = node.services.pseudonyms.devices_of(ann);
    const auto see = [&](std::uint8_t number, const char* agent, const char* country, const char* city) {
        SeeDevice seen;
        seen.user_id = ann;
        seen.device_id = test::uuid(number);
        seen.is_kept = true;
        seen.agent_network = std::to_string(number);
        seen.agent = agent;
        seen.country = country;
        seen.city = city;
        seen.now = clock.now();
        commands::Streams streams;
        const auto stream = streams.read<Devices>(devices, ann);
        const commands::Step step = [&](commands::Attempt& attempt) -> commands::StepResult {
            co_return attempt.decide_and_append(stream, DevicesCommand(seen));
        };
        const auto removed = run(node.executor.run(test::caller(), streams, step));
        ASSERT_TRUE(removed) << removed.error().refusal;
    };
    see(0xD1, "Firefox on Linux", "DE", "Berlin");
    see(0xD2, "Chrome on Windows", "DE", "Hamburg");
    EXPECT_TRUE(std::holds_alternative<Done>(perform_newest("device.first_seen")));
    see(0xD1, "Firefox on Linux", "AU", "Sydney");
    EXPECT_TRUE(std::holds_alternative<Done>(perform_newest("device.country_first_seen")));
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[0].kind, mail::Kind::kNewDevice);
    EXPECT_EQ(sent[0].facts.device, "Chrome on Windows");
    EXPECT_EQ(sent[0].facts.place, "Hamburg, DE");
    EXPECT_EQ(sent[1].facts.place, "AU");
    EXPECT_EQ(sent[1].address, "Ann@Example.com");
}

// The name lies outside of the log: it is told where it is the one that the log named then.
TEST_F(AccountMailTest, NamesAFactorAsItWasCalledThen) {
    const Grant grant = world.log_in(node, "ann@example.com");
    const FactorId phone = enrols(grant, "Old phone");
    perform_newest("factor.enrolled");
    EXPECT_EQ(sent.back().facts.factor, "") << "nobody said that the account is theirs";
    does(ann, VerifyEmail{});
    of_factors(RemoveFactor{ann, phone, clock.now() + Factors::kKeptFor});
    does(ann, TurnOffSecondFactor{});
    perform_newest("factor.removed");
    EXPECT_EQ(sent.back().facts.factor, "Old phone");
    const FactorId tablet = enrols(grant, "Tablet");
    perform_newest("factor.enrolled");
    EXPECT_EQ(sent.back().facts.factor, "Tablet");
    ASSERT_TRUE(run(commands::rename_factor(node.services, test::bearer_of(grant), tablet, "Slate", caller_of(grant))));
    perform_newest("factor.enrolled");
    EXPECT_EQ(sent.back().facts.factor, "") << "what it is called now is not what it was called then";
    of_factors(RemoveFactor{ann, tablet, std::nullopt});
    perform_newest("factor.removed");
    EXPECT_EQ(sent.back().facts.factor, "") << "nothing is kept of it";
    EXPECT_EQ(sent.size(), 5U);
}

TEST_F(AccountMailTest, TellsOfNewRecoveryCodesAndNotOfThoseThatComeWithAFactor) {
    const Grant grant = world.log_in(node, "ann@example.com");
    enrols(grant, "phone");
    EXPECT_EQ(done_code(perform_newest("factor.recovery_codes_made")), "");
    EXPECT_TRUE(sent.empty());
    of_factors(MakeRecoveryCodes{ann, {"code"}});
    EXPECT_EQ(done_code(perform_newest("factor.recovery_codes_made")), "");
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].kind, mail::Kind::kRecoveryCodesMade);
}

// One mail of an undo, whatever it undid: to the address that the account has again.
TEST_F(AccountMailTest, TellsOnceThatATakeoverWasUndone) {
    does(ann, VerifyEmail{});
    does(ann, GiveBackSecondFactor{});
    perform_newest("user.second_factor_given_back");
    does(ann, ChangeEmail{"thief@example.com", clock.now() + days(7), SessionId{test::uuid(0x51)}});
    does(ann, GiveBackSecondFactor{});
    does(ann, UndoEmailChange{clock.now()});
    perform_newest("user.second_factor_given_back");
    EXPECT_EQ(sent.size(), 1U) << "the other event tells it";
    perform_newest("user.email_change_undone");
    ASSERT_EQ(sent.size(), 2U);
    for (const mail::Mail& letter : sent) {
        EXPECT_EQ(letter.kind, mail::Kind::kChangesUndone);
        EXPECT_EQ(letter.address, "Ann@Example.com");
    }
}

TEST_F(AccountMailTest, TellsUntilWhenALockOutLasts) {
    node.services.settings.attempts = {100, 2, seconds(2), days(90)};
    for (int i = 0; i < 4; ++i) {
        clock.advance(seconds(5));
        (void)run(commands::log_in(node.services, test::login("ann@example.com", "not the password"), test::caller()));
    }
    EXPECT_TRUE(std::holds_alternative<Done>(perform_newest("login.locked")));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].kind, mail::Kind::kLocked);
    ASSERT_TRUE(sent[0].facts.due);
    EXPECT_GT(*sent[0].facts.due, *sent[0].facts.at);
}

// An application that revokes what it holds logs its user out; one that may revoke everybody's is somebody else.
TEST_F(AccountMailTest, TellsOfASessionThatAnotherClientEnded) {
    const auto revoke = [&](const std::string& client_id) {
        const Grant grant = world.log_in(node, "ann@example.com");
        commands::Client client;
        client.client_id = client_id;
        client.revocation_right = commands::RevocationRight::kAllTokens;
        ASSERT_TRUE(run(commands::revoke_token(node.services, grant.session_id, client, test::caller())));
        EXPECT_TRUE(std::holds_alternative<Done>(perform_newest("session.ended")));
    };
    revoke(test::first_party().client_id);
    EXPECT_TRUE(sent.empty());
    revoke("guard");
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].kind, mail::Kind::kSessionRevoked);
    EXPECT_EQ(sent[0].address, "Ann@Example.com");
}

// Erased on another node, while this one still remembers the key.
TEST_F(AccountMailTest, WritesToNobodyWhoWasErasedMeanwhile) {
    perform_newest("user.registered");
    ASSERT_EQ(sent.size(), 1U);
    const Position registered = newest("user.registered");
    const auto erased = run(commands::request_erasure(other.services, test::bearer_of(root), ann, caller_of(root)));
    ASSERT_TRUE(erased);
    ASSERT_TRUE(node.keys.recall(ann)) << "then this test shows nothing";
    EXPECT_TRUE(std::holds_alternative<Done>(perform("welcome", ann, registered)));
    EXPECT_TRUE(std::holds_alternative<Done>(perform_newest("user.erasure_requested")));
    EXPECT_EQ(sent.size(), 1U);
}

TEST_F(AccountMailTest, GivesBackWhatTheServerSaidByItsCodeAlone) {
    answer = mail::Delivery::again("smtp-451");
    const Performed later = perform_newest("user.registered");
    ASSERT_TRUE(std::holds_alternative<Again>(later));
    EXPECT_EQ(std::get<Again>(later).code, "smtp-451");
    answer = mail::Delivery::refused("smtp-554-5.7.1");
    const Performed never = perform_newest("user.registered");
    ASSERT_TRUE(std::holds_alternative<Dead>(never));
    EXPECT_EQ(std::get<Dead>(never).code, "smtp-554-5.7.1");
}

// Anybody can give an address that there is not: no operator is to be woken for it, and the log says nothing.
TEST_F(AccountMailTest, IsDoneWithAMailboxThatThereIsNot) {
    for (const char* code : {"smtp-550", "smtp-550-5.1.1", "smtp-553", "smtp-552-5.2.2"}) {
        answer = mail::Delivery::refused(code);
        EXPECT_EQ(done_code(perform_newest("user.registered")), code);
    }
}

// ---- caps ------------------------------------------------------------------------------------------------------
TEST_F(AccountMailTest, LetsWhatIsOverTheCapOfAnAddressWait) {
    for (int i = 0; i < kMailsAtOnce; ++i) EXPECT_EQ(done_code(perform_newest("user.registered")), "");
    const Performed over = perform_newest("user.registered");
    ASSERT_TRUE(std::holds_alternative<Again>(over));
    EXPECT_EQ(std::get<Again>(over).code, "over-limit");
    EXPECT_GT(std::get<Again>(over).after, std::chrono::minutes(19));
    EXPECT_EQ(std::ssize(sent), kMailsAtOnce);
    now_us += 1000 * kMailInterval.ms();
    EXPECT_EQ(done_code(perform_newest("user.registered", 2)), "") << "its turn has come";
    EXPECT_EQ(done_code(perform_newest("user.registered", 30, kGiveUpAfter)), "over-limit") << "a day is over";
}

TEST_F(AccountMailTest, LetsOnlySoManyWait) {
    for (int i = 0; i < kMailsAtOnce; ++i) perform_newest("user.registered");
    for (int i = 0; i < kMailsWaiting; ++i)
        EXPECT_TRUE(std::holds_alternative<Again>(perform_newest("user.registered")));
    EXPECT_EQ(done_code(perform_newest("user.registered")), "over-limit");
}

// Whoever floods somebody with mail of one kind silences no other: neither theirs nor anybody else's.
TEST_F(AccountMailTest, SilencesNothingElseByAFlood) {
    for (int i = 0; i < kMailsAtOnce + kMailsWaiting + 1; ++i) perform_newest("user.registered");
    sent.clear();
    ASSERT_TRUE(run(commands::disable_user(node.services, test::bearer_of(root), ann, {}, caller_of(root))));
    EXPECT_EQ(done_code(perform_newest("user.disabled")), "");
    world.register_user(node, "bob@example.com", "bob");
    EXPECT_EQ(done_code(perform_newest("user.registered")), "");
    EXPECT_EQ(sent.size(), 2U);
}

TEST_F(AccountMailTest, CountsForTheInstallationWhatAnybodyCanCauseAlone) {
    eventstore::Bucket all;
    all.key = "mail.open";
    all.burst = 60 * kOpenMailBurstMinutes;
    for (int i = 0; i < all.burst; ++i) (void)run(limits.take({all}, Deadline::max()));
    EXPECT_TRUE(std::holds_alternative<Again>(perform_newest("user.registered")));
    ASSERT_TRUE(run(commands::disable_user(node.services, test::bearer_of(root), ann, {}, caller_of(root))));
    EXPECT_EQ(done_code(perform_newest("user.disabled")), "");
}

// What failed takes nothing: a server that is away for an hour must not use up what its reader may be sent.
TEST_F(AccountMailTest, CountsWhatWasSentAlone) {
    answer = mail::Delivery::again("connection");
    for (int i = 0; i < 3 * kMailsAtOnce; ++i)
        EXPECT_EQ(std::get<Again>(perform_newest("user.registered")).code, "connection");
}

// Rows that no planner wrote: whoever has the service's role can put them there.
TEST_F(AccountMailTest, SendsNothingForWhatNoEventCaused) {
    const UserId bob = world.register_user(node, "bob@example.com", "bob");
    const Position registered = newest("user.registered");
    const auto is_refused = [&](std::string kind, const Uuid& subject, Position position, std::int32_t ordinal = 0) {
        Job job{
            .id = {log_id, "mail", position, ordinal}, .kind = std::move(kind), .subject = subject, .arguments = {}};
        const Performed performed = run(reactor.perform(std::move(job), Deadline::max()));
        const auto* again = std::get_if<Again>(&performed);
        return again != nullptr && again->code == "not-planned";
    };
    EXPECT_TRUE(is_refused("welcome", ann, registered)) << "another's";
    EXPECT_TRUE(is_refused("account-disabled", bob, registered)) << "another kind";
    EXPECT_TRUE(is_refused("welcome", bob, registered, 1)) << "one more";
    EXPECT_TRUE(is_refused("welcome", bob, registered, -1));
    EXPECT_TRUE(is_refused("welcome", bob, registered - 1)) << "another event";
    EXPECT_TRUE(sent.empty());
    EXPECT_FALSE(is_refused("welcome", bob, registered));
    EXPECT_EQ(sent.size(), 1U);
}

// Appended by the service's role without the keyring: it is not believed, and causes nothing.
TEST_F(AccountMailTest, SendsNothingForAnEventThatIsNotBelieved) {
    struct Unbelieving : test::SteppedStore {
        using SteppedStore::SteppedStore;
        Answer<std::vector<RecordedEvent>> read_log(Position first, std::int32_t count, Deadline deadline) override {
            auto events = co_await SteppedStore::read_log(first, count, deadline);
            for (auto& event : *events) event.trust = RecordedEvent::Trust::kInert;
            co_return events;
        }
    } unbelieving(store);
    AccountMail credulous{unbelieving, node.executor.folder(), names, links, out};
    Job job{.id = {log_id, "mail", newest("user.registered"), 0}, .kind = "welcome", .subject = ann, .arguments = {}};
    EXPECT_TRUE(std::holds_alternative<Again>(run(credulous.perform(std::move(job), Deadline::max()))));
    EXPECT_TRUE(sent.empty());
}

TEST_F(AccountMailTest, LeavesAKindThatItDoesNotKnowToANewerNode) {
    const Performed performed = perform("goodbye", ann, 1);
    ASSERT_TRUE(std::holds_alternative<Again>(performed));
    EXPECT_EQ(std::get<Again>(performed).code, "unknown-kind");
}

}  // namespace
}  // namespace keyledger::reactors
