// Registration with proof of the address: nobody is anybody before it, and nobody learns from it who is somebody.
#include <algorithm>

#include "commands/claim_owner.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/registrations/begin_registration.hpp"
#include "commands/registrations/complete_registration.hpp"
#include "commands/registrations/registration_secrets.hpp"
#include "domain/users/identity.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::caller;
using test::kAnnsEmail;
using test::kOtherPassword;
using test::kPassword;
using test::registration;
using test::run;
using test::Types;

class RegistrationsTest : public test::CommandTest {
protected:
    std::string begin(std::string email, std::string username = {}, std::string password = kPassword) {
        auto begun = run(begin_registration(services(), registration(std::move(email), std::move(username), password),
                                            "de-AT", caller()));
        EXPECT_TRUE(test::succeeds(begun));
        return begun ? begun->handle : "";
    }
    RegistrationId id_of(const std::string& handle) {
        return RegistrationId{secrets().open_handle(ChallengePurpose::kVerifyEmail, handle)->subject};
    }
    Registration state_of_handle(const std::string& handle) {
        Streams streams;
        streams.read<Registration>(id_of(handle));
        return state_of<Registration>(
            run(other.executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max()))->front());
    }
    User user(const UserId& user_id) {
        Streams streams;
        streams.read<User>(user_id);
        return state_of<User>(
            run(other.executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max()))->front());
    }
    // What the newest mail has in it: nobody but the mailbox knows.
    AddressDigests digests(const Registration& state) {
        return digests_of_address(world.pseudonyms, parse_email(*state.email)->key);
    }
    std::string mailed_code(const std::string& handle) {
        const Registration state = state_of_handle(handle);
        return *secrets().code(code_source(id_of(handle), state, digests(state)));
    }
    std::string mailed_token(const std::string& handle) {
        const Registration state = state_of_handle(handle);
        return secrets().seal(registration_link(id_of(handle), state, digests(state)));
    }
    static std::string wrong(std::string code) {
        code.back() = code.back() == '9' ? '0' : static_cast<char>(code.back() + 1);
        return code;
    }

    static AddressProof by_code(std::string handle, const std::string& code) {
        AddressProof proof;
        proof.handle = std::move(handle);
        proof.code = Secret(code);
        return proof;
    }
    static AddressProof by_link(std::string token, std::string handle) {
        AddressProof proof;
        proof.token = std::move(token);
        proof.handle = std::move(handle);
        return proof;
    }
    static AddressProof by_link_and_password(std::string token, const std::string& password) {
        AddressProof proof;
        proof.token = std::move(token);
        proof.password = Secret(password);
        return proof;
    }
    Result<UserId, CommandError> prove(AddressProof proof) { return prove(node, std::move(proof)); }
    Result<UserId, CommandError> prove(test::Node& at, AddressProof proof) {
        return run(complete_registration(at.services, std::move(proof), caller()));
    }
    Result<Grant, CommandError> log_in_as(std::string email, std::string password) {
        return run(log_in(other.services, test::login(std::move(email), std::move(password)), caller()));
    }
    ChallengeSecrets& secrets() { return world.challenge_secrets; }
};

// ---- before the proof ------------------------------------------------------------------------------------------
TEST_F(RegistrationsTest, BeginNobodyAndTakeNoName) {
    begin("Ann@Example.com", "ann");
    EXPECT_EQ(world.types(), (Types{"registration.begun"}));
    EXPECT_FALSE(run(owner_of_claim(services(), "email", "ann@example.com", Deadline::max()))->has_value());
    EXPECT_FALSE(run(owner_of_claim(services(), "username", "ann", Deadline::max()))->has_value());
    EXPECT_TRUE(test::refused(log_in_as("ann@example.com", kPassword), refusals::kInvalidCredentials));
    const auto again = begin("ann@example.com", "ann");  // and keep nobody from the same
    EXPECT_FALSE(again.empty());
}

