// What the address of a registration gets by mail, and that whoever registers decides nothing of it but the address.
#include "reactors/address_mail.hpp"

#include <gtest/gtest.h>

#include "commands/registrations/begin_registration.hpp"
#include "commands/registrations/complete_registration.hpp"
#include "eventstore/aggregates.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "eventstore/declarations.hpp"
#include "eventstore/memory/memory_store.hpp"
#include "tests/support/world/given.hpp"
#include "tests/support/world/world.hpp"

namespace keyledger::reactors {
namespace {

using eventstore::RecordedEvent;
using test::caller;
using test::run;

class AddressMailTest : public testing::Test {
protected:
    test::FixedClock clock{test::kNow};
    eventstore::MemoryStore store{[this] { return clock.now(); }};
    test::World world{store, clock};
    test::Node node{world, store};
    test::Node other{world, store};
    const Uuid log_id = test::uuid(0x10);

    std::vector<mail::Mail> sent;
    MailOut out{world.limits, 60, [this](mail::Mail letter, Deadline) { return deliver(std::move(letter)); }};
    const MailLinks links{world.challenge_secrets, "https://keyledger.example"};
    AddressMail reactor{{store, node.executor.folder(), node.keys, world.cipher, world.pseudonyms,
                         world.challenge_secrets, world.clock},
                        links,
                        out};
    asio::awaitable<mail::Delivery> deliver(mail::Mail letter) {
        sent.push_back(std::move(letter));
        co_return mail::Delivery::sent();
    }

    std::string begin(std::string email, std::optional<std::string> locale = "de-AT") {
        auto request = test::registration(std::move(email), "annlee");
        request.name = "Your bank";
        auto begun = run(commands::begin_registration(other.services, std::move(request), std::move(locale), caller()));
        return begun.value().handle;
    }
    Result<UserId, commands::CommandError> prove(commands::AddressProof proof) {
        return run(commands::complete_registration(other.services, std::move(proof), caller()));
    }
    // The jobs of the newest event, performed.
    Performed perform_newest() { return perform_of(world.head()); }
    Performed perform_of(Position position) {
        const RecordedEvent recorded = world.events(position - 1).front();
        const eventstore::FollowedEvent event(recorded);
        const auto jobs = reactor.plan(sealed(event));
        EXPECT_EQ(jobs.size(), 1U);
        EXPECT_TRUE(reactor.performs(jobs.at(0).kind));
        return perform(jobs.at(0).kind, jobs.at(0).subject, position);
    }
    Performed perform(std::string kind, const Uuid& subject, Position position, std::int32_t ordinal = 0) {
        Job job{
            .id = {log_id, "mail", position, ordinal}, .kind = std::move(kind), .subject = subject, .arguments = {}};
        return run(reactor.perform(std::move(job), Deadline::max()));
    }
    std::string token_of(const mail::Mail& letter) {
        const std::string begins = "https://keyledger.example/account/verify-email?token=";
        EXPECT_EQ(letter.facts.link.substr(0, begins.size()), begins);
        return letter.facts.link.substr(begins.size());
    }
};

TEST_F(AddressMailTest, BringsACodeAndALinkThatProveTheAddress) {
    const std::string ann = begin("Ann@Example.com");
    EXPECT_TRUE(std::holds_alternative<Done>(perform_newest()));
    const std::string bob = begin("bob@example.com");
    perform_newest();
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[0].kind, mail::Kind::kVerificationCode);
    EXPECT_EQ(sent[0].address, "Ann@Example.com");
    EXPECT_EQ(sent[0].name, "") << "a stranger may have chosen it";
    EXPECT_EQ(sent[0].languages, (std::vector<std::string>{"de-AT"}));
    EXPECT_EQ(sent[0].facts.minutes, 10);
    EXPECT_EQ(sent[0].id, world.events(0).front().event_id.to_string() + ".0");
    commands::AddressProof by_code;
    by_code.handle = ann;
    by_code.code = Secret(sent[0].facts.code);
    EXPECT_TRUE(prove(std::move(by_code)).has_value());
    commands::AddressProof by_link;
    by_link.handle = bob;
    by_link.token = token_of(sent[1]);
    by_link.username = "bobby";  // the one that both asked for is Ann's by now
    const auto by_link_proven = prove(std::move(by_link));
    EXPECT_TRUE(by_link_proven) << (by_link_proven ? "" : by_link_proven.error().refusal->advice);
}

// Its page would ask for the password that was registered, and there is none.
TEST_F(AddressMailTest, BringsACodeWithoutALinkToWhoeverRegistersByAProvider) {
    commands::ProviderRegistration request;
    request.email = "ann@example.com";
    request.name = "Your bank";
    request.locale = "de";
    request.identity = {"staff", "https://login.example", "subject-1", "Your bank"};
    const auto begun = run(commands::begin_registration_by_provider(other.services, std::move(request), caller()));
    ASSERT_TRUE(begun);
    EXPECT_TRUE(std::holds_alternative<Done>(perform_newest()));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].kind, mail::Kind::kVerificationCode);
    EXPECT_EQ(sent[0].facts.link + sent[0].name, "");
    EXPECT_EQ(sent[0].languages, (std::vector<std::string>{"de"}));
    commands::AddressProof by_code;
    by_code.handle = begun->handle;
    by_code.code = Secret(sent[0].facts.code);
    EXPECT_TRUE(prove(std::move(by_code)));
}

