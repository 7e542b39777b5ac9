#include "domain/factors/factors.hpp"

#include "tests/support/world/history.hpp"

namespace keyledger {
namespace {

using test::kAnn;
using test::kDay;
using test::kNow;
using test::kSecond;

const FactorId kPhoneApp{test::uuid(0xF1)};
const FactorId kTabletApp{test::uuid(0xF2)};
const FactorId kSpareApp{test::uuid(0xF3)};
const FactorId kOtherApp{test::uuid(0xF4)};
const Instant kExpires = kNow + minutes(10);

FactorEnrolmentBegun begun(FactorId factor_id = kPhoneApp, EnrolledWith with = EnrolledWith::kPassword) {
    return {kAnn, factor_id, FactorKind::kTotp, "sealed", with, kExpires};
}
FactorEnrolled enrolled(FactorId factor_id = kPhoneApp) { return {kAnn, factor_id}; }
BeginEnrolment begin(FactorId factor_id) { return {kAnn, factor_id, "sealed", std::nullopt, kNow - kDay * 100, kNow}; }
ConfirmEnrolment confirm(FactorId factor_id = kPhoneApp) { return {kAnn, factor_id, {"one", "two"}, kNow}; }
RecoveryCodesMade codes_made() { return {kAnn, {"one", "two"}}; }
Factors with_an_app() { return test::given<Factors>(begun(), enrolled()); }

// ---- enrolment -------------------------------------------------------------------------------------------------
TEST(BeginEnrolment, LastsTenMinutes) {
    EXPECT_TRUE(test::decides(decide(Factors{}, begin(kPhoneApp)), {begun()}));
    EXPECT_EQ(kExpires, kNow + minutes(10));
}

TEST(BeginEnrolment, TakesThePlaceOfOneThatWasBegun) {
    const auto factors = test::given<Factors>(begun(kPhoneApp), begun(kTabletApp));
    EXPECT_EQ(factors.pending->id, kTabletApp);
    EXPECT_TRUE(test::refuses(decide(factors, confirm(kPhoneApp)), refusals::kNoEnrolment));
}

TEST(BeginEnrolment, IsRefusedBeyondThreeApps) {
    const auto full = test::given<Factors>(begun(kPhoneApp), enrolled(kPhoneApp), begun(kTabletApp),
                                           enrolled(kTabletApp), begun(kSpareApp), enrolled(kSpareApp));
    EXPECT_EQ(full.enrolled.size(), Factors::kMaxEnrolled);
    EXPECT_TRUE(test::refuses(decide(full, begin(kOtherApp)), refusals::kTooManyFactors));
    EXPECT_TRUE(decide(test::further(full, FactorRemoved{kAnn, kPhoneApp}, {9, kNow}), begin(kOtherApp)).has_value());
}

// I16: a thief who has the password enrols a factor of their own, and it is worth nothing against the owner for a week.
TEST(BeginEnrolment, RecordsWhatVouchedForTheUser) {
    const auto with = [](const Factors& factors, std::optional<FactorId> presented, Instant registered_at) {
        const auto decided =
            decide(factors, BeginEnrolment{kAnn, kTabletApp, "sealed", presented, registered_at, kNow});
        return std::get<FactorEnrolmentBegun>(decided->front()).enrolled_with;
    };
    const Instant old = kNow - kDay * 100;
    const auto one = with_an_app();
    EXPECT_EQ(with(Factors{}, {}, old), EnrolledWith::kPassword);
    EXPECT_EQ(with(Factors{}, {}, kNow - hours(1)), EnrolledWith::kPassword);
    EXPECT_EQ(with(Factors{}, {}, kNow - hours(1) + kSecond), EnrolledWith::kNewAccount);
    EXPECT_EQ(with(one, {}, kNow), EnrolledWith::kPassword) << "the account did not begin with the second one";
    EXPECT_EQ(with(one, kPhoneApp, old), EnrolledWith::kPassword) << "the other one is as young";
    const auto vouching = test::given<Factors>(begun(kPhoneApp, EnrolledWith::kNewAccount), enrolled());
    EXPECT_EQ(with(vouching, kPhoneApp, old), EnrolledWith::kEstablishedFactor);
    EXPECT_EQ(with(vouching, kSpareApp, old), EnrolledWith::kPassword) << "there is no such factor";
    EXPECT_EQ(with(vouching, {}, old), EnrolledWith::kPassword) << "it was not presented";
}

TEST(ConfirmEnrolment, TurnsTheFirstFactorOnWithRecoveryCodes) {
    const auto pending = test::given<Factors>(begun());
    EXPECT_TRUE(pending.enrolled.empty()) << "it opens nothing before";
    EXPECT_TRUE(test::decides(decide(pending, confirm()), {enrolled(), codes_made()}));
    const auto factors = with_an_app();
    ASSERT_NE(factors.find(kPhoneApp), nullptr);
    EXPECT_EQ(factors.find(kPhoneApp)->sealed_sha256, "sealed");
    EXPECT_EQ(factors.find(kPhoneApp)->enrolled_at, kNow + kSecond);
    EXPECT_FALSE(factors.pending.has_value());
}

TEST(ConfirmEnrolment, LeavesTheCodesThatThereAre) {
    const auto second = test::given<Factors>(begun(), enrolled(), codes_made(), begun(kTabletApp));
    EXPECT_TRUE(test::decides(decide(second, confirm(kTabletApp)), {enrolled(kTabletApp)}));
}

TEST(ConfirmEnrolment, IsRefusedWhereNothingIsPending) {
    EXPECT_TRUE(test::refuses(decide(Factors{}, confirm()), refusals::kNoEnrolment));
    auto late = confirm();
    late.now = kExpires - milliseconds(1);
    EXPECT_TRUE(decide(test::given<Factors>(begun()), late).has_value());
    late.now = kExpires;
    EXPECT_TRUE(test::refuses(decide(test::given<Factors>(begun()), late), refusals::kNoEnrolment));
}

TEST(ConfirmEnrolment, StaysQuietWhereItIsOn) { EXPECT_TRUE(test::stays_quiet(decide(with_an_app(), confirm()))); }

TEST(IsEstablished, TakesSevenDaysOrWhoVouches) {
    const Instant at = with_an_app().enrolled.front().enrolled_at;
    EXPECT_FALSE(is_established(with_an_app().enrolled.front(), at + kDay * 7 - milliseconds(1)));
    EXPECT_TRUE(is_established(with_an_app().enrolled.front(), at + kDay * 7));
    for (const EnrolledWith with : {EnrolledWith::kEstablishedFactor, EnrolledWith::kNewAccount}) {
        const auto factors = test::given<Factors>(begun(kPhoneApp, with), enrolled());
        EXPECT_TRUE(is_established(factors.enrolled.front(), at));
    }
}

// ---- names and ends --------------------------------------------------------------------------------------------
TEST(RenameFactor, NamesTheRowThatIsGoodFromNowOn) {
    const RenameFactor command{kAnn, kPhoneApp, "sealed anew"};
    const FactorRenamed renamed{kAnn, kPhoneApp, "sealed anew"};
    EXPECT_TRUE(test::decides(decide(with_an_app(), command), {renamed}));
    EXPECT_EQ(test::further(with_an_app(), renamed, {3, kNow}).find(kPhoneApp)->sealed_sha256, "sealed anew");
    EXPECT_TRUE(test::refuses(decide(test::given<Factors>(begun()), command), refusals::kFactorUnknown));
}

TEST(RemoveFactor, LeavesTheOthersAndTheCodes) {
    const RemoveFactor command{kAnn, kPhoneApp};
    const auto two = test::given<Factors>(begun(), enrolled(), begun(kTabletApp), enrolled(kTabletApp), codes_made());
    EXPECT_TRUE(test::decides(decide(two, command), {FactorRemoved{kAnn, kPhoneApp}}));
    const auto one = test::further(two, FactorRemoved{kAnn, kPhoneApp}, {6, kNow});
    EXPECT_EQ(one.find(kPhoneApp), nullptr);
    EXPECT_NE(one.find(kTabletApp), nullptr);
    EXPECT_EQ(one.recovery_codes.size(), 2u);
    EXPECT_TRUE(test::refuses(decide(one, command), refusals::kFactorUnknown));
    const auto none = test::further(one, FactorRemoved{kAnn, kTabletApp}, {7, kNow});
    EXPECT_TRUE(none.recovery_codes.empty()) << "there is nothing any more that they stand in for";
}

TEST(RemoveAllFactors, RemovesEachOrStaysQuiet) {
    const auto two = test::given<Factors>(begun(), enrolled(), begun(kTabletApp), enrolled(kTabletApp));
    EXPECT_TRUE(test::decides(decide(two, RemoveAllFactors{kAnn}),
                              {FactorRemoved{kAnn, kPhoneApp}, FactorRemoved{kAnn, kTabletApp}}));
    EXPECT_TRUE(test::stays_quiet(decide(Factors{}, RemoveAllFactors{kAnn})));
}

// ---- undone (I16) ----------------------------------------------------------------------------------------------
const Instant kTakeover = kNow + days(30);
const Instant kKeptUntil = kTakeover + Factors::kKeptFor;

// A phone and two codes, from long before.
Factors before_takeover() { return test::given<Factors>(begun(), enrolled(), codes_made()); }
Factors after(Factors factors, const std::vector<FactorsEvent>& events, Instant at = kTakeover) {
    for (const FactorsEvent& event : events) factors = evolve(std::move(factors), event, {10, at});
    return factors;
}
UndoFactorChanges undo(Instant since = kTakeover) { return {kAnn, since}; }

TEST(RemoveFactor, KeepsWhatItRemovesUntilNobodyCanHaveItBack) {
    const RemoveFactor command{kAnn, kPhoneApp, kKeptUntil};
    EXPECT_TRUE(test::decides(decide(before_takeover(), command), {FactorRemoved{kAnn, kPhoneApp, kKeptUntil}}));
    const auto removed = after(before_takeover(), {FactorRemoved{kAnn, kPhoneApp, kKeptUntil}});
    ASSERT_NE(removed.find_kept(kPhoneApp), nullptr);
    EXPECT_EQ(removed.find(kPhoneApp), nullptr) << "it opens nothing";
    EXPECT_EQ(removed.find_kept(kPhoneApp)->removed_at, kTakeover);
    const auto forget = [&](Instant now) { return decide(removed, ForgetFactor{kAnn, kPhoneApp, now}); };
    EXPECT_TRUE(test::stays_quiet(forget(kKeptUntil - milliseconds(1))));
    EXPECT_TRUE(test::decides(forget(kKeptUntil), {FactorForgotten{kAnn, kPhoneApp}}));
    const auto forgotten = after(removed, {FactorForgotten{kAnn, kPhoneApp}}, kKeptUntil);
    EXPECT_EQ(forgotten.find_kept(kPhoneApp), nullptr);
    EXPECT_TRUE(test::stays_quiet(decide(forgotten, ForgetFactor{kAnn, kPhoneApp, kKeptUntil})));
}

// A thief who removes and enrols again and again pushes out nothing.
TEST(RemoveFactor, IsRefusedWhereMoreAreKeptThanThereIsRoomFor) {
    Factors factors = before_takeover();
    for (std::size_t i = 0; i < Factors::kMaxKept; ++i) {
        const FactorId one{test::uuid(static_cast<std::uint8_t>(i + 1))};
        factors = after(factors, {begun(one), enrolled(one), FactorRemoved{kAnn, one, kKeptUntil}});
    }
    EXPECT_EQ(factors.kept.size(), Factors::kMaxKept);
    EXPECT_TRUE(test::refuses(decide(factors, RemoveFactor{kAnn, kPhoneApp, kKeptUntil}), refusals::kTooManyRemoved));
    EXPECT_TRUE(test::refuses(decide(factors, RemoveAllFactors{kAnn, kKeptUntil}), refusals::kTooManyRemoved));
    EXPECT_TRUE(test::decides(decide(factors, RemoveAllFactors{kAnn}), {FactorRemoved{kAnn, kPhoneApp}}))
        << "what nobody can have back needs no room";
    EXPECT_EQ(decide(factors, ForgetAllFactors{kAnn})->size(), Factors::kMaxKept);
}

TEST(ForgetAllFactors, ForgetsWhatWasRemovedAlone) {
    const auto removed =
        after(before_takeover(), {begun(kTabletApp), enrolled(kTabletApp), FactorRemoved{kAnn, kPhoneApp, kKeptUntil}});
    EXPECT_TRUE(test::decides(decide(removed, ForgetAllFactors{kAnn}), {FactorForgotten{kAnn, kPhoneApp}}));
    EXPECT_TRUE(test::stays_quiet(decide(before_takeover(), ForgetAllFactors{kAnn})));
}

// In this order: with the last app that is removed the recovery codes would be void.
TEST(UndoFactorChanges, GivesBackWhatWasRemovedAndRemovesWhatWasEnrolled) {
    const auto taken =
        after(before_takeover(), {begun(kTabletApp), enrolled(kTabletApp), FactorRemoved{kAnn, kPhoneApp, kKeptUntil}});
    const std::vector<FactorsEvent> events{FactorGivenBack{kAnn, kPhoneApp}, FactorRemoved{kAnn, kTabletApp}};
    EXPECT_TRUE(test::decides(decide(taken, undo()), events));
    const auto undone = after(taken, events);
    EXPECT_EQ(undone.enrolled.size(), 1u);
    EXPECT_EQ(undone.find(kPhoneApp)->enrolled_at, kNow + kSecond) << "as it was";
    EXPECT_EQ(undone.recovery_codes.size(), 2u);
    EXPECT_TRUE(undone.kept.empty());
}

// A thief who swaps the app first, and changes the address some days later.
TEST(UndoFactorChanges, ReachesAWeekBackAndNoFurther) {
    const auto swapped = [](Instant at) {
        const auto factors =
            after(before_takeover(), {begun(kTabletApp, EnrolledWith::kEstablishedFactor), enrolled(kTabletApp)}, at);
        return after(factors, {FactorRemoved{kAnn, kPhoneApp, at + Factors::kKeptFor}}, at);
    };
    const Instant before = kTakeover - days(6);
    EXPECT_TRUE(test::decides(decide(swapped(before), undo()), {FactorRemoved{kAnn, kTabletApp}}))
        << "the phone has a link of its own, and may have been lost";
    EXPECT_TRUE(test::decides(decide(swapped(before), undo(before)),
                              {FactorGivenBack{kAnn, kPhoneApp}, FactorRemoved{kAnn, kTabletApp}}));
    EXPECT_TRUE(test::stays_quiet(decide(swapped(kTakeover - days(8)), undo()))) << "its owner had done that";
}

// What a thief enrolled and removed themself is not given to anybody, and its links are void.
TEST(UndoFactorChanges, ForgetsWhatTheThiefRemoved) {
    const auto own = after(before_takeover(),
                           {begun(kTabletApp), enrolled(kTabletApp), FactorRemoved{kAnn, kTabletApp, kKeptUntil}});
    EXPECT_TRUE(test::decides(decide(own, undo()), {FactorForgotten{kAnn, kTabletApp}}));
}

TEST(UndoFactorChanges, LeavesWhatTheAccountBeganWith) {
    auto factors = test::given<Factors>(begun(kPhoneApp, EnrolledWith::kNewAccount), enrolled(), codes_made());
    EXPECT_TRUE(test::stays_quiet(decide(factors, undo(kNow + hours(2)))));
}

TEST(UndoFactorChanges, GivesRecoveryCodesBack) {
    const auto codes_after = [](const Factors& factors) {
        const auto decided = decide(factors, undo());
        return after(factors, decided.value()).recovery_codes;
    };
    const std::vector<std::string> both{"one", "two"};
    const RecoveryCodesMade thiefs{kAnn, {"thief"}};
    const FactorRemoved removed{kAnn, kPhoneApp, kKeptUntil};
    EXPECT_EQ(codes_after(before_takeover()), both);
    EXPECT_EQ(codes_after(after(before_takeover(), {removed})), both);
    EXPECT_EQ(codes_after(after(before_takeover(), {thiefs})), both);
    EXPECT_EQ(codes_after(after(before_takeover(), {thiefs, RecoveryCodesMade{kAnn, {"again"}}, removed})), both);
    EXPECT_EQ(codes_after(after(before_takeover(), {removed, begun(kTabletApp), enrolled(kTabletApp), thiefs})), both);
    const auto used = after(before_takeover(), {RecoveryCodeUsed{kAnn, "one", 1}, thiefs});
    EXPECT_EQ(codes_after(used), std::vector<std::string>{"two"});
    // Whoever made new ones within the week before may have been the thief.
    const auto renewed = after(before_takeover(), {RecoveryCodesMade{kAnn, {"whose"}}}, kTakeover - days(1));
    EXPECT_EQ(codes_after(after(renewed, {thiefs})), both);
    // None were left.
    const auto none = after(before_takeover(), {RecoveryCodeUsed{kAnn, "one", 1}, RecoveryCodeUsed{kAnn, "two", 0}});
    EXPECT_EQ(codes_after(after(none, {thiefs})), std::vector<std::string>{});
}

// They would stand in for an app that there is not.
TEST(UndoFactorChanges, GivesNoRecoveryCodesBackWhereNoAppIsLeft) {
    const FactorRemoved by_owner{kAnn, kPhoneApp, kTakeover + days(5)};
    const auto off = after(before_takeover(), {by_owner}, kTakeover - days(2));
    const auto taken = after(off, {begun(kTabletApp), enrolled(kTabletApp), RecoveryCodesMade{kAnn, {"thief"}}});
    const std::vector<FactorsEvent> events{FactorRemoved{kAnn, kTabletApp}};
    EXPECT_TRUE(test::decides(decide(taken, undo()), events));
    EXPECT_TRUE(after(taken, events).recovery_codes.empty());
}

// ---- recovery codes --------------------------------------------------------------------------------------------
TEST(MakeRecoveryCodes, MakesThoseOfBeforeVoid) {
    const MakeRecoveryCodes command{kAnn, {"one", "two"}};
    EXPECT_TRUE(test::decides(decide(with_an_app(), command), {codes_made()}));
    EXPECT_TRUE(test::refuses(decide(Factors{}, command), refusals::kFactorUnknown));
    const auto anew = test::given<Factors>(begun(), enrolled(), codes_made(), RecoveryCodesMade{kAnn, {"three"}});
    EXPECT_EQ(anew.recovery_codes, std::vector<std::string>{"three"});
}

TEST(UseRecoveryCode, OpensOnce) {
    const auto factors = test::given<Factors>(begun(), enrolled(), codes_made());
    EXPECT_TRUE(test::decides(decide(factors, UseRecoveryCode{kAnn, "two"}), {RecoveryCodeUsed{kAnn, "two", 1}}));
    const auto used = test::further(factors, RecoveryCodeUsed{kAnn, "two", 1}, {4, kNow});
    EXPECT_EQ(used.recovery_codes, std::vector<std::string>{"one"});
    EXPECT_TRUE(test::refuses(decide(used, UseRecoveryCode{kAnn, "two"}), refusals::kWrongSecondFactor));
    EXPECT_TRUE(test::refuses(decide(used, UseRecoveryCode{kAnn, ""}), refusals::kWrongSecondFactor));
}

// ---- attempts --------------------------------------------------------------------------------------------------
constexpr const char* kHere = "here";
constexpr const char* kThere = "there";

FactorAttemptLimits limits() { return {10, 2, minutes(15), kDay * 90}; }
TakeFactorAttempt take(std::string origin, Instant now = kNow) { return {kAnn, std::move(origin), limits(), now}; }

Factors after_attempts(const std::string& origin, int count, Factors factors = {}) {
    for (int i = 0; i < count; ++i) factors = test::further(factors, FactorAttemptTaken{kAnn, origin}, {i + 1, kNow});
    return factors;
}

TEST(TakeFactorAttempt, CountsBeforeAnythingIsKnownOfIt) {
    EXPECT_TRUE(test::decides(decide(Factors{}, take(kHere)), {FactorAttemptTaken{kAnn, kHere}}));
    EXPECT_EQ(after_attempts(kHere, 1).attempts.failures_in_a_row, 1);
}

TEST(TakeFactorAttempt, WaitsLongerAndLongerWhereItFails) {
    Factors factors = after_attempts(kHere, 1);
    EXPECT_TRUE(decide(factors, take(kHere)).has_value());
    for (const std::int64_t pause_s : {1, 2, 4, 8, 16}) {
        factors = test::further(factors, FactorAttemptTaken{kAnn, kHere}, {9, kNow});
        const Instant over = kNow + seconds(pause_s);
        EXPECT_TRUE(test::refuses(decide(factors, take(kHere, over - milliseconds(1))), refusals::kFactorPause));
        EXPECT_TRUE(decide(factors, take(kHere, over)).has_value()) << pause_s;
        EXPECT_TRUE(decide(factors, take(kThere)).has_value()) << "anybody would lock everybody out";
    }
}

TEST(TakeFactorAttempt, WaitsNoLongerThanTheLongestPause) {
    auto command = take(kHere, kNow + minutes(15));
    command.limits.in_a_row = 1000;
    const auto factors = after_attempts(kHere, 90);
    EXPECT_TRUE(decide(factors, command).has_value());
    command.now = command.now - milliseconds(1);
    EXPECT_TRUE(test::refuses(decide(factors, command), refusals::kFactorPause));
}

// NIST SP 800-63B-4 section 3.2.2.
TEST(TakeFactorAttempt, EndsForStrangersWhenAllOriginsFailedTooOften) {
    Factors factors;
    for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(decide(factors, take("a new one")).has_value()) << i;
        factors = after_attempts("origin " + std::to_string(i), 1, factors);
    }
    EXPECT_TRUE(test::refuses(decide(factors, take("a new one")), refusals::kFactorPause));
    EXPECT_TRUE(test::refuses(decide(factors, take("a new one", kNow + kDay * 365)), refusals::kFactorPause))
        << "waiting gives no further guess";
    const auto forgiven = test::further(factors, FactorAttemptsForgiven{kAnn}, {11, kNow});
    EXPECT_TRUE(decide(forgiven, take("a new one")).has_value());
    EXPECT_TRUE(decide(forgiven, take("origin 3")).has_value());
}

TEST(TakeFactorAttempt, IsNeverStoppedOnADeviceThatPassedBefore) {
    Factors factors = test::given<Factors>(FactorAttemptTaken{kAnn, kHere}, FactorAttemptPassed{kAnn, kHere});
    const Instant passed_at = factors.attempts.find(kHere)->passed_at;
    for (int i = 0; i < 200; ++i) factors = after_attempts("origin " + std::to_string(i), 1, factors);
    EXPECT_TRUE(test::refuses(decide(factors, take(kThere)), refusals::kFactorPause));
    EXPECT_TRUE(decide(factors, take(kHere)).has_value()) << "a flood from elsewhere pushed it out";
    EXPECT_TRUE(decide(after_attempts(kHere, 9, factors), take(kHere)).has_value()) << "a pause stopped it";
    EXPECT_TRUE(test::refuses(decide(after_attempts(kHere, 10, factors), take(kHere)), refusals::kFactorPause))
        << "it has no more guesses for itself than all have together";
    EXPECT_TRUE(decide(factors, take(kHere, passed_at + kDay * 90 - milliseconds(1))).has_value());
    EXPECT_TRUE(test::refuses(decide(factors, take(kHere, passed_at + kDay * 90)), refusals::kFactorPause));
}

TEST(PassFactorAttempt, StartsCountingAnewAndLetsThePausesOfOthersGoOn) {
    const auto failed = after_attempts(kThere, 3, after_attempts(kHere, 3));
    EXPECT_TRUE(test::decides(decide(failed, PassFactorAttempt{kAnn, kHere}), {FactorAttemptPassed{kAnn, kHere}}));
    const auto passed = test::further(failed, FactorAttemptPassed{kAnn, kHere}, {9, kNow});
    EXPECT_EQ(passed.attempts.failures_in_a_row, 0);
    EXPECT_TRUE(decide(passed, take(kHere)).has_value());
    EXPECT_TRUE(test::refuses(decide(passed, take(kThere)), refusals::kFactorPause));
}

TEST(ForgiveFactorAttempts, StaysQuietWhereNothingFailed) {
    EXPECT_TRUE(test::stays_quiet(decide(Factors{}, ForgiveFactorAttempts{kAnn})));
    const auto passed = test::given<Factors>(FactorAttemptTaken{kAnn, kHere}, FactorAttemptPassed{kAnn, kHere});
    EXPECT_TRUE(test::stays_quiet(decide(passed, ForgiveFactorAttempts{kAnn})));
    EXPECT_TRUE(
        test::decides(decide(after_attempts(kHere, 1), ForgiveFactorAttempts{kAnn}), {FactorAttemptsForgiven{kAnn}}));
}

TEST(FactorAttempts, RemembersAsManyOriginsAsItHasPlacesFor) {
    Factors factors;
    for (int i = 0; i < 100; ++i) {
        const std::string origin = "origin " + std::to_string(i);
        factors = test::further(factors, FactorAttemptTaken{kAnn, origin}, {2 * i + 1, kNow + kSecond * i});
        if (i % 2 == 0)
            factors = test::further(factors, FactorAttemptPassed{kAnn, origin}, {2 * i + 2, kNow + kSecond * i});
    }
    EXPECT_EQ(factors.attempts.origins.size(), FactorAttempts::kMaxUnknown + FactorAttempts::kMaxKnown);
    for (const char* kept : {"origin 98", "origin 99"}) EXPECT_NE(factors.attempts.find(kept), nullptr) << kept;
    for (const char* gone : {"origin 0", "origin 1"}) EXPECT_EQ(factors.attempts.find(gone), nullptr) << gone;
}

}  // namespace
}  // namespace keyledger
