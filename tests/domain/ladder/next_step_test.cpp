#include "domain/ladder/next_step.hpp"

#include <functional>

#include "tests/support/world/history.hpp"

namespace keyledger {
namespace {

using test::kDay;
using test::kNow;

const RoleId kClerk{test::uuid(0xD1)};
const FactorId kApp{test::uuid(0xF1)};
const FactorId kPasskey{test::uuid(0xF2)};

// All that the function can tell apart, named.
struct Situation {
    User::Status status = User::Status::kActive;
    User::SecondFactor by_user = User::SecondFactor::kOff;
    enum class Holds { kNothing, kApp, kAppAndCodes, kPasskey, kPasskeyAndApp } holds = Holds::kNothing;
    unsigned proven = 0;                                                               // bits, by ProofMethod
    bool of_all = false, of_clerks = false, of_new_devices = false, of_risky = false;  // the policy
    bool is_clerk = false, is_new_device = false, is_risky = false;
    enum class Grace { kNone, kSinceRegistration, kSincePolicy, kOver } grace = Grace::kNone;

    bool has(ProofMethod method) const { return (proven >> static_cast<int>(method) & 1) != 0; }
    bool began() const {
        return has(ProofMethod::kPassword) || has(ProofMethod::kMail) || has(ProofMethod::kPasskey) ||
               has(ProofMethod::kProvider);
    }
    bool completed() const {
        return has(ProofMethod::kTotp) || has(ProofMethod::kRecoveryCode) || has(ProofMethod::kPasskey);
    }
    bool is_active() const { return status == User::Status::kActive; }
    bool owns_one() const { return by_user == User::SecondFactor::kOn || holds != Holds::kNothing; }
    bool is_demanded() const {
        return of_all || (of_clerks && is_clerk) || (of_new_devices && is_new_device) || (of_risky && is_risky);
    }
    bool in_grace() const { return grace == Grace::kSinceRegistration || grace == Grace::kSincePolicy; }
};
using Holds = Situation::Holds;
using Grace = Situation::Grace;

NextStep asked(const Situation& situation) {
    User user;
    user.status = situation.status;
    user.second_factor = situation.by_user;
    user.registered_at = situation.grace == Grace::kSinceRegistration ? kNow - kDay : kNow - kDay * 30;
    Factors factors;
    const bool has_passkey = situation.holds == Holds::kPasskey || situation.holds == Holds::kPasskeyAndApp;
    if (has_passkey) factors.enrolled.push_back({kPasskey, FactorKind::kPasskey});
    if (situation.holds != Holds::kNothing && situation.holds != Holds::kPasskey) factors.enrolled.push_back({kApp});
    if (situation.holds == Holds::kAppAndCodes) factors.recovery_codes = {"one"};
    SecondFactorPolicy policy;
    if (situation.of_all) policy.of_all = SecondFactorPolicy::Demand::kOfEverybody;
    if (situation.of_clerks) policy.of_roles = {kClerk};
    if (situation.of_new_devices) policy.of_new_devices = SecondFactorPolicy::NewDevices::kDemand;
    if (situation.of_risky) policy.from_risk = 60;
    policy.since = situation.grace == Grace::kSincePolicy ? kNow - kDay : kNow - kDay * 60;
    if (situation.grace != Grace::kNone) policy.grace = kDay * 2;
    std::vector<Proof> proven;
    for (const auto& [method, name] : enum_names(ProofMethod{}))
        if (situation.has(method)) proven.push_back({method, kNow});
    LoginCircumstances circumstances;
    circumstances.now = kNow;
    circumstances.risk = situation.is_risky ? 60 : 59;
    if (situation.is_new_device) circumstances.device = LoginCircumstances::Device::kNew;
    if (situation.is_clerk) circumstances.roles = {RoleId(test::uuid(0xD2)), kClerk};
    return next_step(user, factors, policy, proven, circumstances);
}

// The table. Of every situation exactly one row is true, and says what comes next.
struct Row {
    const char* name;
    bool (*is)(const Situation&);
    NextStep then;
};
const Row kTable[] = {
    {"who proved nothing to begin with is nobody", [](const Situation& s) { return !s.began(); },
     LadderRefused{refusals::kNothingProven}},
    {"who is not active does not get in", [](const Situation& s) { return s.began() && !s.is_active(); },
     LadderRefused{refusals::kUserDisabled}},
    {"factors that are hidden do not open",
     [](const Situation& s) { return s.began() && s.is_active() && s.owns_one() && s.holds == Holds::kNothing; },
     LadderRefused{refusals::kFactorsMissing}},
    {"who has an app shows its code",
     [](const Situation& s) { return s.began() && s.is_active() && s.holds == Holds::kApp && !s.completed(); },
     NeedsProof{{ProofMethod::kTotp}}},
    {"or a recovery code that is left",
     [](const Situation& s) { return s.began() && s.is_active() && s.holds == Holds::kAppAndCodes && !s.completed(); },
     NeedsProof{{ProofMethod::kTotp, ProofMethod::kRecoveryCode}}},
    {"who has a passkey shows that",
     [](const Situation& s) { return s.began() && s.is_active() && s.holds == Holds::kPasskey && !s.completed(); },
     NeedsProof{{ProofMethod::kPasskey}}},
    {"who has both, one of them",
     [](const Situation& s) {
         return s.began() && s.is_active() && s.holds == Holds::kPasskeyAndApp && !s.completed();
     },
     NeedsProof{{ProofMethod::kPasskey, ProofMethod::kTotp}}},
    {"and then gets in, whatever the policy",
     [](const Situation& s) { return s.began() && s.is_active() && s.holds != Holds::kNothing && s.completed(); },
     Granted{}},
    {"who has none gets in where none is demanded",
     [](const Situation& s) { return s.began() && s.is_active() && !s.owns_one() && !s.is_demanded(); }, Granted{}},
    {"and during the grace, with a date",
     [](const Situation& s) { return s.began() && s.is_active() && !s.owns_one() && s.is_demanded() && s.in_grace(); },
     Granted{kNow + kDay}},
    {"and must else enrol one",
     [](const Situation& s) { return s.began() && s.is_active() && !s.owns_one() && s.is_demanded() && !s.in_grace(); },
     MustEnrol{{FactorKind::kTotp}}},
};

void hold_against_the_table(const Situation& situation, std::array<int, std::size(kTable)>& times) {
    const NextStep step = asked(situation);
    int rows = 0;
    for (std::size_t i = 0; i < std::size(kTable); ++i) {
        if (!kTable[i].is(situation)) continue;
        ++rows;
        ++times[i];
        ASSERT_EQ(step, kTable[i].then) << kTable[i].name << "; proven: " << situation.proven;
    }
    ASSERT_EQ(rows, 1);
}

// Each of 4 × 2 × 5 × 4 × 64 × 128 situations.
TEST(NextStep, IsAsTheTableSaysInEverySituation) {
    std::array<int, std::size(kTable)> times{};
    int all = 0;
    for (const auto status :
         {User::Status::kAbsent, User::Status::kActive, User::Status::kDisabled, User::Status::kErased})
        for (const auto by_user : {User::SecondFactor::kOff, User::SecondFactor::kOn})
            for (const auto holds :
                 {Holds::kNothing, Holds::kApp, Holds::kAppAndCodes, Holds::kPasskey, Holds::kPasskeyAndApp})
                for (const auto grace : {Grace::kNone, Grace::kSinceRegistration, Grace::kSincePolicy, Grace::kOver})
                    for (unsigned proven = 0; proven < 64; ++proven)
                        for (unsigned bits = 0; bits < 128; ++bits, ++all) {
                            const auto bit = [bits](int place) { return (bits >> place & 1) != 0; };
                            const Situation situation{status, by_user, holds,  proven, bit(0), bit(1),
                                                      bit(2), bit(3),  bit(4), bit(5), bit(6), grace};
                            ASSERT_NO_FATAL_FAILURE(hold_against_the_table(situation, times));
                        }
    EXPECT_EQ(all, 4 * 2 * 5 * 4 * 64 * 128);
    for (std::size_t i = 0; i < times.size(); ++i) EXPECT_GT(times[i], 0) << kTable[i].name;
}

// In words, what the table means for the two threats that this is about.
TEST(NextStep, IsNoFurtherByMailAfterAPassword) {
    Situation situation;
    situation.holds = Holds::kApp;
    situation.by_user = User::SecondFactor::kOn;
    situation.proven = 1U << static_cast<int>(ProofMethod::kPassword) | 1U << static_cast<int>(ProofMethod::kMail);
    EXPECT_EQ(asked(situation), NextStep(NeedsProof{{ProofMethod::kTotp}}));
}

// How the provider found out who it is, nobody here knows.
TEST(NextStep, AsksForTheSecondFactorAfterAProvider) {
    Situation situation;
    situation.holds = Holds::kApp;
    situation.by_user = User::SecondFactor::kOn;
    situation.proven = 1U << static_cast<int>(ProofMethod::kProvider);
    EXPECT_EQ(asked(situation), NextStep(NeedsProof{{ProofMethod::kTotp}}));
}

// Alone: neither a password nor another factor is asked for.
TEST(NextStep, IsGrantedByAPasskey) {
    Situation situation;
    situation.holds = Holds::kPasskeyAndApp;
    situation.by_user = User::SecondFactor::kOn;
    situation.of_all = true;
    situation.proven = 1U << static_cast<int>(ProofMethod::kPasskey);
    EXPECT_EQ(asked(situation), NextStep(Granted{}));
}

TEST(NextStep, OpensNothingWhereTheFactorsAreHidden) {
    Situation situation;
    situation.by_user = User::SecondFactor::kOn;
    situation.proven = 63;
    EXPECT_EQ(asked(situation), NextStep(LadderRefused{refusals::kFactorsMissing}));
}

}  // namespace
}  // namespace keyledger
