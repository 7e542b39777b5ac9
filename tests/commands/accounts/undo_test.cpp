// What a thief did to second factors is undone by whoever reads the mail of the address (I16). The change of an address
// is undone in change_email_test.cpp.
#include "commands/accounts/undo.hpp"

#include "commands/account_services.hpp"
#include "commands/accounts/change_email.hpp"
#include "commands/factors/enrol_factor.hpp"
#include "domain/challenges/challenge.hpp"
#include "tests/commands/challenges/mail_proofs.hpp"
#include "tests/commands/factors/second_factors.hpp"

namespace keyledger::commands {
namespace {

class UndoTest : public SecondFactorsTest {
protected:
    User user() {
        const std::vector<LoadStream> streams{{ann_, User::kStreamType}};
        return state_of<User>(run(other.executor.folder().load(streams, Freshness::kAtHead, Deadline::max()))->front());
    }
    Factors factors() {
        const std::vector<LoadStream> streams{{factors_of(ann_), Factors::kStreamType}};
        const auto folds = run(other.executor.folder().load(streams, Freshness::kAtHead, Deadline::max()));
        return state_of<Factors>(folds->front());
    }
    // As the mail has it that tells of the removal.
    Secret mailed(const FactorId& removed) {
        const Factors state = factors();
        return Secret(world.challenge_secrets.seal(undo_link(ann_, *state.find_kept(removed)).value()));
    }
    Result<Receipt, CommandError> undo(const Secret& link) { return run(undo_change(other.services, link, caller())); }
    bool holds(const Grant& grant) {
        return run(refresh_session(node.services, test::refresh_of(grant), caller())).has_value();
    }
    PresentedFactor next(const std::string& app) { return totp(next_code(app)); }
};

// The thief has the password, and once had the phone in their hands.
TEST_F(UndoTest, GivesASecondFactorBackThatAThiefRemoved) {
    const std::string phone = enrol();
    const FactorId phone_id = factor_id_;
    grant_ = complete(half(), next(phone))->grant;
    ASSERT_TRUE(test::succeeds(remove(proof(next(phone)))));
    enrol();  // the thief
    EXPECT_TRUE(test::refused(complete(half(), next(phone)), refusals::kWrongSecondFactor)) << "the owner is out";
    mark();
    ASSERT_TRUE(test::succeeds(undo(mailed(phone_id))));
    EXPECT_EQ(since(), (Types{"factor.given_back", "factor.removed", "factor.recovery_codes_given_back",
                              "user.second_factor_given_back"}));
    EXPECT_EQ(user().password_use, User::PasswordUse::kMustBeReset);
    EXPECT_FALSE(holds(grant_));
    ASSERT_EQ(factors().enrolled.size(), 1u);
    EXPECT_EQ(factors().enrolled[0].id, phone_id);
    EXPECT_TRUE(is_established(factors().enrolled[0], clock.now()));
    EXPECT_EQ(factors().recovery_codes.size(), 10u);
    EXPECT_EQ(kept_credentials(), 2u) << "the password and the phone";
}

// Nothing was enrolled in its place: the user has a second factor again.
TEST_F(UndoTest, TurnsTheSecondFactorOnAgain) {
    const std::string phone = enrol();
    ASSERT_TRUE(test::succeeds(remove(proof(next(phone)))));
    EXPECT_EQ(user().second_factor, User::SecondFactor::kOff);
    EXPECT_EQ(kept_credentials(), 2u) << "it can be given back";
    const Secret link = mailed(factor_id_);
    mark();
    ASSERT_TRUE(test::succeeds(undo(link)));
    EXPECT_EQ(since(),
              (Types{"factor.given_back", "factor.recovery_codes_given_back", "user.second_factor_given_back"}));
    EXPECT_EQ(user().second_factor, User::SecondFactor::kOn);
    EXPECT_EQ(user().password_use, User::PasswordUse::kMustBeReset);
    EXPECT_FALSE(holds(grant_));
    EXPECT_TRUE(test::refused(undo(link), refusals::kLinkSpent)) << "once";
}

TEST_F(UndoTest, IsDoneOnceForFiftyAtOnceOnTwoNodes) {
    const std::string phone = enrol();
    ASSERT_TRUE(test::succeeds(remove(proof(next(phone)))));
    const Secret link = mailed(factor_id_);
    mark();
    std::vector<asio::awaitable<Result<Receipt, CommandError>>> rivals;
    for (int i = 0; i < 50; ++i) rivals.push_back(undo_change((i % 2 == 0 ? node : other).services, link, caller()));
    int undone = 0;
    for (const auto& outcome : test::run_all(std::move(rivals))) undone += outcome ? 1 : 0;
    EXPECT_EQ(undone, 1);
    EXPECT_EQ(since().size(), 3u);
}

TEST_F(UndoTest, IsRefusedWithAnyOtherLinkAndTooLate) {
    const std::string phone = enrol();
    ASSERT_TRUE(test::succeeds(remove(proof(next(phone)))));
    const Secret link = mailed(factor_id_);
    const auto sealed = [&](const MailLink& one) { return Secret(world.challenge_secrets.seal(one)); };
    MailLink other_link = undo_link(ann_, *factors().find_kept(factor_id_)).value();
    other_link.about = FactorId{test::uuid(0xF9)};
    EXPECT_TRUE(test::refused(undo(sealed(other_link)), refusals::kLinkSpent)) << "there is no such factor";
    other_link = undo_link(ann_, Uuid{}, other_link.expires_at);
    EXPECT_TRUE(test::refused(undo(sealed(other_link)), refusals::kLinkSpent)) << "no address was changed";
    EXPECT_TRUE(test::refused(undo(Secret("made up")), refusals::kLinkSpent));
    clock.advance(Factors::kKeptFor);
    EXPECT_TRUE(test::refused(undo(link), refusals::kLinkSpent));
}

TEST_F(UndoTest, ForgetsARemovedFactorWhenItsTimeIsOver) {
    const std::string phone = enrol();
    ASSERT_TRUE(test::succeeds(remove(proof(next(phone)))));
    const auto forget = [&] { return run(forget_factor(services(), ann_, factor_id_, caller())); };
    mark();
    ASSERT_TRUE(test::succeeds(forget()));
    EXPECT_EQ(since(), Types{}) << "not yet";
    clock.advance(Factors::kKeptFor);
    ASSERT_TRUE(test::succeeds(forget()));
    EXPECT_EQ(since(), Types{"factor.forgotten"});
    EXPECT_EQ(kept_credentials(), 1u);
    ASSERT_TRUE(test::succeeds(forget()));
    EXPECT_EQ(since(), Types{"factor.forgotten"});
}

// ---- what a thief can do before and after -----------------------------------------------------------------------
class TakeoverTest : public UndoTest {
protected:
    void SetUp() override {
        UndoTest::SetUp();
        phone_ = enrols();
        phone_id_ = factor_id_;
        Streams streams;
        const auto ann = streams.read<User>(ann_);
        const Step step = [&](Attempt& attempt) -> StepResult {
            const VerifyEmail command{};
            co_return attempt.decide_and_append(ann, command);
        };
        ASSERT_TRUE(test::succeeds(run(node.executor.run(caller(), streams, step))));
    }
    virtual std::string enrols() { return enrol(); }
    // By whoever is logged in, as if the new address had been proven.
    void change_address() {
        clock.advance(seconds(1));
        Streams streams;
        const auto ann = streams.read<User>(ann_);
        const ChangeEmail command{"thief@example.com", clock.now() + kUndoEmailChangeFor, grant_.session_id};
        const Step step = [&](Attempt& attempt) -> StepResult { co_return attempt.decide_and_append(ann, command); };
        ASSERT_TRUE(test::succeeds(run(node.executor.run(caller(), streams, step))));
        address_link_ = Secret(world.challenge_secrets.seal(undo_link(ann_, user()).value()));
    }
    // By whoever reads the mail of the address as it is now, and shows no second factor.
    Result<Receipt, CommandError> reset_by_mail() {
        const ChallengePurpose purpose = ChallengePurpose::kResetPassword;
        const auto asked = run(ask_challenge(services(), {purpose, *user().email, {}, {}}, caller()));
        const auto handle = world.challenge_secrets.open_handle(purpose, asked.value().handle).value();
        const std::string link = world.challenge_secrets.seal(link_of(purpose, handle, ann_, user()));
        PasswordReset reset{by_link(link), Secret(std::string_view(kNewPassword))};
        return run(reset_password(other.services, std::move(reset), caller()));
    }
    void expect_whole() {
        EXPECT_EQ(user().email, kAnnsEmail);
        EXPECT_EQ(user().password_use, User::PasswordUse::kMustBeReset);
        ASSERT_EQ(factors().enrolled.size(), 1u);
        EXPECT_EQ(factors().enrolled[0].id, phone_id_);
        EXPECT_TRUE(factors().kept.empty());
        EXPECT_EQ(factors().recovery_codes.size(), 10u);
        EXPECT_EQ(user().second_factor, User::SecondFactor::kOn);
        EXPECT_LE(user().second_factor_counts_from, clock.now());
        EXPECT_FALSE(user().erasure_due_at);
        EXPECT_FALSE(holds(grant_));
        EXPECT_EQ(kept_credentials(), 2u);
    }

