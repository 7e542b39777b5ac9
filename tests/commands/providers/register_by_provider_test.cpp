// Registration by another provider that vouches for no address: what is kept of who came back, and what becomes of it.
#include "commands/providers/log_in_by_provider.hpp"

#include "commands/claim_owner.hpp"
#include "commands/registrations/begin_registration.hpp"
#include "commands/registrations/complete_registration.hpp"
#include "commands/registrations/registration_secrets.hpp"
#include "tests/commands/providers/plain_providers.hpp"
#include "tests/commands/runtime/fixture.hpp"
#include "tests/support/world/plain_cursors.hpp"

namespace keyledger::commands {
namespace {

using test::caller;
using test::refused;
using test::run;
using test::succeeds;
using test::Types;

class RegisterByProvider : public test::CommandTest {
protected:
    void SetUp() override {
        world.accounts.providers = &providers_;
        world.accounts.verifies_email = true;
        providers_.says.verified_email = "";
    }
    ComeBack back() {
        ComeBack one;
        one.sent.trip = {"google", "state-" + std::to_string(++trips_), "nonce", "verifier", std::nullopt};
        one.sent.made_at = clock.now();
        one.sent.flow = "digest of a flow";
        one.client = kBrowser;
        return one;
    }
    KeptIdentity arrive() {
        std::optional<KeptIdentity> kept;
        EXPECT_TRUE(refused(run(log_in_by_provider(services(), back(), caller(), &kept)), refusals::kNoTrustedAddress));
        EXPECT_TRUE(kept);
        return kept.value_or(KeptIdentity{});
    }
    std::string begin(const KeptIdentity& kept, const std::string& email) {
        ProviderRegistration request{email, kept.name, kept.locale, {}};
        request.identity = {kept.provider, kept.issuer, kept.subject, kept.name};
        return run(begin_registration_by_provider(services(), std::move(request), caller())).value().handle;
    }
    std::string mailed_code(const std::string& handle) {
        const auto opened = world.challenge_secrets.open_handle(ChallengePurpose::kVerifyEmail, handle);
        const RegistrationId id{opened->subject};
        Streams streams;
        streams.read<Registration>(id);
        const auto state = state_of<Registration>(
            run(other.executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max()))->front());
        return *world.challenge_secrets.code(code_source(id, state, opened->address));
    }
    Result<UserId, CommandError> prove(const std::string& handle, const std::string& code) {
        AddressProof proof;
        proof.handle = handle;
        proof.code = Secret(code);
        return run(complete_registration(services(), std::move(proof), caller()));
    }
    auto log_in_at(test::Node& at, const KeptIdentity& kept) {
        return log_in_as_kept(at.services, kept, kBrowser, caller());
    }

