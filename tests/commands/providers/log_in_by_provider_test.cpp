// Log-in by another provider: who gets in, who becomes a user, who is linked, and who is not.
#include "commands/providers/log_in_by_provider.hpp"

#include "commands/access/step_up.hpp"
#include "commands/accounts/erase_user.hpp"
#include "commands/claim_owner.hpp"
#include "commands/credentials/one_time_password.hpp"
#include "commands/providers/identities.hpp"
#include "commands/sessions/log_in_by_mail.hpp"
#include "tests/commands/factors/second_factors.hpp"
#include "tests/commands/providers/plain_providers.hpp"
#include "tests/support/world/passkeys.hpp"

namespace keyledger::commands {
namespace {

using test::refused;
using test::succeeds;

class LogInByProvider : public SecondFactorsTest {
protected:
    void SetUp() override {
        SecondFactorsTest::SetUp();
        world.accounts.providers = &providers_;
    }
    // Ann's address is proven, or not.
    void prove_address() {
        const Step verify = [&](Attempt& attempt) -> StepResult {
            co_return attempt.decide_and_append(StreamOf<User>{ann_}, VerifyEmail{});
        };
        Streams streams;
        streams.read<User>(ann_);
        ASSERT_TRUE(succeeds(run_step(std::move(streams), verify)));
        mark();
    }
    Result<Receipt, CommandError> run_step(Streams streams, const Step& step) {
        return done(run(node.executor.run(caller(), streams, step)));
    }
    // Each trip of its own, unless a test takes one twice.
    ComeBack back(std::optional<Bearer> links = std::nullopt) {
        ComeBack one;
        one.sent.trip = {"google", "state-" + std::to_string(++trips_), "nonce", "verifier", std::nullopt};
        one.sent.made_at = clock.now();
        one.sent.links = std::move(links);
        one.client = Client{"browser", {}};
        return one;
    }
    auto log_in_at(test::Node& at, ComeBack one) { return log_in_by_provider(at.services, std::move(one), caller()); }
    Result<Grant, CommandError> log_in() { return run(log_in_at(node, back())); }
    User user_of(const UserId& user_id) {
        Streams streams;
        streams.read<User>(user_id);
        const auto folds = run(node.executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max()));
        return state_of<User>(folds->front());
    }
    std::optional<Uuid> owner() {
        return *run(owner_of_claim(services(), "identity", "https://there.example subject-1", Deadline::max()));
    }