// I10.
TEST_F(RegistrationsTest, WriteNothingPersonalInTheClear) {
    const std::string handle = begin("ann@example.com", "annlee");
    for (const auto& event : world.events())
        for (const char* secret : {"ann@", "annlee", "de-AT", kPassword, "192.0.2.1", "laptop"}) {
            EXPECT_EQ(event.payload.find(secret), std::string::npos) << event.payload;
            EXPECT_EQ(event.metadata.find(secret), std::string::npos) << event.metadata;
        }
    const auto credential = run(store.read_credential(SubjectId{id_of(handle).uuid}, "password", Deadline::max()));
    ASSERT_TRUE(credential && credential->has_value());
    EXPECT_EQ((*credential)->sealed.find(kPassword), std::string::npos);
}

// I14: one event, one hash, and no look at names, whosever they are.
TEST_F(RegistrationsTest, AreAlikeWhoseverTheNamesAre) {
    world.register_user(node, "taken@example.com", "taken");
    struct Cost {
        Types types;
        int hashed = 0;
        std::size_t handle_size = 0;
        bool operator==(const Cost&) const = default;
    };
    const auto cost_of = [&](const char* email, const char* username) {
        const Position before = world.head();
        const int hashed_before = world.hasher.hashed;
        const std::string handle = begin(email, username);
        return Cost{world.types(before), world.hasher.hashed - hashed_before, handle.size()};
    };
    const Cost free = cost_of("free0@example.com", "free0");
    EXPECT_EQ(free.types, (Types{"registration.begun"}));
    EXPECT_EQ(free.hashed, 1);
    EXPECT_EQ(cost_of("taken@example.com", "free1"), free);
    EXPECT_EQ(cost_of("free2@example.com", "taken"), free);
    EXPECT_EQ(cost_of("TAKEN@example.com", "TAKEN"), free);
}

TEST_F(RegistrationsTest, AreLimitedByAddressAlike) {
    world.register_user(node, "taken@example.com");
    const auto asks_until_refused = [&](const char* email) {
        for (int asks = 0; asks < 100; ++asks) {
            auto begun = run(begin_registration(services(), registration(email), std::nullopt, caller()));
            if (begun) continue;
            EXPECT_TRUE(test::refused(begun, refusals::kTooManyAttempts));
            return asks;
        }
        return 100;
    };
    const int asks = asks_until_refused("free@example.com");
    EXPECT_LE(asks, 20);
    EXPECT_EQ(asks_until_refused("taken@example.com"), asks);
}

TEST_F(RegistrationsTest, AreAtMostSoManyAndThenNobodyGetsOne) {
    std::int64_t open = kMostOpenRegistrations - 1;
    world.accounts.count_open_registrations = [&](std::int64_t most, Deadline) -> Answer<std::int64_t> {
        co_return std::min(open, most);
    };
    begin("ann@example.com");
    open = kMostOpenRegistrations + 7;
    const int hashed = world.hasher.hashed;
    EXPECT_TRUE(test::refused(run(begin_registration(services(), registration("bob@example.com"), {}, caller())),
                              refusals::kTooManyAttempts));
    EXPECT_EQ(world.hasher.hashed, hashed) << "it was hashed for";
    world.accounts.count_open_registrations = {};
}

// ---- the proof -------------------------------------------------------------------------------------------------
TEST_F(RegistrationsTest, BecomeUsersByTheirCodes) {
    const std::string handle = begin("Ann@Example.com", "Ann");
    const Position before = world.head();
    const auto proven = prove(by_code(handle, mailed_code(handle)));
    ASSERT_TRUE(test::succeeds(proven));
    EXPECT_EQ(world.types(before), (Types{"registration.completed", "user.registered", "user.password_set",
                                          "user.email_verified", "user.locale_chosen"}));
    const User ann = user(*proven);
    EXPECT_EQ(ann.email, "Ann@Example.com");
    EXPECT_EQ(ann.username, "Ann");
    EXPECT_EQ(ann.locale, "de-AT");
    EXPECT_EQ(ann.email_proof, User::EmailProof::kVerified);
    EXPECT_NE(proven->uuid, id_of(handle).uuid);
    EXPECT_TRUE(test::succeeds(log_in_as("ann@example.com", kPassword)));
    eventstore::NullFieldOpener nothing;
    for (const auto& event : world.events(before)) {
        const auto envelope = eventstore::decode_metadata(event, nothing);
        EXPECT_EQ(envelope.actor_id, proven->to_string()) << event.type;
    }
}

