// Another address for a user: proven at the new one, told to both, and undone by the one from before (I16).
#include "commands/accounts/change_email.hpp"

#include "commands/account_services.hpp"
#include "commands/accounts/erase_user.hpp"
#include "commands/accounts/undo.hpp"
#include "commands/claim_owner.hpp"
#include "commands/credentials/passwords.hpp"
#include "domain/users/identity.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::caller;
using test::caller_of;
using test::kAnnsEmail;
using test::kOtherPassword;
using test::kPassword;
using test::run;
using test::Types;

constexpr const char* kNewEmail = "ann@elsewhere.example";

class ChangeEmailTest : public test::CommandTest {
protected:
    void SetUp() override {
        ann_ = world.register_user(node, kAnnsEmail, "ann");
        grant_ = world.log_in(node, kAnnsEmail);
        prove_address(ann_);
        before_ = world.head();
    }
    // As a reset or a registration does.
    void prove_address(const UserId& user_id) {
        Streams streams;
        const auto user = streams.read<User>(user_id);
        const Step step = [&](Attempt& attempt) -> StepResult {
            const VerifyEmail command{};
            co_return attempt.decide_and_append(user, command);
        };
        ASSERT_TRUE(run(node.executor.run(caller(), streams, step)));
    }
    User user(const UserId& user_id) {
        const std::vector<LoadStream> streams{{user_id, User::kStreamType}};
        return state_of<User>(run(other.executor.folder().load(streams, Freshness::kAtHead, Deadline::max()))->front());
    }
    std::optional<Uuid> owner(const std::string& key) {
        return run(owner_of_claim(services(), "email", key, Deadline::max())).value();
    }
    Result<AskedChallenge, CommandError> ask(const Grant& grant, std::string email, const char* password = kPassword) {
        EmailChange change{test::bearer_of(grant), Secret(std::string_view(password)), std::move(email), {}};
        return run(ask_email_change(services(), std::move(change), caller_of(grant)));
    }
    // As the mail to the new address brings it.
    EmailProof mailed(const std::string& handle, const UserId& user_id) {
        const auto opened = world.challenge_secrets.open_handle(ChallengePurpose::kChangeEmail, handle).value();
        const CodeSource source{ChallengePurpose::kChangeEmail,
                                world.challenge_secrets.current_key(),
                                user_id,
                                user(user_id).security_stamp,
                                opened.challenge_id,
                                address_digest(opened.address)};
        return {Secret(handle), Secret(*world.challenge_secrets.code(source))};
    }
    Result<Receipt, CommandError> change(const Grant& grant, EmailProof presented) {
        return run(change_email(other.services, test::bearer_of(grant), std::move(presented), caller_of(grant)));
    }
    void change_to(const Grant& grant, const char* email, const char* password = kPassword) {
        const auto asked = ask(grant, email, password);
        ASSERT_TRUE(test::succeeds(asked));
        ASSERT_TRUE(test::succeeds(change(grant, mailed(asked->handle, grant.user_id))));
    }
    Secret mailed_undo(const UserId& user_id) {
        return Secret(world.challenge_secrets.seal(undo_link(user_id, user(user_id)).value()));
    }
    Result<Receipt, CommandError> undo(const Secret& link) { return run(undo_change(other.services, link, caller())); }
    bool holds(const Grant& grant) {
        return run(refresh_session(node.services, test::refresh_of(grant), caller())).has_value();
    }

    UserId ann_;
    Grant grant_;
    Position before_ = 0;
};

TEST_F(ChangeEmailTest, IsProvenAtTheNewAddressAndKeepsTheOldOne) {
    const Grant telephone = world.log_in(node, kAnnsEmail);
    const auto asked = ask(grant_, "Ann@Elsewhere.example");
    ASSERT_TRUE(test::succeeds(asked));
    EXPECT_EQ(world.types(before_ + 1), (Types{"challenge.asked"}));
    EXPECT_FALSE(owner(kNewEmail)) << "nothing is taken before the proof";
    const Position before = world.head();
    ASSERT_TRUE(test::succeeds(change(grant_, mailed(asked->handle, ann_))));
    EXPECT_EQ(world.types(before), (Types{"user.email_changed", "challenge.completed"}));
    EXPECT_EQ(owner(kNewEmail), ann_);
    EXPECT_EQ(owner(kAnnsEmail), ann_) << "nobody else gets it for seven days";
    EXPECT_EQ(user(ann_).email, "Ann@Elsewhere.example");
    EXPECT_EQ(user(ann_).email_proof, User::EmailProof::kVerified);
    EXPECT_TRUE(holds(grant_));
    EXPECT_FALSE(holds(telephone));
}