    std::string phone_;
    FactorId phone_id_;
    Secret address_link_;
};

TEST_F(TakeoverTest, IsUndoneWholeByTheLinkOfTheAddress) {
    change_address();
    ASSERT_TRUE(test::succeeds(remove(proof(next(phone_)))));
    enrol();
    ASSERT_TRUE(test::succeeds(undo(address_link_)));
    expect_whole();
}

// Removed before the change: that link went to the owner, and undoes both.
TEST_F(TakeoverTest, IsUndoneWholeByTheLinkOfAFactorRemovedBefore) {
    ASSERT_TRUE(test::succeeds(remove(proof(next(phone_)))));
    const Secret link = mailed(phone_id_);
    change_address();
    ErasureRequest erasure{bearer_of(grant_), Secret(std::string_view(kPassword))};
    world.accounts.own_erasure_grace = days(7);
    ASSERT_TRUE(test::succeeds(run(request_own_erasure(services(), std::move(erasure), caller_of(grant_)))));
    ASSERT_TRUE(test::succeeds(undo(link)));
    expect_whole();
    EXPECT_TRUE(test::refused(undo(address_link_), refusals::kLinkSpent)) << "the address is undone, too";
}

// What a thief enrolled and removed has no link that works after its owner's undo.
TEST_F(TakeoverTest, LeavesTheThiefNoLink) {
    change_address();
    ASSERT_TRUE(test::succeeds(remove(proof(next(phone_)))));
    const std::string thiefs = enrol();
    const FactorId thiefs_id = factor_id_;
    ASSERT_TRUE(test::succeeds(remove(proof(next(thiefs)))));
    const Secret link = mailed(thiefs_id);
    ASSERT_TRUE(test::succeeds(undo(address_link_)));
    expect_whole();
    EXPECT_TRUE(test::refused(undo(link), refusals::kLinkSpent));
}

// What its owner took off before is theirs to have back, by the link about that alone.
TEST_F(TakeoverTest, LeavesOffWhatWasRemovedBeforeTheChange) {
    ASSERT_TRUE(test::succeeds(remove(proof(next(phone_)))));
    const Secret link = mailed(phone_id_);
    clock.advance(days(1));
    change_address();
    ASSERT_TRUE(test::succeeds(undo(address_link_)));
    EXPECT_TRUE(factors().enrolled.empty());
    EXPECT_EQ(user().second_factor, User::SecondFactor::kOff);
    ASSERT_TRUE(test::succeeds(undo(link)));
    EXPECT_EQ(factors().enrolled.at(0).id, phone_id_);
}

TEST_F(TakeoverTest, HoldsAnErasureUpUntilNothingCanBeGivenBack) {
    grant_ = complete(half(), next(phone_))->grant;
    world.accounts.own_erasure_grace = days(7);
    ErasureRequest erasure{bearer_of(grant_), Secret(std::string_view(kPassword))};
    ASSERT_TRUE(test::succeeds(run(request_own_erasure(services(), std::move(erasure), caller_of(grant_)))));
    clock.advance(days(7) - hours(1));
    grant_ = complete(half(), next(phone_))->grant;
    ASSERT_TRUE(test::succeeds(remove(proof(next(phone_)))));
    clock.advance(hours(2));
    ASSERT_TRUE(test::succeeds(run(erase_user(services(), ann_, caller()))));
    EXPECT_TRUE(user().exists());
    clock.advance(days(7));
    ASSERT_TRUE(test::succeeds(run(erase_user(services(), ann_, caller()))));
    EXPECT_FALSE(user().exists());
}

// A reset takes off what a thief enrolled, and leaves what they removed to whoever has its link.
// An administrator's reset is for good: whoever holds the phone that was lost has no link any more.
TEST_F(TakeoverTest, GivesNothingBackThatAnAdministratorTookOff) {
    ASSERT_TRUE(test::succeeds(remove(proof(next(phone_)))));
    const Secret link = mailed(phone_id_);
    enrol();
    world.create_administrator(node, "root@example.com");
    const Grant root = world.log_in(node, "root@example.com");
    ASSERT_TRUE(test::succeeds(run(reset_second_factor(services(), bearer_of(root), ann_, caller_of(root)))));
    EXPECT_TRUE(test::refused(undo(link), refusals::kLinkSpent));
    EXPECT_EQ(kept_credentials(), 1u);
}

// In an account that is not new any more, what was enrolled this week is worth nothing for a reset.
class TakeoverOfAnOldAccountTest : public TakeoverTest {
protected:
    Duration age_of_account() const override { return days(10); }
    // Along with the account. No step is spent: it would be one of the past.
    std::string enrols() override {
        clock.advance(-age_of_account());
        const auto begun = begin(proof());
        factor_id_ = begun->factor_id;
        Streams streams;
        const auto ann = streams.read<User>(ann_);
        const auto factors = streams.read<Factors>(factors_of(ann_));
        const Step step = [&](Attempt& attempt) -> StepResult {
            co_return put_confirmation(services(), attempt, ann, factors, codes_);
        };
        EXPECT_TRUE(test::succeeds(run(node.executor.run(caller(), streams, step))));
        clock.advance(age_of_account());
        std::string app(begun->secret.base32.reveal());
        grant_ = complete(half(), next(app))->grant;
        return app;
    }
};

TEST_F(TakeoverOfAnOldAccountTest, IsUndoneByTheLinkOfAFactorThoughThePasswordWasReset) {
    ASSERT_TRUE(test::succeeds(remove(proof(next(phone_)))));
    const Secret link = mailed(phone_id_);
    enrol();
    ASSERT_TRUE(test::succeeds(reset_by_mail()));
    EXPECT_TRUE(factors().enrolled.empty());
    ASSERT_TRUE(test::succeeds(undo(link)));
    expect_whole();
}

TEST_F(TakeoverOfAnOldAccountTest, IsUndoneByTheLinkOfTheAddressThoughThePasswordWasReset) {
    change_address();
    ASSERT_TRUE(test::succeeds(remove(proof(next(phone_)))));
    enrol();
    ASSERT_TRUE(test::succeeds(reset_by_mail()));
    ASSERT_TRUE(test::succeeds(undo(address_link_)));
    expect_whole();
}

}  // namespace
}  // namespace keyledger::commands