    test::PlainProviders providers_;
    int trips_ = 0;
};

TEST_F(LogInByProvider, RegistersWithTheProfileThatCame) {
    providers_.says.verified_email = "bob@example.com";
    providers_.says.name = "Bob";
    const auto grant = log_in();
    ASSERT_TRUE(succeeds(grant));
    EXPECT_EQ(since(), (Types{"user.registered", "user.email_verified", "user.locale_chosen", "user.identity_linked",
                              "session.started"}));
    const User bob = user_of(grant->user_id);
    EXPECT_EQ(bob.email, "bob@example.com");
    EXPECT_EQ(bob.email_proof, User::EmailProof::kVerified);
    EXPECT_EQ(bob.name, "Bob");
    EXPECT_EQ(bob.locale, "de-AT");
    EXPECT_EQ(owner(), grant->user_id.uuid);
    EXPECT_EQ(grant->proofs.front().method, ProofMethod::kProvider);
    mark();
    // The address there is another one now, and somebody else's: who it is, is issuer and subject.
    providers_.says.verified_email = kAnnsEmail;
    const auto again = log_in();
    ASSERT_TRUE(succeeds(again));
    EXPECT_EQ(again->user_id, grant->user_id);
    EXPECT_EQ(since(), (Types{"session.started"}));
}

TEST_F(LogInByProvider, RegistersNobodyWhereTheOperatorDoesNotWantIt) {
    providers_.offer.signs_up = false;
    providers_.says.verified_email = "bob@example.com";
    EXPECT_TRUE(refused(log_in(), refusals::kNobodyLinked));
    EXPECT_EQ(since(), Types{});
}

// I14: without an address that is proven to be theirs nobody learns whose it is.
TEST_F(LogInByProvider, AsksForNobodysAddressThatIsNotProven) {
    prove_address();
    providers_.says.verified_email = "";
    EXPECT_TRUE(refused(log_in(), refusals::kNoTrustedAddress));
    providers_.offer.signs_up = false;
    EXPECT_TRUE(refused(log_in(), refusals::kNobodyLinked));
    EXPECT_EQ(since(), Types{});
}

TEST_F(LogInByProvider, LinksByAnAddressThatIsProvenHereToo) {
    EXPECT_TRUE(refused(log_in(), refusals::kAddressHasAccount)) << "whoever registered it may be somebody else";
    prove_address();
    providers_.offer.links_by_address = false;
    EXPECT_TRUE(refused(log_in(), refusals::kAddressHasAccount)) << "the operator does not let it";
    providers_.offer.links_by_address = true;
    const auto grant = log_in();
    ASSERT_TRUE(succeeds(grant));
    EXPECT_EQ(grant->user_id, ann_);
    EXPECT_EQ(since(), (Types{"session.started", "user.identity_linked"}));
    EXPECT_EQ(user_of(ann_).identities.front().linked_by, LinkedBy::kAddress);
}

// The second factor comes first; a half log-in that is never completed has linked nothing.
TEST_F(LogInByProvider, LinksNobodyBeforeTheirSecondFactorWasShown) {
    prove_address();
    const std::string app = enrol();
    const auto half = log_in();
    ASSERT_TRUE(refused(half, refusals::kSecondFactorNeeded));
    EXPECT_EQ(since(), Types{});
    SecondStep wrong{Secret(half.error().go_on->token), totp("000000")};
    EXPECT_TRUE(refused(run(complete_log_in(services(), std::move(wrong), caller())), refusals::kWrongSecondFactor));
    EXPECT_FALSE(owner());
    SecondStep right{Secret(half.error().go_on->token), totp(next_code(app))};
    ASSERT_TRUE(succeeds(run(complete_log_in(services(), std::move(right), caller()))));
    EXPECT_EQ(owner(), ann_.uuid);
    EXPECT_TRUE(refused(log_in(), refusals::kSecondFactorNeeded)) << "every time";
}

TEST_F(LogInByProvider, LetsNobodyInWhoIsDisabledOrGone) {
    prove_address();
    ASSERT_TRUE(succeeds(log_in()));
    const Step disable = [&](Attempt& attempt) -> StepResult {
        co_return attempt.decide_and_append(StreamOf<User>{ann_}, DisableUser{""});
    };
    Streams streams;
    streams.read<User>(ann_);
    ASSERT_TRUE(succeeds(run_step(std::move(streams), disable)));
    EXPECT_TRUE(refused(log_in(), refusals::kUserDisabled));
    ASSERT_TRUE(succeeds(run(repeat_erasure(services(), ann_, caller()))));
    EXPECT_FALSE(owner()) << "the claim goes with the user";
    providers_.offer.signs_up = false;
    EXPECT_TRUE(refused(log_in(), refusals::kNobodyLinked));
}

// I13, on two nodes; the provider takes the code as often as it is shown.
// What was taken over and given back waits for another password, whichever the way in.
TEST_F(LogInByProvider, LetsNobodyInWhoHasToSetAnotherPassword) {
    prove_address();
    ASSERT_TRUE(succeeds(log_in()));
    const Step give_back = [&](Attempt& attempt) -> StepResult {
        co_return attempt.decide_and_append(StreamOf<User>{ann_}, GiveBackSecondFactor{});
    };
    Streams streams;
    streams.read<User>(ann_);
    ASSERT_TRUE(succeeds(run_step(std::move(streams), give_back)));
    EXPECT_TRUE(refused(log_in(), refusals::kPasswordResetRequired));
}

TEST_F(LogInByProvider, BeginsOneSessionForFiftyAtOnce) {
    prove_address();
    ASSERT_TRUE(succeeds(log_in()));
    mark();
    const ComeBack trip = back();
    test::Node second(world, store);
    std::vector<asio::awaitable<Result<Grant, CommandError>>> rivals;
    for (int i = 0; i < 50; ++i) rivals.push_back(log_in_at(i % 2 == 0 ? second : other, trip));
    int granted = 0;
    for (const auto& outcome : test::run_all(std::move(rivals))) granted += outcome ? 1 : 0;
    EXPECT_EQ(granted, 1);
    const Types all = since();
    EXPECT_EQ(std::ranges::count(all, "session.started"), 1);
    EXPECT_TRUE(refused(run(log_in_at(node, trip)), refusals::kTripOver));
}

// Of two browsers that register the same person at once, one does, and both are logged in.
TEST_F(LogInByProvider, RegistersOnce) {
    providers_.says.verified_email = "bob@example.com";
    std::vector<asio::awaitable<Result<Grant, CommandError>>> rivals;
    for (int i = 0; i < 8; ++i) rivals.push_back(log_in_at(other, back()));
    for (const auto& outcome : test::run_all(std::move(rivals))) EXPECT_TRUE(succeeds(outcome));
    const Types all = since();
    EXPECT_EQ(std::ranges::count(all, "user.registered"), 1);
    EXPECT_EQ(std::ranges::count(all, "session.started"), 8);
}

TEST_F(LogInByProvider, TellsWhatTheProviderSaysInWordsOfItsOwn) {
    providers_.failure = {ProviderFault::kUnavailable, "too-slow"};
    EXPECT_TRUE(refused(log_in(), refusals::kProviderAway));
    providers_.failure = {ProviderFault::kDenied, "error-of-response"};
    EXPECT_TRUE(refused(log_in(), refusals::kProviderDenied));
    providers_.failure = {ProviderFault::kNotProven, "nonce"};
    EXPECT_TRUE(refused(log_in(), refusals::kProviderNotBelieved));
}

// Nobody who is linked needs an address; the operator learns why there was none.
TEST_F(LogInByProvider, LetsThoseInWhoAreLinkedWithoutAnAddress) {
    prove_address();
    ASSERT_TRUE(succeeds(log_in()));
    const auto before = world.operator_log.lines().size();
    providers_.says.verified_email = "";
    providers_.says.no_address = "userinfo-status";
    EXPECT_TRUE(succeeds(log_in()));
    const auto lines = world.operator_log.lines();
    ASSERT_EQ(lines.size(), before + 1);
    EXPECT_NE(lines.back().find("provider 'google': userinfo-status"), std::string::npos) << lines.back();
    providers_.says.subject = "subject-2";
    EXPECT_TRUE(refused(log_in(), refusals::kNoTrustedAddress));
}

TEST_F(LogInByProvider, IsAsOldAsTheProviderSays) {
    prove_address();
    providers_.says.authenticated_at = clock.now() - kDay;
    const auto grant = log_in();
    ASSERT_TRUE(succeeds(grant));
    EXPECT_EQ(grant->proofs.front().at, clock.now() - kDay);
    providers_.says.authenticated_at = clock.now() + kDay;
    const auto ahead = log_in();
    ASSERT_TRUE(succeeds(ahead));
    EXPECT_EQ(ahead->proofs.front().at, clock.now());
}

// ---- by themselves ---------------------------------------------------------------------------------------------
TEST_F(LogInByProvider, LinksAndUnlinks) {
    const Bearer bearer = bearer_of(grant_);
    const auto at = world.clock.now();
    ASSERT_TRUE(succeeds(run(link_identity(services(), back(bearer), caller()))));
    EXPECT_EQ(since(), (Types{"user.identity_linked"}));
    EXPECT_EQ(user_of(ann_).identities.front().linked_by, LinkedBy::kUser);
    EXPECT_EQ(user_of(ann_).identities.front().linked_at, at);
    EXPECT_TRUE(succeeds(run(link_identity(services(), back(bearer), caller())))) << "it is";
    const ComeBack twice = back(bearer);
    ASSERT_TRUE(succeeds(run(link_identity(services(), twice, caller()))));
    EXPECT_TRUE(refused(run(link_identity(services(), twice, caller())), refusals::kTripOver));
    const UserId bob = world.register_user(node, "bob@example.com");
    const Grant bobs = world.log_in(node, "bob@example.com");
    EXPECT_TRUE(refused(run(link_identity(services(), back(bearer_of(bobs)), caller())), refusals::kIdentityTaken));
    const LinkedIdentityId id = user_of(ann_).identities.front().id;
    EXPECT_TRUE(
        refused(run(unlink_identity(services(), bearer_of(bobs), id, caller_of(bobs))), refusals::kIdentityUnknown));
    ASSERT_TRUE(succeeds(run(unlink_identity(services(), bearer, id, caller_of(grant_)))));
    EXPECT_FALSE(owner());
    ASSERT_TRUE(succeeds(run(link_identity(services(), back(bearer_of(bobs)), caller()))));
    EXPECT_EQ(owner(), bob.uuid) << "another may have it then";
}

TEST_F(LogInByProvider, LinksForNobodyWhoseSessionIsOver) {
    const ComeBack trip = back(bearer_of(grant_));
    ASSERT_TRUE(succeeds(run(log_out(services(), bearer_of(grant_), caller_of(grant_)))));
    EXPECT_TRUE(refused(run(link_identity(services(), trip, caller())), refusals::kInvalidToken));
    EXPECT_FALSE(owner());
}

TEST_F(LogInByProvider, TakesAStepUpToChangeLinks) {
    EXPECT_TRUE(succeeds(run(may_link_identity(services(), bearer_of(grant_), "google", Deadline::max()))));
    EXPECT_TRUE(refused(run(may_link_identity(services(), bearer_of(grant_), "nobody", Deadline::max())),
                        refusals::kProviderUnknown));
    ASSERT_TRUE(succeeds(run(link_identity(services(), back(bearer_of(grant_)), caller()))));
    clock.advance(minutes(6));
    EXPECT_TRUE(refused(run(may_link_identity(services(), bearer_of(grant_), "google", Deadline::max())),
                        refusals::kPasswordNotRecent));
    const LinkedIdentityId id = user_of(ann_).identities.front().id;
    EXPECT_TRUE(refused(run(unlink_identity(services(), bearer_of(grant_), id, caller_of(grant_))),
                        refusals::kPasswordNotRecent));
}

// Somebody found the browser of a user open who has nothing but a provider, and linked what is theirs.
TEST_F(LogInByProvider, StepsNobodyUpByWhatWasLinkedJustNow) {
    providers_.says.verified_email = "bob@example.com";
    const auto bobs = log_in();
    ASSERT_TRUE(succeeds(bobs));
    const LinkedIdentityId first = user_of(bobs->user_id).identities.front().id;
    providers_.says.subject = "of the thief";
    ASSERT_TRUE(succeeds(run(link_identity(services(), back(bearer_of(*bobs)), caller()))));
    clock.advance(minutes(6));
    const auto thiefs = log_in();
    ASSERT_TRUE(succeeds(thiefs));
    ASSERT_EQ(thiefs->user_id, bobs->user_id);
    EXPECT_TRUE(refused(run(unlink_identity(services(), bearer_of(*thiefs), first, caller_of(*thiefs))),
                        refusals::kMeansTooYoung));
    EXPECT_TRUE(refused(run(may_link_identity(services(), bearer_of(*thiefs), "google", Deadline::max())),
                        refusals::kMeansTooYoung));
    EXPECT_EQ(user_of(bobs->user_id).identities.size(), 2U);
}

// A factor that is enrolled with what counts counts at once: so a link of just now enrols none.
TEST_F(LogInByProvider, EnrolsNothingByWhatWasLinkedJustNow) {
    ASSERT_TRUE(succeeds(run(link_identity(services(), back(bearer_of(grant_)), caller()))));
    demand_of_all();
    EXPECT_TRUE(refused(log_in(), refusals::kEnrolmentNeedsPassword));
    clock.advance(kWaitOfNewFactor);
    EXPECT_TRUE(refused(log_in(), refusals::kEnrolmentNeeded));
}

TEST_F(LogInByProvider, LeavesAWayIn) {
    providers_.says.verified_email = "bob@example.com";
    world.accounts.log_in_by_mail = {false, false};
    const auto grant = log_in();
    ASSERT_TRUE(succeeds(grant));
    const LinkedIdentityId id = user_of(grant->user_id).identities.front().id;
    EXPECT_TRUE(
        refused(run(unlink_identity(services(), bearer_of(*grant), id, caller_of(*grant))), refusals::kLastWayIn));
    world.accounts.log_in_by_mail = {false, true};
    EXPECT_TRUE(succeeds(run(unlink_identity(services(), bearer_of(*grant), id, caller_of(*grant)))));
}

// What the operator does not offer any more lets nobody in.
TEST_F(LogInByProvider, LeavesAWayInThatWorks) {
    providers_.says.verified_email = "bob@example.com";
    world.accounts.log_in_by_mail = {false, false};
    const auto grant = log_in();
    ASSERT_TRUE(succeeds(grant));
    const UserId bob = grant->user_id;
    const LinkedIdentityId id = user_of(bob).identities.front().id;
    const auto unlink = [&] { return run(unlink_identity(services(), bearer_of(*grant), id, caller_of(*grant))); };
    const auto put = [&](LinkedIdentityId of, std::string provider) {
        const LinkIdentity link{of, provider, "https://" + provider + ".example", "1", {}, LinkedBy::kRegistration};
        const Step step = [=](Attempt& attempt) -> StepResult {
            co_return attempt.decide_and_append(StreamOf<User>{bob}, link);
        };
        Streams streams;
        streams.read<User>(bob);
        ASSERT_TRUE(succeeds(run_step(std::move(streams), step)));
    };
    put(LinkedIdentityId{services().identifiers.next()}, "closed-down");
    EXPECT_TRUE(refused(unlink(), refusals::kLastWayIn)) << "that provider is not configured";

    Streams streams;
    const auto factors = streams.read<Factors>(factors_of(bob));
    RegisterPasskey passkey;
    passkey.user_id = bob;
    passkey.factor_id = FactorId{services().identifiers.next()};
    passkey.credential_sha256 = std::string(64, 'a');
    passkey.sealed_sha256 = std::string(64, 'b');
    passkey.now = clock.now();
    const Step registers = [&](Attempt& attempt) -> StepResult {
        co_return attempt.decide_and_append(factors, passkey);
    };
    ASSERT_TRUE(succeeds(run_step(std::move(streams), registers)));
    EXPECT_TRUE(refused(unlink(), refusals::kLastWayIn)) << "passkeys are not offered";
    test::PlainPasskeys ceremonies;
    world.accounts.passkeys.ceremonies = &ceremonies;
    EXPECT_TRUE(succeeds(unlink()));
}

}  // namespace
}  // namespace keyledger::commands