TEST_F(ChangeEmailTest, TakesThePasswordAndCountsWrongOnes) {
    EXPECT_TRUE(test::refused(ask(grant_, kNewEmail, "not the password"), refusals::kWrongPassword));
    const Types types = world.types(before_);
    EXPECT_EQ(std::count(types.begin(), types.end(), "challenge.asked"), 0);
    EXPECT_EQ(std::count(types.begin(), types.end(), "login.failed"), 1);
    EXPECT_TRUE(test::refused(ask(grant_, kAnnsEmail), refusals::kEmailUnchanged));
    EXPECT_TRUE(test::refused(ask(grant_, "no address"), refusals::kInvalidEmail));
}

// I14: of an address that somebody has, the same.
TEST_F(ChangeEmailTest, IsAskedForAlikeWhoseverTheAddressIs) {
    world.register_user(node, "taken@example.com");
    const Position before = world.head();
    const auto free = ask(grant_, kNewEmail);
    const Types of_free = world.types(before);
    const Position between = world.head();
    const auto taken = ask(grant_, "taken@example.com");
    ASSERT_TRUE(free && taken);
    EXPECT_EQ(world.types(between), of_free);
    EXPECT_EQ(free->handle.size(), taken->handle.size());
    EXPECT_EQ(free->expires_at, taken->expires_at);
}

// A thief of a session can't prove a code that another user's mail has, nor one that is for something else.
TEST_F(ChangeEmailTest, IsProvenByItsOwnUserAlone) {
    const UserId bob = world.register_user(node, "bob@example.com");
    const Grant bobs = world.log_in(node, "bob@example.com");
    const auto asked = ask(grant_, kNewEmail);
    EXPECT_TRUE(test::refused(change(bobs, mailed(asked->handle, ann_)), refusals::kNotProven));
    for (int i = 0; i < 4; ++i) {
        EmailProof wrong = mailed(asked->handle, ann_);
        std::string code(wrong.code.reveal());
        code.back() = code.back() == '0' ? '1' : '0';
        wrong.code = Secret(code);
        EXPECT_TRUE(test::refused(change(grant_, std::move(wrong)), refusals::kNotProven));
    }
    EXPECT_TRUE(test::refused(change(grant_, mailed(asked->handle, ann_)), refusals::kNotProven)) << "ended by three";
    EXPECT_EQ(user(ann_).email, kAnnsEmail);
    EXPECT_EQ(user(bob).email, "bob@example.com");
}

TEST_F(ChangeEmailTest, TellsOfAnAddressThatIsTakenWhoeverProvedIt) {
    const auto asked = ask(grant_, kNewEmail);
    world.register_user(other, kNewEmail);
    EXPECT_TRUE(test::refused(change(grant_, mailed(asked->handle, ann_)), refusals::kEmailTaken));
}

TEST_F(ChangeEmailTest, IsCarriedOutOnceForFiftyAtOnceOnTwoNodes) {
    const auto asked = ask(grant_, kNewEmail);
    const Position before = world.head();
    std::vector<asio::awaitable<Result<Receipt, CommandError>>> rivals;
    for (int i = 0; i < 50; ++i)
        rivals.push_back(change_email((i % 2 == 0 ? node : other).services, test::bearer_of(grant_),
                                      mailed(asked->handle, ann_), caller_of(grant_)));
    int changed = 0;
    for (const auto& outcome : test::run_all(std::move(rivals))) changed += outcome ? 1 : 0;
    EXPECT_EQ(changed, 1);
    const Types types = world.types(before);
    EXPECT_EQ(std::count(types.begin(), types.end(), "user.email_changed"), 1);
}

TEST_F(ChangeEmailTest, WaitsWhileTheOneBeforeCanBeUndone) {
    change_to(grant_, kNewEmail);
    EXPECT_TRUE(test::refused(ask(grant_, "third@example.com"), refusals::kEmailChangedJustNow));
    clock.advance(kUndoEmailChangeFor);
    ASSERT_TRUE(test::succeeds(run(release_former_email(services(), ann_, caller()))));
    EXPECT_FALSE(owner(kAnnsEmail));
    const Grant again = world.log_in(node, kNewEmail);
    change_to(again, "third@example.com");
    EXPECT_EQ(user(ann_).email, "third@example.com");
}

TEST_F(ChangeEmailTest, ReleasesNoAddressBeforeItsTime) {
    change_to(grant_, kNewEmail);
    const Position before = world.head();
    clock.advance(kUndoEmailChangeFor - milliseconds(1));
    ASSERT_TRUE(test::succeeds(run(release_former_email(services(), ann_, caller()))));
    EXPECT_EQ(world.head(), before);
    EXPECT_EQ(owner(kAnnsEmail), ann_);
}

// Whose address was never proven has no say: it may be a stranger's, by a slip of a finger.
TEST_F(ChangeEmailTest, GivesAnAddressThatNobodyProvedNoWayBack) {
    const UserId bob = world.register_user(node, "b0b@example.com");
    const Grant bobs = world.log_in(node, "b0b@example.com");
    change_to(bobs, "bob@example.com");
    EXPECT_FALSE(user(bob).former_email);
    EXPECT_FALSE(owner("b0b@example.com"));
    EXPECT_FALSE(undo_link(bob, user(bob)));
}