TEST_F(AddressMailTest, BringsTheSameAtEachAttempt) {
    begin("ann@example.com");
    const Position begun = world.head();
    perform_newest();
    clock.advance(hours(1));
    perform_of(begun);
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[0].facts.code, sent[1].facts.code);
    EXPECT_EQ(sent[0].id, sent[1].id);
    EXPECT_EQ(sent[0].date, sent[1].date);
}

TEST_F(AddressMailTest, BringsAnotherCodeWhenItIsAskedForAgain) {
    const std::string handle = begin("ann@example.com");
    perform_newest();
    clock.advance(kLeastBetweenMails);
    ASSERT_TRUE(run(commands::ask_for_registration_mail(other.services, handle, caller())));
    perform_newest();
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_NE(sent[0].facts.code, sent[1].facts.code);
    EXPECT_NE(sent[0].id, sent[1].id);
}

// To the address as its owner gave it, without a code, a link or a word of whoever registers.
TEST_F(AddressMailTest, TellsWhoeverHasTheAddressThatSomebodyTried) {
    world.register_user(other, "Ann@Example.com");
    begin("aNN@example.COM");
    EXPECT_TRUE(std::holds_alternative<Done>(perform_newest()));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].kind, mail::Kind::kAddressInUse);
    EXPECT_EQ(sent[0].address, "Ann@Example.com");
    EXPECT_EQ(sent[0].facts.code + sent[0].facts.link + sent[0].name, "");
    EXPECT_TRUE(sent[0].languages.empty()) << "theirs, and not the other's";
}

// Registered by somebody meanwhile: who has it when the mail is sent is whom it concerns.
TEST_F(AddressMailTest, KnowsWhoHasTheAddressWhenItIsSent) {
    begin("ann@example.com");
    const Position begun = world.head();
    world.register_user(other, "ann@example.com");
    perform_of(begun);
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].kind, mail::Kind::kAddressInUse);
}

TEST_F(AddressMailTest, BringsNothingOfARegistrationThatIsOver) {
    const std::string handle = begin("ann@example.com");
    const Position begun = world.head();
    perform_newest();
    commands::AddressProof proof;
    proof.handle = handle;
    proof.code = Secret(sent.at(0).facts.code);
    ASSERT_TRUE(prove(std::move(proof)));
    begin("bob@example.com");
    const Position bobs = world.head();
    const RegistrationId id{world.events(bobs - 1).front().stream_id};
    clock.advance(kRegistrationLife);
    ASSERT_TRUE(run(commands::erase_registration(other.services, id, caller())));
    for (const Position position : {begun, bobs}) EXPECT_TRUE(std::holds_alternative<Done>(perform_of(position)));
    EXPECT_EQ(sent.size(), 1U);
}

// Of a change both are told, the one from before with what undoes it; unless it was never proven, for then it may be a
// stranger's.
TEST_F(AddressMailTest, TellsTheFormerAddressIfItWasProven) {
    const auto changes = [&](const char* from, const char* to, bool proven) {
        const UserId user = world.register_user(other, from);
        commands::Streams streams;
        const auto stream = streams.read<User>(user);
        const commands::Step step = [&](commands::Attempt& attempt) -> commands::StepResult {
            const ChangeEmail change{to, clock.now() + days(7), SessionId{test::uuid(0x51)}};
            if (proven) {
                KEYLEDGER_CO_TRY(verified, attempt.decide_and_append(stream, VerifyEmail{}));
            }
            co_return attempt.decide_and_append(stream, change);
        };
        ASSERT_TRUE(run(other.executor.run(caller(), streams, step)));
        const Position changed = world.head();
        perform("former-address", user, changed, 0);
        perform("new-address", user, changed, 1);
    };
    changes("ann@example.com", "ann@elsewhere.example", true);
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[0].kind, mail::Kind::kAddressChangedOld);
    EXPECT_EQ(sent[0].address, "ann@example.com");
    EXPECT_EQ(sent[0].facts.link.find("https://keyledger.example/account/undo?token="), 0U);
    EXPECT_EQ(sent[1].kind, mail::Kind::kAddressChangedNew);
    EXPECT_EQ(sent[1].address, "ann@elsewhere.example");
    EXPECT_EQ(sent[1].facts.link, "");
    changes("bob@example.com", "bob@elsewhere.example", false);
    ASSERT_EQ(sent.size(), 3U);
    EXPECT_EQ(sent[2].address, "bob@elsewhere.example");
}

TEST_F(AddressMailTest, SendsNothingThatNoEventAsksFor) {
    begin("ann@example.com");
    const RecordedEvent begun = world.events(0).front();
    const UserId bob = world.register_user(other, "bob@example.com");
    const auto nothing = [&](const Uuid& subject, Position position, std::int32_t ordinal) {
        const auto done = perform("registration", subject, position, ordinal);
        return std::holds_alternative<Again>(done);
    };
    EXPECT_TRUE(nothing(begun.stream_id, begun.position, 1));
    EXPECT_TRUE(nothing(bob, begun.position, 0));
    EXPECT_TRUE(nothing(bob, begun.position + 1, 0));
    EXPECT_TRUE(nothing(begun.stream_id, 4711, 0));
    EXPECT_TRUE(sent.empty());
}

}  // namespace
}  // namespace keyledger::reactors