TEST_F(RegistrationsTest, BecomeUsersByTheirLinksWithHandleOrPassword) {
    const std::string ann = begin("ann@example.com");
    EXPECT_TRUE(test::succeeds(prove(by_link(mailed_token(ann), ann))));
    const std::string bob = begin("bob@example.com", "", kOtherPassword);
    EXPECT_TRUE(test::succeeds(prove(by_link_and_password(mailed_token(bob), kOtherPassword))));
    EXPECT_TRUE(test::succeeds(log_in_as("bob@example.com", kOtherPassword)));
}

// Nothing of the registration is left: its key, its credential, what its events held.
TEST_F(RegistrationsTest, LeaveNothingOnceTheyAreCompleted) {
    const std::string handle = begin("ann@example.com", "ann");
    ASSERT_TRUE(test::succeeds(prove(by_code(handle, mailed_code(handle)))));
    const RegistrationId id = id_of(handle);
    EXPECT_TRUE(run(store.read_credentials(SubjectId{id.uuid}, Deadline::max()))->empty());
    EXPECT_TRUE(run(store.read_subject_keys({id.uuid}, Deadline::max()))->front().destroyed);
    test::Node reader(world, store);
    Streams streams;
    streams.read<Registration>(id);
    const auto folds = run(reader.executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max()));
    EXPECT_FALSE(state_of<Registration>(folds->front()).has_personal_data());
    EXPECT_TRUE(test::refused(prove(by_link(secrets().seal(registration_link(id, Registration{}, {})), handle)),
                              refusals::kRegistrationOver));
}

// ---- hijacking -------------------------------------------------------------------------------------------------
// From before: a thief registers the victim's address first; then the victim registers, and proves. Nothing of the
// thief's is left, and nothing of the thief's opens anything.
TEST_F(RegistrationsTest, AreNotHijackedFromBefore) {
    const std::string thief = begin("victim@example.com", "victim", "the thief's own password");
    const std::string thiefs_token = mailed_token(thief);
    const std::string thiefs_code = mailed_code(thief);
    const std::string victim = begin("victim@example.com", "victim", kPassword);
    const auto proven = prove(by_code(victim, mailed_code(victim)));
    ASSERT_TRUE(test::succeeds(proven));
    EXPECT_TRUE(test::succeeds(log_in_as("victim@example.com", kPassword)));
    EXPECT_TRUE(
        test::refused(log_in_as("victim@example.com", "the thief's own password"), refusals::kInvalidCredentials));
    // Not even with the mail that the thief's registration sent to the victim.
    EXPECT_TRUE(test::refused(prove(by_code(thief, thiefs_code)), refusals::kEmailTaken));
    EXPECT_TRUE(
        test::refused(prove(by_link_and_password(thiefs_token, "the thief's own password")), refusals::kEmailTaken));
    EXPECT_EQ(user(*proven).sealed_sha256.size(), 64u);
    EXPECT_TRUE(test::succeeds(log_in_as("victim@example.com", kPassword)));
}

