// Whoever is invited has no password until they set one by the link of a mail.
#include "commands/accounts/invite_user.hpp"

#include "commands/account_services.hpp"
#include "commands/accounts/create_user.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/credentials/reset_password.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller;
using test::caller_of;
using test::run;
using test::Types;

class InviteUserTest : public test::CommandTest {
protected:
    void SetUp() override {
        world.create_administrator(node, "root@example.com");
        root_ = world.log_in(node, "root@example.com");
        before_ = world.head();
    }
    UserId invite(std::string email = test::kAnnsEmail) {
        NewUser wanted{std::move(email)};
        wanted.is_invited = true;
        return run(create_user(node.services, bearer_of(root_), std::move(wanted), caller_of(root_)))->user_id;
    }
    User user(const UserId& user_id) {
        const std::vector<LoadStream> streams{{user_id, User::kStreamType}};
        return state_of<User>(run(other.executor.folder().load(streams, Freshness::kAtHead, Deadline::max()))->front());
    }
    ChallengeId newest_ask() {
        ChallengeId newest;
        for (const auto& event : world.events())
            if (event.type == ChallengeAsked::kType) newest = ChallengeId{event.stream_id};
        return newest;
    }
    // As the mail has it.
    Presented mailed(const UserId& user_id, ChallengePurpose purpose = ChallengePurpose::kInvite) {
        const User state = user(user_id);
        const auto digests = digests_of_address(world.pseudonyms, test::kAnnsEmail);
        Presented presented;
        presented.purpose = purpose;
        presented.link =
            Secret(world.challenge_secrets.seal(MailLink{purpose, newest_ask(), Uuid{}, user_id, state.security_stamp,
                                                         address_digest(digests), asked_at_ + kInvitationLife}));
        return presented;
    }
    Result<Receipt, CommandError> accept(Presented presented) {
        PasswordReset reset{std::move(presented), Secret(std::string_view(test::kPassword)), {}};
        return run(reset_password(other.services, std::move(reset), caller()));
    }

    Grant root_;
    Position before_ = 0;
    Instant asked_at_ = clock.now();
};

TEST_F(InviteUserTest, HasNoPasswordUntilTheySetOne) {
    const UserId ann = invite();
    EXPECT_EQ(world.types(before_), (Types{"user.registered", "challenge.asked"}));
    EXPECT_TRUE(
        test::refused(run(log_in(services(), test::login(test::kAnnsEmail), caller())), refusals::kInvalidCredentials));
    ASSERT_TRUE(test::succeeds(accept(mailed(ann))));
    EXPECT_EQ(user(ann).email_proof, User::EmailProof::kVerified);
    EXPECT_TRUE(run(log_in(services(), test::login(test::kAnnsEmail), caller())));
    EXPECT_TRUE(
        test::refused(run(invite_user(services(), bearer_of(root_), ann, caller_of(root_))), refusals::kHasPassword));
}

TEST_F(InviteUserTest, IsForOneWeekAndForItsPurposeAlone) {
    const UserId ann = invite();
    Presented others = mailed(ann, ChallengePurpose::kVerifyEmail);
    others.purpose = ChallengePurpose::kInvite;
    EXPECT_TRUE(test::refused(accept(std::move(others)), refusals::kLinkSpent));
    EXPECT_TRUE(test::refused(run(confirm_address(services(), *mailed(ann).link, caller())), refusals::kLinkSpent));
    Presented late = mailed(ann);
    clock.advance(kInvitationLife);
    EXPECT_TRUE(test::refused(accept(std::move(late)), refusals::kLinkSpent));
    ASSERT_TRUE(test::succeeds(
        run(invite_user(services(), bearer_of(world.log_in(node, "root@example.com")), ann, caller_of(root_)))));
    asked_at_ = clock.now();
    EXPECT_TRUE(test::succeeds(accept(mailed(ann))));
}

TEST_F(InviteUserTest, IsAcceptedOnceForFiftyAtOnceOnTwoNodes) {
    const UserId ann = invite();
    std::vector<asio::awaitable<Result<Receipt, CommandError>>> rivals;
    for (int i = 0; i < 50; ++i) {
        PasswordReset reset{mailed(ann), Secret(std::string_view(test::kPassword)), {}};
        rivals.push_back(reset_password((i % 2 == 0 ? node : other).services, std::move(reset), caller()));
    }
    int accepted = 0;
    for (const auto& outcome : test::run_all(std::move(rivals))) accepted += outcome ? 1 : 0;
    EXPECT_EQ(accepted, 1);
    const Types types = world.types(before_);
    EXPECT_EQ(std::ranges::count(types, "user.password_reset"), 1);
}

TEST_F(InviteUserTest, VerifiesAnAddressByTheLinkOfTheOtherMail) {
    const UserId ann = world.register_user(node, test::kAnnsEmail);
    const auto send = [&] { return run(send_verification(services(), bearer_of(root_), ann, caller_of(root_))); };
    ASSERT_TRUE(test::succeeds(send()));
    EXPECT_EQ(world.types(before_).back(), "challenge.asked");
    ASSERT_TRUE(test::succeeds(
        run(confirm_address(other.services, *mailed(ann, ChallengePurpose::kVerifyEmail).link, caller()))));
    EXPECT_EQ(user(ann).email_proof, User::EmailProof::kVerified);
    EXPECT_TRUE(test::refused(send(), refusals::kAddressVerified));
}

}  // namespace
}  // namespace keyledger::commands