// ---- I16 -------------------------------------------------------------------------------------------------------
// A takeover, played through: the thief has the password, changes the address, changes the password, asks for the
// account's erasure, and keeps a session. The mail to the old address has a link. All of it is undone.
TEST_F(ChangeEmailTest, OfAThiefIsUndoneWhole) {
    const Grant thief = world.log_in(other, kAnnsEmail);
    change_to(thief, "thief@example.com");
    const Secret link = mailed_undo(ann_);
    EXPECT_FALSE(holds(grant_)) << "the victim is out";
    ASSERT_TRUE(run(change_password(services(), test::password_change(test::bearer_of(thief)), caller_of(thief))));
    ErasureRequest erasure{test::bearer_of(thief), Secret(std::string_view(kOtherPassword))};
    ASSERT_TRUE(run(request_own_erasure(services(), std::move(erasure), caller_of(thief))));
    ASSERT_TRUE(user(ann_).exists()) << "a grace period of none does not erase what can be undone";
    const Grant back = world.log_in(node, "thief@example.com", kOtherPassword);

    clock.advance(days(6));
    ASSERT_TRUE(test::succeeds(run(erase_user(services(), ann_, caller()))));
    ASSERT_TRUE(test::succeeds(undo(link)));
    const User ann = user(ann_);
    EXPECT_EQ(ann.email, kAnnsEmail);
    EXPECT_EQ(owner(kAnnsEmail), ann_);
    EXPECT_FALSE(owner("thief@example.com"));
    EXPECT_FALSE(ann.erasure_due_at);
    EXPECT_EQ(ann.password_use, User::PasswordUse::kMustBeReset);
    EXPECT_FALSE(holds(back));
    EXPECT_FALSE(holds(thief));
    clock.advance(days(30));
    ASSERT_TRUE(test::succeeds(run(erase_user(services(), ann_, caller()))));
    EXPECT_TRUE(user(ann_).exists());
}

TEST_F(ChangeEmailTest, IsUndoneOnceAndInTime) {
    change_to(grant_, kNewEmail);
    const Secret link = mailed_undo(ann_);
    EXPECT_TRUE(test::refused(undo(Secret("link 4711")), refusals::kLinkSpent));
    ASSERT_TRUE(test::succeeds(undo(link)));
    EXPECT_TRUE(test::refused(undo(link), refusals::kLinkSpent));
    // Nor does it undo another change.
    prove_address(ann_);
    clock.advance(seconds(1));
    const UserId bob = world.register_user(node, "bob@example.com");
    prove_address(bob);
    const Grant bobs = world.log_in(node, "bob@example.com");
    change_to(bobs, "bob@elsewhere.example");
    const Secret bobs_link = mailed_undo(bob);
    EXPECT_TRUE(test::refused(undo(link), refusals::kLinkSpent));
    clock.advance(kUndoEmailChangeFor);
    EXPECT_TRUE(test::refused(undo(bobs_link), refusals::kLinkSpent));
    EXPECT_EQ(user(bob).email, "bob@elsewhere.example");
}

TEST_F(ChangeEmailTest, IsUndoneOnceForFiftyAtOnceOnTwoNodes) {
    change_to(grant_, kNewEmail);
    const Secret link = mailed_undo(ann_);
    const Position before = world.head();
    std::vector<asio::awaitable<Result<Receipt, CommandError>>> rivals;
    for (int i = 0; i < 50; ++i) rivals.push_back(undo_change((i % 2 == 0 ? node : other).services, link, caller()));
    int undone = 0;
    for (const auto& outcome : test::run_all(std::move(rivals))) undone += outcome ? 1 : 0;
    EXPECT_EQ(undone, 1);
    EXPECT_EQ(world.types(before), (Types{"user.email_change_undone"}));
}

// An erasure that waited is carried out when the time to undo is over, and takes both addresses.
TEST_F(ChangeEmailTest, HoldsAnErasureUpForSevenDaysAtMost) {
    change_to(grant_, kNewEmail);
    ErasureRequest erasure{test::bearer_of(grant_), Secret(std::string_view(kPassword))};
    const auto requested = run(request_own_erasure(services(), std::move(erasure), caller_of(grant_)));
    ASSERT_TRUE(test::succeeds(requested));
    EXPECT_EQ(requested->due_at, clock.now() + kUndoEmailChangeFor);
    clock.advance(kUndoEmailChangeFor);
    ASSERT_TRUE(test::succeeds(run(erase_user(services(), ann_, caller()))));
    EXPECT_FALSE(user(ann_).exists());
    EXPECT_FALSE(owner(kAnnsEmail));
    EXPECT_FALSE(owner(kNewEmail));
}

}  // namespace
}  // namespace keyledger::commands