// From behind: the victim's registration is open, the thief registers the same address. Neither ends the other's.
TEST_F(RegistrationsTest, AreNotHijackedFromBehind) {
    const std::string victim = begin("victim@example.com", "victim", kPassword);
    const std::string thief = begin("victim@example.com", "victim", "the thief's own password");
    EXPECT_TRUE(test::refused(prove(by_code(thief, mailed_code(victim))), refusals::kRegistrationCodeWrong));
    EXPECT_TRUE(test::refused(prove(by_link(mailed_token(victim), thief)), refusals::kRegistrationOver));
    ASSERT_TRUE(test::succeeds(prove(by_code(victim, mailed_code(victim)))));
    EXPECT_TRUE(test::succeeds(log_in_as("victim@example.com", kPassword)));
}

// The victim clicks the link that a thief's registration sent: without handle or password it proves nothing, and their
// own password is not the thief's.
TEST_F(RegistrationsTest, AreNotProvenByTheClickOfAStranger) {
    const std::string thief = begin("victim@example.com", "", "the thief's own password");
    const std::string victim = begin("victim@example.com", "", kPassword);
    const std::string token = mailed_token(thief);
    EXPECT_TRUE(test::refused(prove(by_link(token, victim)), refusals::kRegistrationOver));
    EXPECT_TRUE(test::refused(prove(by_link_and_password(token, kPassword)), refusals::kRegistrationPasswordWrong));
    EXPECT_EQ(state_of_handle(thief).status, Registration::Status::kOpen);
    EXPECT_FALSE(run(owner_of_claim(services(), "email", "victim@example.com", Deadline::max()))->has_value());
}

// ---- wrong ones ------------------------------------------------------------------------------------------------
TEST_F(RegistrationsTest, TakeThreeWrongCodesAndThenNoneOfThatMail) {
    const std::string handle = begin(kAnnsEmail);
    const std::string code = mailed_code(handle);
    for (int i = 0; i < kMostWrongCodesOfMail; ++i)
        EXPECT_TRUE(test::refused(prove(by_code(handle, wrong(code))), refusals::kRegistrationCodeWrong));
    EXPECT_TRUE(test::refused(prove(by_code(handle, code)), refusals::kRegistrationCodeOver));
    EXPECT_TRUE(test::refused(prove(other, by_code(handle, code)), refusals::kRegistrationCodeOver));
    clock.advance(kLeastBetweenMails);
    ASSERT_TRUE(test::succeeds(run(ask_for_registration_mail(services(), handle, caller()))));
    EXPECT_TRUE(test::refused(prove(by_code(handle, code)), refusals::kRegistrationCodeWrong)) << "the old code";
    EXPECT_TRUE(test::succeeds(prove(by_code(handle, mailed_code(handle)))));
}

TEST_F(RegistrationsTest, TakeTenWrongPasswordsBesideALink) {
    const std::string handle = begin(kAnnsEmail);
    const std::string token = mailed_token(handle);
    for (int i = 0; i < kMostWrongPasswordsOfRegistration; ++i)
        EXPECT_TRUE(test::refused(prove(by_link_and_password(token, "not the password")),
                                  refusals::kRegistrationPasswordWrong));
    EXPECT_TRUE(test::refused(prove(by_link_and_password(token, kPassword)), refusals::kRegistrationLinkOver));
    EXPECT_TRUE(test::succeeds(prove(by_link(token, handle)))) << "with the handle nothing is guessed";
}

// Over all registrations of an address: whoever begins many gets no more guesses.
TEST_F(RegistrationsTest, TakeThirtyWrongCodesOfAnAddress) {
    int compared = 0;
    for (int round = 0; round < 100 && compared < 200; ++round) {
        clock.advance(minutes(30));  // of asks as many as one likes
        auto begun = run(begin_registration(services(), registration(kAnnsEmail), {}, caller()));
        if (!begun) continue;
        const std::string code = mailed_code(begun->handle);
        for (int i = 0; i < kMostWrongCodesOfMail; ++i) {
            const auto tried = prove(by_code(begun->handle, wrong(code)));
            ASSERT_FALSE(tried);
            if (tried.error().refusal == refusals::kRegistrationCodeWrong) ++compared;
        }
        if (round == 40) break;
    }
    EXPECT_GE(compared, 30);
    EXPECT_LE(compared, 60) << "in 20 hours";
}

