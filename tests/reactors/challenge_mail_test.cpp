// Codes and links: what is asked for is sent to whoever has the address then, and to nobody else.
#include "reactors/challenge_mail.hpp"

#include <gtest/gtest.h>

#include "commands/accounts/erase_user.hpp"
#include "commands/accounts/set_user_status.hpp"
#include "commands/anonymous_callers/erase_anonymous_callers.hpp"
#include "commands/challenges/challenges.hpp"
#include "commands/credentials/reset_password.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "eventstore/memory/memory_store.hpp"
#include "reactors/account_mail.hpp"
#include "tests/support/world/given.hpp"
#include "tests/support/world/world.hpp"

namespace keyledger::reactors {
namespace {

using eventstore::RecordedEvent;
using test::caller_of;
using test::run;

constexpr const char* kBase = "https://auth.example";

class ChallengeMailTest : public testing::Test {
protected:
    test::FixedClock clock{test::kNow};
    eventstore::MemoryStore store{[this] { return clock.now(); }};
    test::World world{store, clock};
    test::Node node{world, store};
    test::Node other{world, store};
    const commands::Grant root = [this] {
        world.create_administrator(node, "root@example.com");
        return world.log_in(node, "root@example.com");
    }();
    const UserId ann = world.register_user(node, "Ann@Example.com", "ann");

    std::vector<mail::Mail> sent;
    MailOut out{world.limits, 600, [this](mail::Mail letter, Deadline) { return deliver(std::move(letter)); }};
    const MailLinks links{world.challenge_secrets, kBase};
    ChallengeMail reactor{
        {store, node.executor.folder(), node.keys, world.cipher, world.pseudonyms, world.challenge_secrets, clock, out},
        links};
    asio::awaitable<mail::Delivery> deliver(mail::Mail letter) {
        sent.push_back(std::move(letter));
        co_return mail::Delivery::sent();
    }

    std::string ask(ChallengePurpose purpose, std::string email, std::optional<std::string> language = {}) {
        commands::ChallengeAsk ask{purpose, std::move(email), {}, std::move(language)};
        const auto asked = run(commands::ask_challenge(other.services, std::move(ask), test::caller()));
        EXPECT_TRUE(asked);
        return asked ? asked->handle : std::string();
    }
    RecordedEvent newest_ask() {
        RecordedEvent newest;
        for (const auto& event : world.events())
            if (event.type == ChallengeAsked::kType) newest = event;
        return newest;
    }
    std::vector<PlannedJob> planned(const RecordedEvent& recorded) {
        return reactor.plan(sealed(eventstore::FollowedEvent(recorded)));
    }
    Performed perform(const Uuid& subject, Position position, std::int32_t ordinal = 0) {
        Job job{.id = {test::uuid(0x10), "mail", position, ordinal},
                .kind = "challenge",
                .subject = subject,
                .arguments = {}};
        return run(reactor.perform(std::move(job), Deadline::max()));
    }
    bool is_done_with_newest() {
        const RecordedEvent asked = newest_ask();
        return std::holds_alternative<Done>(perform(asked.stream_id, asked.position));
    }
    commands::Presented presented(const std::string& handle, const std::string& code) {
        commands::Presented by_code;
        by_code.handle = Secret(handle);
        by_code.code = Secret(code);
        return by_code;
    }
    bool resets(commands::Presented by) {
        commands::PasswordReset reset{std::move(by), Secret(std::string_view(test::kOtherPassword))};
        return run(commands::reset_password(other.services, std::move(reset), test::caller())).has_value();
    }
};

// I14: that there is a job tells nobody whose the address is.
TEST_F(ChallengeMailTest, IsPlannedOnceForEveryAskWhoeverHasTheAddress) {
    for (const char* email : {"ann@example.com", "nobody@example.com"}) {
        ask(ChallengePurpose::kResetPassword, email);
        const RecordedEvent asked = newest_ask();
        EXPECT_EQ(planned(asked), (std::vector<PlannedJob>{{"challenge", asked.stream_id}}));
    }
    for (const auto& event : world.events())
        EXPECT_EQ(planned(event).size(), event.type == ChallengeAsked::kType ? 1U : 0U) << event.type;
}

TEST_F(ChallengeMailTest, BringsACodeAndALinkThatOpen) {
    const std::string handle = ask(ChallengePurpose::kResetPassword, "ANN@example.com", "de-AT");
    EXPECT_TRUE(is_done_with_newest());
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].kind, mail::Kind::kPasswordReset);
    EXPECT_EQ(sent[0].address, "Ann@Example.com") << "as they have it, not as somebody typed it";
    EXPECT_EQ(sent[0].languages, std::vector<std::string>{"de-AT"});
    EXPECT_EQ(sent[0].facts.minutes, 30);
    EXPECT_EQ(sent[0].id, newest_ask().event_id.to_string() + ".0");
    const std::string page = std::string(kBase) + "/account/reset-password?token=";
    ASSERT_TRUE(sent[0].facts.link.starts_with(page)) << sent[0].facts.link;
    EXPECT_TRUE(is_done_with_newest()) << "sent again, where the first was not known to be sent";
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[1].facts.code, sent[0].facts.code);
    EXPECT_TRUE(resets(presented(handle, sent[1].facts.code)));
    commands::Presented link;
    ask(ChallengePurpose::kResetPassword, "ann@example.com");
    EXPECT_TRUE(is_done_with_newest());
    link.link = Secret(sent.at(2).facts.link.substr(page.size()));
    EXPECT_TRUE(resets(std::move(link)));
}