    const Client kBrowser{"browser", {}};
    test::PlainProviders providers_;
    int trips_ = 0;
};

TEST_F(RegisterByProvider, MakesAnAccountThatIsLinkedOnceTheAddressIsProven) {
    const KeptIdentity kept = arrive();
    EXPECT_EQ(kept.subject, "subject-1");
    EXPECT_EQ(kept.flow, "digest of a flow");
    EXPECT_EQ(world.types(), Types{}) << "that the trip is spent is no event";
    const std::string handle = begin(kept, "bob@example.com");
    EXPECT_EQ(world.types(), Types{"registration.begun_by_provider"});
    const auto bob = prove(handle, mailed_code(handle));
    ASSERT_TRUE(succeeds(bob));
    EXPECT_EQ(world.types(), (Types{"registration.begun_by_provider", "registration.completed", "user.registered",
                                    "user.email_verified", "user.locale_chosen", "user.identity_linked"}));
    const auto grant = run(log_in_at(node, kept));
    ASSERT_TRUE(succeeds(grant));
    EXPECT_EQ(grant->user_id, *bob);
    EXPECT_EQ(grant->proofs.front().method, ProofMethod::kProvider);
}

// I13: neither the trip nor who came back by it is good twice, on whatever node.
TEST_F(RegisterByProvider, BeginsOneSessionOfEachArrival) {
    const ComeBack trip = back();
    std::optional<KeptIdentity> kept, again;
    EXPECT_TRUE(refused(run(log_in_by_provider(services(), trip, caller(), &kept)), refusals::kNoTrustedAddress));
    EXPECT_TRUE(refused(run(log_in_by_provider(other.services, trip, caller(), &again)), refusals::kTripOver));
    EXPECT_FALSE(again);
    const std::string handle = begin(*kept, "bob@example.com");
    ASSERT_TRUE(succeeds(prove(handle, mailed_code(handle))));
    std::vector<asio::awaitable<Result<Grant, CommandError>>> rivals;
    for (int i = 0; i < 50; ++i) rivals.push_back(log_in_at(i % 2 == 0 ? node : other, *kept));
    int granted = 0;
    for (const auto& outcome : test::run_all(std::move(rivals))) granted += outcome ? 1 : 0;
    EXPECT_EQ(granted, 1);
    EXPECT_TRUE(refused(run(log_in_at(node, *kept)), refusals::kTripOver));
}

TEST_F(RegisterByProvider, LogsNobodyInBeforeTheAddressIsProven) {
    const KeptIdentity kept = arrive();
    begin(kept, "bob@example.com");
    EXPECT_TRUE(refused(run(log_in_at(node, kept)), refusals::kNobodyLinked));
    providers_.says.verified_email = "";
    const ComeBack trip = back();
    providers_.offer.signs_up = false;
    std::optional<KeptIdentity> none;
    EXPECT_TRUE(refused(run(log_in_by_provider(services(), trip, caller(), &none)), refusals::kNobodyLinked));
    EXPECT_FALSE(none) << "nobody registers by that provider";
}

TEST_F(RegisterByProvider, LinksWhoCameBackWithOneAccount) {
    const KeptIdentity kept = arrive();
    const std::string first = begin(kept, "bob@example.com"), second = begin(kept, "rob@example.com");
    ASSERT_TRUE(succeeds(prove(first, mailed_code(first))));
    EXPECT_TRUE(refused(prove(second, mailed_code(second)), refusals::kIdentityTaken));
}

// I14: one event of one length, whoever has the address; and who has it keeps what they have.
TEST_F(RegisterByProvider, AsksAlikeForEveryAddress) {
    world.register_user(node, "ann@example.com");
    const auto before = world.types().size();
    const KeptIdentity kept = arrive();
    const std::string taken = begin(kept, "ann@example.com");
    EXPECT_EQ(world.types().size(), before + 1);
    EXPECT_TRUE(refused(prove(taken, mailed_code(taken)), refusals::kEmailTaken)) << "no mail brings that code";
    EXPECT_TRUE(refused(run(log_in_at(node, kept)), refusals::kNobodyLinked));
}

TEST_F(RegisterByProvider, KeepsNobodyWhereAddressesAreNotProven) {
    world.accounts.verifies_email = false;
    std::optional<KeptIdentity> kept;
    EXPECT_TRUE(refused(run(log_in_by_provider(services(), back(), caller(), &kept)), refusals::kNoTrustedAddress));
    EXPECT_FALSE(kept);
}

TEST_F(RegisterByProvider, ErasesWhatNobodyProved) {
    const std::string handle = begin(arrive(), "bob@example.com");
    const RegistrationId id{world.challenge_secrets.open_handle(ChallengePurpose::kVerifyEmail, handle)->subject};
    clock.advance(kRegistrationLife);
    ASSERT_TRUE(succeeds(run(erase_registration(services(), id, caller()))));
    EXPECT_EQ(world.types().back(), "registration.erased");
}

TEST_F(RegisterByProvider, IsKeptForHalfAnHourAndForThisLog) {
    const KeptIdentity kept = arrive();
    test::PlainCursors cursors;
    const Uuid log_id = test::uuid(0x10), another_log = test::uuid(0x77);
    const SealedBy by{cursors, log_id};
    const std::string sealed = seal_kept(by, kept);
    const auto opened = open_kept(by, sealed, clock.now() + kKeptIdentityLasts - milliseconds(1));
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->id, kept.id);
    EXPECT_EQ(opened->subject, kept.subject);
    EXPECT_EQ(opened->authenticated_at, kept.authenticated_at);
    EXPECT_EQ(opened->flow, kept.flow);
    EXPECT_FALSE(open_kept(by, sealed, clock.now() + kKeptIdentityLasts));
    EXPECT_FALSE(open_kept({cursors, another_log}, sealed, clock.now()));
    EXPECT_FALSE(open_kept(by, seal_trip(by, back().sent), clock.now())) << "a trip proves nobody";
    EXPECT_FALSE(open_trip(by, sealed, clock.now()));
}

}  // namespace
}  // namespace keyledger::commands