TEST_F(RegistrationsTest, KnowNoHandleOrLinkThatIsNoneOfTheirs) {
    const std::string handle = begin(kAnnsEmail);
    for (const std::string& none : {std::string("x"), handle + "x", mailed_token(handle)}) {
        EXPECT_TRUE(test::refused(prove(by_code(none, "123456")), refusals::kRegistrationOver));
        EXPECT_TRUE(
            test::refused(run(ask_for_registration_mail(services(), none, caller())), refusals::kRegistrationOver));
    }
    EXPECT_TRUE(test::refused(prove(by_link(handle, handle)), refusals::kRegistrationOver));
    EXPECT_TRUE(test::refused(prove(by_code("", "123456")), refusals::kRegistrationOver));
}

// ---- taken meanwhile -------------------------------------------------------------------------------------------
TEST_F(RegistrationsTest, ChooseAnotherUserNameWhereTheirsIsTakenMeanwhile) {
    const std::string handle = begin(kAnnsEmail, "ann");
    world.register_user(other, "other@example.com", "ANN");
    const Position before = world.head();
    EXPECT_TRUE(test::refused(prove(by_code(handle, mailed_code(handle))), refusals::kUsernameTaken));
    EXPECT_EQ(world.head(), before) << "it is open, and nothing was used up";
    auto proof = by_code(handle, mailed_code(handle));
    proof.username = "ann2";
    const auto proven = prove(std::move(proof));
    ASSERT_TRUE(test::succeeds(proven));
    EXPECT_EQ(user(*proven).username, "ann2");
}

// ---- once ------------------------------------------------------------------------------------------------------
TEST_F(RegistrationsTest, BecomeOneUserForFiftyAtOnceOnTwoNodes) {
    for (const bool with_link : {false, true}) {
        const std::string email = with_link ? "link@example.com" : "code@example.com";
        const std::string handle = begin(email);
        const Position before = world.head();
        std::vector<asio::awaitable<Result<UserId, CommandError>>> rivals;
        for (int i = 0; i < 50; ++i) {
            auto proof = with_link ? by_link(mailed_token(handle), handle) : by_code(handle, mailed_code(handle));
            rivals.push_back(complete_registration((i % 2 == 0 ? node : other).services, std::move(proof), caller()));
        }
        int proven = 0;
        for (const auto& outcome : test::run_all(std::move(rivals))) {
            if (outcome) ++proven;
            const bool is_limited = !outcome && outcome.error().refusal == refusals::kTooManyAttempts;  // codes are
            EXPECT_TRUE(outcome || is_limited || test::refused(outcome, refusals::kRegistrationOver));
        }
        EXPECT_EQ(proven, 1);
        const Types types = world.types(before);
        EXPECT_EQ(std::count(types.begin(), types.end(), "user.registered"), 1);
    }
}

// Fifty guesses at once on two nodes are no more than three.
TEST_F(RegistrationsTest, CountWrongCodesThatComeAtOnce) {
    const std::string handle = begin(kAnnsEmail);
    const std::string code = mailed_code(handle);
    const Position before = world.head();
    std::vector<asio::awaitable<Result<UserId, CommandError>>> rivals;
    for (int i = 0; i < 50; ++i)
        rivals.push_back(
            complete_registration((i % 2 == 0 ? node : other).services, by_code(handle, wrong(code)), caller()));
    int told_wrong = 0;
    for (const auto& outcome : test::run_all(std::move(rivals))) {
        ASSERT_FALSE(outcome);
        if (outcome.error().refusal == refusals::kRegistrationCodeWrong) ++told_wrong;
    }
    EXPECT_LE(told_wrong, kMostWrongCodesOfMail);
    const Types types = world.types(before);
    EXPECT_LE(std::count(types.begin(), types.end(), "registration.proof_failed"), kMostWrongCodesOfMail);
}