TEST_F(ChallengeMailTest, IsOfEachPurposeWhatItNeeds) {
    const auto mail_for = [&](ChallengePurpose purpose) {
        sent.clear();
        ask(purpose, "ann@example.com");
        EXPECT_TRUE(is_done_with_newest());
        EXPECT_EQ(sent.size(), 1U);
        return sent.at(0);
    };
    const auto by_code = mail_for(ChallengePurpose::kLogInByCode);
    EXPECT_EQ(by_code.kind, mail::Kind::kLogInCode);
    EXPECT_EQ(by_code.facts.code.size(), 8U);
    EXPECT_EQ(by_code.facts.link, "");
    const auto by_link = mail_for(ChallengePurpose::kLogInByLink);
    EXPECT_EQ(by_link.kind, mail::Kind::kMagicLink);
    EXPECT_EQ(by_link.facts.code, "");
    EXPECT_EQ(by_link.facts.minutes, 15);
    EXPECT_EQ(mail_for(ChallengePurpose::kUnlock).kind, mail::Kind::kUnlock);
}

TEST_F(ChallengeMailTest, GoesToNobodyWhoHasNoAccountOrMayNotLogIn) {
    ask(ChallengePurpose::kResetPassword, "nobody@example.com");
    EXPECT_TRUE(is_done_with_newest());
    ASSERT_TRUE(run(commands::disable_user(node.services, test::bearer_of(root), ann, "left", caller_of(root))));
    ask(ChallengePurpose::kResetPassword, "ann@example.com");
    EXPECT_TRUE(is_done_with_newest());
    EXPECT_TRUE(sent.empty());
}

TEST_F(ChallengeMailTest, GoesToNobodyWhoWasErasedBetweenAskAndMail) {
    ask(ChallengePurpose::kResetPassword, "ann@example.com");
    other.services.settings.erasure_grace = Duration();
    ASSERT_TRUE(run(commands::request_erasure(other.services, test::bearer_of(root), ann, caller_of(root))));
    EXPECT_TRUE(is_done_with_newest());
    EXPECT_TRUE(sent.empty());
}

// The day's key is gone, and with it whom the mail was for.
TEST_F(ChallengeMailTest, GoesToNobodyWhereTheDaysCallersWereErased) {
    clock.advance(hours(1) + minutes(35));  // 23:48
    ask(ChallengePurpose::kResetPassword, "ann@example.com");
    clock.advance(minutes(15));
    ASSERT_EQ(run(commands::erase_anonymous_callers(other.services, 0, test::caller())).value(), 1);
    EXPECT_TRUE(is_done_with_newest());
    EXPECT_TRUE(sent.empty());
}

TEST_F(ChallengeMailTest, IsNotSentWhenItIsUsedEndedOrTooLate) {
    const std::string handle = ask(ChallengePurpose::kResetPassword, "ann@example.com");
    EXPECT_TRUE(is_done_with_newest());
    const std::string code = sent.at(0).facts.code;
    EXPECT_TRUE(resets(presented(handle, code)));
    EXPECT_TRUE(is_done_with_newest());
    EXPECT_EQ(sent.size(), 1U) << "used";
    const std::string guessed = ask(ChallengePurpose::kResetPassword, "ann@example.com");
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(resets(presented(guessed, "no code")));
    EXPECT_TRUE(is_done_with_newest());
    EXPECT_EQ(sent.size(), 1U) << "ended";
    ask(ChallengePurpose::kResetPassword, "ann@example.com");
    clock.advance(minutes(30));
    EXPECT_TRUE(is_done_with_newest());
    EXPECT_EQ(sent.size(), 1U) << "too late";
}

// Rows that no planner wrote: whoever has the service's role can put them there.
TEST_F(ChallengeMailTest, SendsNothingForWhatNoEventAsks) {
    ask(ChallengePurpose::kResetPassword, "ann@example.com");
    const RecordedEvent asked = newest_ask();
    const auto is_refused = [&](const Uuid& subject, Position position, std::int32_t ordinal = 0) {
        const Performed performed = perform(subject, position, ordinal);
        const auto* again = std::get_if<Again>(&performed);
        return again != nullptr && again->code == "not-planned";
    };
    EXPECT_TRUE(is_refused(ann, asked.position));
    EXPECT_TRUE(is_refused(asked.stream_id, asked.position, 1));
    EXPECT_TRUE(is_refused(asked.stream_id, asked.position - 1));
    EXPECT_TRUE(sent.empty());
}

// Two parts have one queue: each job is performed by the part that planned it, and a newer node's by nobody here.
TEST_F(ChallengeMailTest, SharesAQueueWithTheMailOfAccounts) {
    FactorNames names{node.services, node.keys};
    AccountMail accounts{store, node.executor.folder(), names, links, out};
    Mail all{{&accounts, &reactor}};
    ask(ChallengePurpose::kResetPassword, "ann@example.com");
    for (const auto& event : world.events()) {
        if (event.is_inert()) continue;
        const eventstore::FollowedEvent followed(event);
        for (const PlannedJob& planned : all.plan(sealed(followed))) {
            Job job{.id = {test::uuid(0x10), "mail", event.position, 0},
                    .kind = planned.kind,
                    .subject = planned.subject,
                    .arguments = planned.arguments};
            EXPECT_TRUE(std::holds_alternative<Done>(run(all.perform(std::move(job), Deadline::max()))));
        }
    }
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[0].kind, mail::Kind::kWelcome);
    EXPECT_EQ(sent[1].kind, mail::Kind::kPasswordReset);
    Job newer{.id = {test::uuid(0x10), "mail", 1, 0}, .kind = "goodbye", .subject = ann, .arguments = {}};
    const Performed unknown = run(all.perform(std::move(newer), Deadline::max()));
    EXPECT_EQ(std::get<Again>(unknown).code, "unknown-kind");
}

}  // namespace
}  // namespace keyledger::reactors
