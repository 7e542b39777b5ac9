#include "domain/ladder/step_up.hpp"

#include "tests/support/world/history.hpp"

namespace keyledger {
namespace {

using test::kDay;
using test::kNow;
using test::kSecond;
using enum ProofMethod;

constexpr Duration kWindow = minutes(5);
constexpr StepUpRules kRules{kWindow, kNow};

// ---- all combinations ------------------------------------------------------------------------------------------
enum class Held { kNot, kYoung, kCounts };
constexpr std::array kAllHeld{Held::kNot, Held::kYoung, Held::kCounts};
constexpr std::array kPurposes{StepUpFor::kAccount, StepUpFor::kFactors, StepUpFor::kAdministration};

// What each pair of means asks for, where the session proved nothing lately.
struct Row {
    Held password;
    Held totp;
    StepUp needs;
};
constexpr std::array kTable{
    Row{Held::kNot, Held::kNot, StepUp::kNeedsMeans},
    Row{Held::kNot, Held::kYoung, StepUp::kMustWait},
    Row{Held::kNot, Held::kCounts, StepUp::kNeedsSecondFactor},
    Row{Held::kYoung, Held::kNot, StepUp::kMustWait},
    Row{Held::kYoung, Held::kYoung, StepUp::kMustWait},
    Row{Held::kYoung, Held::kCounts, StepUp::kNeedsSecondFactor},
    Row{Held::kCounts, Held::kNot, StepUp::kNeedsPassword},
    Row{Held::kCounts, Held::kYoung, StepUp::kNeedsPassword},
    Row{Held::kCounts, Held::kCounts, StepUp::kNeedsSecondFactor},
};
static_assert(kTable.size() == kAllHeld.size() * kAllHeld.size());

void hold(std::vector<Means>& means, ProofMethod method, Held held) {
    if (held != Held::kNot) means.push_back({method, held == Held::kYoung ? kNow + kSecond : kNow});
}

// Which proofs there are, and which of them are recent: two bits for each method.
constexpr std::array kMethods{kPassword, kMail, kTotp, kRecoveryCode, kPasskey, kProvider};
constexpr unsigned kCombinations = 1U << (2 * kMethods.size());
bool is_recent(unsigned combination, ProofMethod method) {
    return ((combination >> (2 * static_cast<unsigned>(method))) & 3U) == 3U;
}
std::vector<Proof> proofs_of(unsigned combination) {
    std::vector<Proof> proofs;
    for (const ProofMethod method : kMethods) {
        const unsigned bits = (combination >> (2 * static_cast<unsigned>(method))) & 3U;
        if (bits == 1U) proofs.push_back({method, kNow - kWindow - milliseconds(1)});
        if (bits == 3U) proofs.push_back({method, kNow - kWindow});
    }
    return proofs;
}

bool satisfies(unsigned combination, StepUp needs, StepUpFor purpose) {
    switch (needs) {
        case StepUp::kNeedsPassword: return is_recent(combination, kPassword);
        case StepUp::kNeedsSecondFactor:
            return is_recent(combination, kTotp) || is_recent(combination, kPasskey) ||
                   (purpose == StepUpFor::kFactors && is_recent(combination, kRecoveryCode));
        case StepUp::kNeedsProvider: return is_recent(combination, kProvider);
        case StepUp::kNeedsMeans:
        case StepUp::kMustWait: return false;
        case StepUp::kGranted: break;
    }
    return true;
}

TEST(StepUpTable, HasEveryCombination) {
    for (const Row& row : kTable)
        for (const StepUpFor purpose : kPurposes)
            for (unsigned combination = 0; combination < kCombinations; ++combination) {
                StepUpFacts facts{{}, proofs_of(combination)};
                hold(facts.means, kPassword, row.password);
                hold(facts.means, kTotp, row.totp);
                const StepUp expected = satisfies(combination, row.needs, purpose) ? StepUp::kGranted : row.needs;
                ASSERT_EQ(step_up(facts, purpose, kRules), expected)
                    << "password " << static_cast<int>(row.password) << ", totp " << static_cast<int>(row.totp)
                    << ", proofs " << combination << ", purpose " << static_cast<int>(purpose);
            }
}

TEST(StepUp, GoesByTheWindowThatIsSet) {
    const StepUpFacts facts{{{kPassword, {}}}, {{kPassword, kNow - hours(1)}}};
    EXPECT_EQ(step_up(facts, StepUpFor::kAccount, {hours(1), kNow}), StepUp::kGranted);
    EXPECT_EQ(step_up(facts, StepUpFor::kAccount, {hours(1) - milliseconds(1), kNow}), StepUp::kNeedsPassword);
}

TEST(StepUp, TakesAProviderOfThoseWhoHaveNothingElse) {
    const auto with = [](ProofMethod method) { return StepUpFacts{{{kProvider, {}}}, {{method, kNow}}}; };
    EXPECT_EQ(step_up(with(kProvider), StepUpFor::kAccount, kRules), StepUp::kGranted);
    EXPECT_EQ(step_up(with(kMail), StepUpFor::kAccount, kRules), StepUp::kNeedsProvider);
    EXPECT_EQ(step_up({{{kPassword, {}}}, {{kProvider, kNow}}}, StepUpFor::kAccount, kRules), StepUp::kNeedsPassword);
    EXPECT_EQ(step_up({{{kProvider, kNow + kSecond}}, {{kProvider, kNow}}}, StepUpFor::kAccount, kRules),
              StepUp::kMustWait);
}

// The clocks of two nodes differ a little.
TEST(StepUp, TakesWhatANodeAheadHasSeen) {
    const StepUpFacts facts{{{kPassword, {}}}, {{kPassword, kNow + kSecond}}};
    EXPECT_EQ(step_up(facts, StepUpFor::kAccount, kRules), StepUp::kGranted);
}

// ---- what a user has -------------------------------------------------------------------------------------------
const UserPasswordReset kReset{test::kAnnsPassword, "reset"};
const UserPasswordChanged kChanged{test::kAnnsPassword, "changed", {}};
const UserOneTimePasswordSet kOneTime{test::kAnnsPassword, "once", kNow + kDay};

User after(std::vector<std::pair<UserEvent, Instant>> events) {
    User user = test::given_user();
    Position position = 10;
    for (const auto& [event, at] : events) user = test::further(std::move(user), event, {++position, at});
    return user;
}
using AllMeans = std::vector<Means>;

TEST(MeansOf, CountWhereTheAccountBeganWithThem) {
    EXPECT_EQ(means_of(User{}), AllMeans{});
    EXPECT_EQ(means_of(test::given<User>(test::registered())), AllMeans{});
    EXPECT_EQ(means_of(test::given_user()), (AllMeans{{kPassword, {}}}));
}

UserIdentityLinked linked(LinkedBy by, std::uint8_t id = 0x51) {
    return {LinkedIdentityId{test::uuid(id)}, "google", {"https://there.example"}, {std::to_string(id)}, {}, by};
}

TEST(MeansOf, AreAProviderWhereThereIsNothingElse) {
    const User bare = test::given<User>(test::registered());
    EXPECT_EQ(means_of(test::further(bare, linked(LinkedBy::kRegistration), {2, kNow})), (AllMeans{{kProvider, {}}}));
    EXPECT_EQ(means_of(test::further(bare, linked(LinkedBy::kUser), {2, kNow})),
              (AllMeans{{kProvider, kNow + kWaitOfNewFactor}}))
        << "whoever took the account over linked what is theirs";
    EXPECT_EQ(means_of(after({{linked(LinkedBy::kUser), kNow}})), (AllMeans{{kPassword, {}}}));
}

// Whoever finds the browser of somebody open links what is theirs, and logs in by that from elsewhere.
TEST(MeansOf, LetNoProviderCountBesideOneThatWaits) {
    const User bare = test::given<User>(test::registered());
    const User began = test::further(bare, linked(LinkedBy::kRegistration, 0x51), {2, kNow - 30 * kDay});
    const User taken = test::further(began, linked(LinkedBy::kUser, 0x52), {3, kNow});
    EXPECT_EQ(means_of(taken), (AllMeans{{kProvider, kNow + kWaitOfNewFactor}}));
    const StepUpFacts facts{means_of(taken), {{kProvider, kNow + kSecond}}};
    EXPECT_EQ(step_up(facts, StepUpFor::kAccount, {kWindow, kNow + kSecond}), StepUp::kMustWait);
    const User later = test::further(taken, linked(LinkedBy::kAddress, 0x53), {4, kNow + kDay});
    EXPECT_EQ(means_of(later), (AllMeans{{kProvider, kNow + kDay + kWaitOfNewFactor}})) << "the last of them";
    const User undone = test::further(taken, UserIdentityUnlinked{LinkedIdentityId{test::uuid(0x52)}, {}}, {4, kNow});
    EXPECT_EQ(means_of(undone), (AllMeans{{kProvider, {}}}));
}

TEST(MeansOf, LetAPasswordWaitThatTheMailSet) {
    EXPECT_EQ(means_of(after({{kReset, kNow}})), (AllMeans{{kPassword, kNow + kDay}}));
    EXPECT_EQ(means_of(after({{kReset, kNow}, {kChanged, kNow + kSecond}})), (AllMeans{{kPassword, kNow + kDay}}))
        << "else whoever reset it would change it to be done with waiting";
    EXPECT_EQ(means_of(after({{kReset, kNow}, {kReset, kNow + kSecond}})),
              (AllMeans{{kPassword, kNow + kSecond + kDay}}));
    EXPECT_EQ(means_of(after({{kReset, kNow}, {kOneTime, kNow + kSecond}})), (AllMeans{{kPassword, {}}}))
        << "an administrator vouches for it";
}

// Who had none, as after logging in by links alone.
TEST(MeansOf, LetAFirstPasswordWaitThatTheMailSet) {
    const User user = test::further(test::given<User>(test::registered()), kReset, {2, kNow});
    EXPECT_EQ(means_of(user), (AllMeans{{kPassword, kNow + kDay}}));
}

TEST(MeansOf, LetAFactorCountThatWasEnrolledWithOneThatCounts) {
    EXPECT_EQ(means_of(after({{UserSecondFactorTurnedOn{}, kNow}})), (AllMeans{{kPassword, {}}, {kTotp, kNow}}));
    const Instant waited = kNow + kDay;
    EXPECT_EQ(means_of(after({{kReset, kNow}, {UserSecondFactorTurnedOn{}, waited}})),
              (AllMeans{{kPassword, waited}, {kTotp, waited}}));
}

TEST(MeansOf, LetAFactorWaitThatWasEnrolledWithOneThatWaits) {
    const Instant soon = kNow + kDay - milliseconds(1);
    EXPECT_EQ(means_of(after({{kReset, kNow}, {UserSecondFactorTurnedOn{}, soon}})),
              (AllMeans{{kPassword, kNow + kDay}, {kTotp, soon + 7 * kDay}}));
}

// A reset presents the second factor; one that does not count is ignored by it (design 17).
TEST(MeansOf, LetAResetCountThatPresentedAFactorThatCounts) {
    EXPECT_EQ(means_of(after({{UserSecondFactorTurnedOn{}, kNow}, {kReset, kNow + kSecond}})),
              (AllMeans{{kPassword, {}}, {kTotp, kNow}}));
    const Instant enrolled = kNow + kSecond;
    const Instant again = kNow + 2 * kSecond;
    EXPECT_EQ(means_of(after({{kReset, kNow}, {UserSecondFactorTurnedOn{}, enrolled}, {kReset, again}})),
              (AllMeans{{kPassword, again + kDay}, {kTotp, enrolled + 7 * kDay}}));
}

TEST(MeansOf, ForgetAFactorThatIsGone) {
    EXPECT_EQ(means_of(after({{UserSecondFactorTurnedOn{}, kNow}, {UserSecondFactorTurnedOff{}, kNow + kSecond}})),
              (AllMeans{{kPassword, {}}}));
}

}  // namespace
}  // namespace keyledger