// Two registrations of one address are proven at the same moment: one of them is the user.
TEST_F(RegistrationsTest, GiveTheAddressToOneOfTwoAtOnce) {
    test::for_every_step([](test::Steps& steps) {
        test::Stage stage;
        const auto begin_at = [&](const char* password) {
            auto begun =
                run(begin_registration(stage.other.services, registration(kAnnsEmail, "", password), {}, caller()));
            EXPECT_TRUE(test::succeeds(begun));
            return begun->handle;
        };
        const auto token_of = [&](const std::string& handle) {
            const auto opened = stage.world.challenge_secrets.open_handle(ChallengePurpose::kVerifyEmail, handle);
            Registration state;
            state.mailed_at = test::kNow;
            state.expires_at = test::kNow + kRegistrationLife;
            return stage.world.challenge_secrets.seal(
                registration_link(RegistrationId{opened->subject}, state, opened->address));
        };
        const std::string one = begin_at(kPassword);
        const std::string two = begin_at(kOtherPassword);
        std::optional<Result<UserId, CommandError>> second;
        auto meanwhile = [&]() -> asio::awaitable<void> {
            auto proof = by_link(token_of(two), two);
            second = co_await complete_registration(stage.other.services, std::move(proof), caller());
        };
        stage.stepped.steps = &steps;
        steps.meanwhile = meanwhile;
        auto first = run(complete_registration(stage.node.services, by_link(token_of(one), one), caller()));
        if (!steps.happened()) return;
        EXPECT_NE(first.has_value(), second->has_value()) << steps.where();
        EXPECT_TRUE(test::refused(first ? *second : first, refusals::kEmailTaken)) << steps.where();
    });
}

// ---- mail again ------------------------------------------------------------------------------------------------
TEST_F(RegistrationsTest, SendTheirMailAgainButNotAtOnceNorForEver) {
    const std::string handle = begin(kAnnsEmail);
    const Position before = world.head();
    const auto ask = [&] { return run(ask_for_registration_mail(services(), handle, caller())); };
    EXPECT_TRUE(test::succeeds(ask()));
    EXPECT_EQ(world.head(), before) << "within a minute it is the same mail";
    for (int i = 0; i < 2 * kMostMailsOfRegistration; ++i) {
        clock.advance(hours(6));
        EXPECT_TRUE(test::succeeds(ask()));
    }
    EXPECT_EQ(world.types(before), Types(kMostMailsOfRegistration - 1, "registration.mail_asked"));
}

// ---- the end ---------------------------------------------------------------------------------------------------
TEST_F(RegistrationsTest, AreErasedAfterSevenDaysAndNotBefore) {
    const std::string handle = begin(kAnnsEmail, "ann");
    const RegistrationId id = id_of(handle);
    const std::string code = mailed_code(handle);
    clock.advance(kRegistrationLife - milliseconds(1));
    ASSERT_TRUE(test::succeeds(run(erase_registration(services(), id, caller()))));
    EXPECT_EQ(world.types(), (Types{"registration.begun"}));
    clock.advance(milliseconds(1));
    EXPECT_TRUE(test::refused(prove(by_code(handle, code)), refusals::kRegistrationOver));
    ASSERT_TRUE(test::succeeds(run(erase_registration(services(), id, caller()))));
    ASSERT_TRUE(test::succeeds(run(erase_registration(other.services, id, caller())))) << "quiet";
    EXPECT_EQ(world.types(), (Types{"registration.begun", "registration.erased"}));
    EXPECT_TRUE(run(store.read_credentials(SubjectId{id.uuid}, Deadline::max()))->empty());
    EXPECT_TRUE(run(store.read_subject_keys({id.uuid}, Deadline::max()))->front().destroyed);
    EXPECT_TRUE(test::refused(prove(by_code(handle, code)), refusals::kRegistrationOver));
}

}  // namespace
}  // namespace keyledger::commands
