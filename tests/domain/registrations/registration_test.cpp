#include "domain/registrations/registration.hpp"

#include "tests/support/world/history.hpp"

namespace keyledger {
namespace {

const Instant kNow = Instant::at_ms(1'700'000'000'000);
const CredentialId kCredential{Uuid{{1}}};
const UserId kUser{Uuid{{2}}};
const RegistrationBegun kBegun{{"ann@example.com"}, {"ann"}, {"Ann"}, {"de"},
                               kCredential,         "ab",    "key-1", kNow + kRegistrationLife};
const RegistrationMailAsked kAsked{"key-2"};
const RegistrationProofFailed kWrongCode{RegistrationProof::kCode};
const RegistrationProofFailed kWrongPassword{RegistrationProof::kPassword};
const RegistrationCompleted kCompleted{kUser};
const RegistrationErased kErased{};

// Each event a second after the one before, the first at kNow.
Registration given(std::vector<RegistrationEvent> events) {
    Registration registration;
    Position position = 0;
    for (const auto& event : events) {
        registration = evolve(std::move(registration), event, Recorded{position + 1, kNow + seconds(position)});
        position += 1;
    }
    return registration;
}
std::vector<RegistrationEvent> begun_and(int count, const RegistrationEvent& event) {
    std::vector<RegistrationEvent> events{kBegun};
    events.insert(events.end(), static_cast<std::size_t>(count), event);
    return events;
}
RefusalRef refusal_of(const Result<void, RefusalRef>& may) { return may ? RefusalRef(refusals::kBroken) : may.error(); }

const BeginRegistration kBegin{"ann@example.com", "ann", "Ann",   "de",
                               kCredential,       "ab",  "key-1", kNow + kRegistrationLife};

TEST(BeginRegistration, SaysAllThatTheUserWillBeBegunWith) {
    EXPECT_TRUE(test::decides(decide(Registration{}, kBegin), {kBegun}));
}
TEST(BeginRegistration, IsRefusedWhereThereIsOne) {
    EXPECT_TRUE(test::refuses(decide(given({kBegun}), kBegin), refusals::kBegunTwice));
}

const RegistrationBegunByProvider kBegunByProvider{{"ann@example.com"},       {"Ann"},       {"de"},  "staff",
                                                   {"https://login.example"}, {"subject-1"}, {"Ann"}, "key-1",
                                                   kNow + kRegistrationLife};
const RegisteredIdentity kIdentity{"staff", "https://login.example", "subject-1", "Ann"};

TEST(BeginRegistrationByProvider, KeepsWhoTheyAreThereInPlaceOfAPassword) {
    const BeginRegistrationByProvider begin{"ann@example.com", "Ann",   "de",
                                            kIdentity,         "key-1", kNow + kRegistrationLife};
    EXPECT_TRUE(test::decides(decide(Registration{}, begin), {kBegunByProvider}));
    EXPECT_TRUE(test::refuses(decide(given({kBegunByProvider}), begin), refusals::kBegunTwice));
    const auto begun = given({kBegunByProvider});
    EXPECT_EQ(begun.identity, kIdentity);
    EXPECT_FALSE(begun.has_password());
    EXPECT_TRUE(given({kBegun}).has_password());
    EXPECT_TRUE(may_try(begun, RegistrationProof::kCode, kNow));
    EXPECT_EQ(refusal_of(may_try(begun, RegistrationProof::kPassword, kNow)), refusals::kRegistrationOver);
    EXPECT_FALSE(given({kBegunByProvider, kCompleted}).has_personal_data());
}

TEST(AskForRegistrationMail, SendsAnotherCode) {
    const auto decided = decide(given({kBegun}), AskForRegistrationMail{"key-2", kNow + kLeastBetweenMails});
    EXPECT_TRUE(test::decides(decided, {kAsked}));
}
TEST(AskForRegistrationMail, StaysQuietWithinAMinuteAndBeyondTheMost) {
    const Instant early = kNow + kLeastBetweenMails - milliseconds(1);
    EXPECT_TRUE(test::stays_quiet(decide(given({kBegun}), AskForRegistrationMail{"key-2", early})));
    const Instant later = kNow + hours(1);
    const auto last_but_one = given(begun_and(kMostMailsOfRegistration - 2, kAsked));
    EXPECT_TRUE(test::decides(decide(last_but_one, AskForRegistrationMail{"key-2", later}), {kAsked}));
    const auto all_sent = given(begun_and(kMostMailsOfRegistration - 1, kAsked));
    EXPECT_TRUE(test::stays_quiet(decide(all_sent, AskForRegistrationMail{"key-2", later})));
}
TEST(AskForRegistrationMail, IsRefusedOfWhatIsOver) {
    const AskForRegistrationMail ask{"key-2", kNow + minutes(2)};
    for (const auto& registration : {Registration{}, given({kBegun, kCompleted}), given({kBegun, kErased})})
        EXPECT_TRUE(test::refuses(decide(registration, ask), refusals::kRegistrationOver));
    const AskForRegistrationMail late{"key-2", kNow + kRegistrationLife};
    EXPECT_TRUE(test::refuses(decide(given({kBegun}), late), refusals::kRegistrationOver));
}

// The third wrong code ends this mail's code, and no other's; a link goes on.
TEST(MayTry, TakesThreeWrongCodesOfAMail) {
    const auto twice = given(begun_and(kMostWrongCodesOfMail - 1, kWrongCode));
    EXPECT_TRUE(may_try(twice, RegistrationProof::kCode, kNow));
    auto events = begun_and(kMostWrongCodesOfMail, kWrongCode);
    EXPECT_EQ(refusal_of(may_try(given(events), RegistrationProof::kCode, kNow)), refusals::kRegistrationCodeOver);
    EXPECT_TRUE(may_try(given(events), RegistrationProof::kPassword, kNow));
    events.push_back(kAsked);
    EXPECT_TRUE(may_try(given(events), RegistrationProof::kCode, kNow));
}
TEST(MayTry, TakesNoCodeAfterItsTime) {
    const auto begun = given({kBegun});
    const Instant end = kNow + kRegistrationCodeLife;
    EXPECT_TRUE(may_try(begun, RegistrationProof::kCode, end - milliseconds(1)));
    EXPECT_EQ(refusal_of(may_try(begun, RegistrationProof::kCode, end)), refusals::kRegistrationCodeOver);
    EXPECT_TRUE(may_try(begun, RegistrationProof::kPassword, end));
}
// However often the mail is sent: the password stays the same.
TEST(MayTry, TakesTenWrongPasswordsOfARegistration) {
    auto events = begun_and(kMostWrongPasswordsOfRegistration - 1, kWrongPassword);
    EXPECT_TRUE(may_try(given(events), RegistrationProof::kPassword, kNow));
    events.push_back(kWrongPassword);
    events.push_back(kAsked);
    const auto may = may_try(given(events), RegistrationProof::kPassword, kNow + seconds(20));
    EXPECT_EQ(refusal_of(may), refusals::kRegistrationLinkOver);
    EXPECT_TRUE(may_try(given(events), RegistrationProof::kCode, kNow + seconds(20)));
}
TEST(MayTry, IsRefusedOfWhatIsOver) {
    for (const auto proof : {RegistrationProof::kCode, RegistrationProof::kPassword}) {
        for (const auto& registration : {Registration{}, given({kBegun, kCompleted}), given({kBegun, kErased})})
            EXPECT_EQ(refusal_of(may_try(registration, proof, kNow)), refusals::kRegistrationOver);
        EXPECT_EQ(refusal_of(may_try(given({kBegun}), proof, kNow + kRegistrationLife)), refusals::kRegistrationOver);
    }
}

TEST(FailRegistrationProof, CountsWhatMayBeTried) {
    const FailRegistrationProof fail{RegistrationProof::kCode, kNow};
    EXPECT_TRUE(test::decides(decide(given({kBegun}), fail), {kWrongCode}));
    const auto over = given(begun_and(kMostWrongCodesOfMail, kWrongCode));
    EXPECT_TRUE(test::refuses(decide(over, fail), refusals::kRegistrationCodeOver));
}

TEST(CompleteRegistration, SaysWhoTheyAreAndForgetsTheRest) {
    EXPECT_TRUE(test::decides(decide(given({kBegun}), CompleteRegistration{kUser, kNow}), {kCompleted}));
    const Registration over = given({kBegun, kCompleted});
    EXPECT_FALSE(over.has_personal_data());
    EXPECT_TRUE(over.is_erased());
}
TEST(CompleteRegistration, IsRefusedOfWhatIsOver) {
    const CompleteRegistration complete{kUser, kNow};
    for (const auto& registration : {Registration{}, given({kBegun, kCompleted}), given({kBegun, kErased})})
        EXPECT_TRUE(test::refuses(decide(registration, complete), refusals::kRegistrationOver));
    const CompleteRegistration late{kUser, kNow + kRegistrationLife};
    EXPECT_TRUE(test::refuses(decide(given({kBegun}), late), refusals::kRegistrationOver));
}

TEST(EraseRegistration, WaitsUntilItsTimeIsOver) {
    const Instant end = kNow + kRegistrationLife;
    EXPECT_TRUE(test::stays_quiet(decide(given({kBegun}), EraseRegistration{end - milliseconds(1)})));
    EXPECT_TRUE(test::decides(decide(given({kBegun}), EraseRegistration{end}), {kErased}));
    for (const auto& registration : {Registration{}, given({kBegun, kCompleted}), given({kBegun, kErased})})
        EXPECT_TRUE(test::stays_quiet(decide(registration, EraseRegistration{end})));
}

}  // namespace
}  // namespace keyledger
