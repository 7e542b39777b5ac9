// Passkeys, as one kind of second factor.
#include "domain/factors/factors.hpp"
#include "tests/support/world/history.hpp"

namespace keyledger {
namespace {

using test::kAnn;
using test::kDay;
using test::kNow;
using test::kSecond;

const FactorId kLaptop{test::uuid(0xF1)};
const FactorId kPhone{test::uuid(0xF2)};
const FactorId kApp{test::uuid(0xF3)};
const Instant kOld = kNow - kDay * 100;

RegisterPasskey making(FactorId factor_id = kLaptop, std::string credential = "id") {
    RegisterPasskey command;
    command.user_id = kAnn;
    command.factor_id = factor_id;
    command.credential_sha256 = std::move(credential);
    command.user_handle = "handle";
    command.sealed_sha256 = "sealed";
    command.recovery_codes = {"one", "two"};
    command.registered_at = kOld;
    command.now = kNow;
    return command;
}
PasskeyRegistered made(FactorId factor_id = kLaptop, std::string credential = "id", std::int64_t counter = 0) {
    return {kAnn, factor_id, std::move(credential), "handle", "sealed", EnrolledWith::kPassword, counter};
}
UsePasskey using_it(std::int64_t counter) { return {kAnn, kLaptop, counter, PasskeyBackup::kDone}; }
FactorEnrolmentBegun app_begun() { return {kAnn, kApp, FactorKind::kTotp, "sealed", {}, kNow + kDay}; }
RecoveryCodesMade codes_made() { return {kAnn, {"one", "two"}}; }

std::vector<std::string> held_by(const Factors& factors) {
    std::vector<std::string> keys;
    for (const ClaimedName& name : factors.held_names()) keys.push_back(std::string(name.kind) + ' ' + name.key);
    return keys;
}
using Held = std::vector<std::string>;

TEST(RegisterPasskey, MakesAFactorWithRecoveryCodesIfItIsTheFirst) {
    EXPECT_TRUE(test::decides(decide(Factors{}, making()), {made(), codes_made()}));
    const auto factors = test::given<Factors>(made());
    ASSERT_NE(factors.find_passkey("id"), nullptr);
    EXPECT_EQ(factors.find_passkey("id")->id, kLaptop);
    EXPECT_EQ(factors.find(kLaptop)->kind, FactorKind::kPasskey);
    EXPECT_EQ(factors.user_id, kAnn);
    EXPECT_EQ(factors.user_handle, "handle");
    EXPECT_TRUE(test::decides(decide(factors, making(kPhone, "other")), {made(kPhone, "other")}));
    const auto with_app = test::given<Factors>(app_begun(), FactorEnrolled{kAnn, kApp});
    EXPECT_TRUE(test::decides(decide(with_app, making()), {made()}));
    EXPECT_EQ(with_app.find_passkey(""), nullptr) << "an app is no passkey";
}

TEST(RegisterPasskey, IsRefusedWhereItIsThereOrThereAreTooMany) {
    Factors factors = test::given<Factors>(made());
    EXPECT_TRUE(test::refuses(decide(factors, making(kPhone)), refusals::kPasskeyTaken));
    const Factors removed = test::further(factors, FactorRemoved{kAnn, kLaptop, kNow + kDay}, {9, kNow});
    EXPECT_TRUE(test::refuses(decide(removed, making(kPhone)), refusals::kPasskeyTaken)) << "it can be given back";
    for (std::uint8_t i = 1; i < Factors::kMaxPasskeys; ++i)
        factors = test::further(factors, made(FactorId(test::uuid(0xA0 + i)), std::to_string(i)), {9, kNow});
    EXPECT_TRUE(test::refuses(decide(factors, making(kPhone, "new")), refusals::kTooManyPasskeys));
    const BeginEnrolment app{kAnn, kApp, "sealed", std::nullopt, kOld, kNow};
    EXPECT_TRUE(decide(factors, app).has_value()) << "they are counted apart";
}

// As of an app: a thief who got in with the password gains nothing against the owner for a week.
TEST(RegisterPasskey, RecordsWhatVouchedForTheUser) {
    const auto with = [](const Factors& factors, RegisterPasskey command) {
        const auto decided = decide(factors, command);
        return std::get<PasskeyRegistered>(decided->front()).enrolled_with;
    };
    RegisterPasskey command = making();
    EXPECT_EQ(with(Factors{}, command), EnrolledWith::kPassword);
    command.registered_at = kNow - kSecond;
    EXPECT_EQ(with(Factors{}, command), EnrolledWith::kNewAccount);
    EXPECT_EQ(with(test::given<Factors>(made(kPhone, "other")), command), EnrolledWith::kPassword);
    command.proved_factor = true;
    EXPECT_EQ(with(test::given<Factors>(made(kPhone, "other")), command), EnrolledWith::kEstablishedFactor);
}

TEST(UsePasskey, TellsItsCounterAndWhetherItWentBack) {
    const auto counting = test::given<Factors>(made(kLaptop, "id", 7));
    const PasskeyUsed used{kAnn, kLaptop, 8, PasskeyBackup::kDone};
    EXPECT_TRUE(test::decides(decide(counting, using_it(8)), {used}));
    const auto after = test::further(counting, used, {9, kNow});
    EXPECT_EQ(after.find(kLaptop)->counter, 8);
    EXPECT_EQ(after.find(kLaptop)->backup, PasskeyBackup::kDone);
    const PasskeyCounterWentBack went_back{kAnn, kLaptop, 8, 3};
    EXPECT_TRUE(
        test::decides(decide(after, using_it(3)), {went_back, PasskeyUsed{kAnn, kLaptop, 3, PasskeyBackup::kDone}}));
    EXPECT_TRUE(test::decides(decide(after, using_it(8)), {PasskeyCounterWentBack{kAnn, kLaptop, 8, 8},
                                                           PasskeyUsed{kAnn, kLaptop, 8, PasskeyBackup::kDone}}));
    const auto copied = test::further(after, PasskeyUsed{kAnn, kLaptop, 3, PasskeyBackup::kDone}, {10, kNow});
    EXPECT_EQ(copied.find(kLaptop)->counter, 8) << "the copy does not make the original one look like the copy";
    const auto silent = test::given<Factors>(made());
    EXPECT_TRUE(test::decides(decide(silent, using_it(0)), {PasskeyUsed{kAnn, kLaptop, 0, PasskeyBackup::kDone}}))
        << "one that is on several devices does not count";
}

TEST(UsePasskey, IsRefusedOfWhatIsNone) {
    EXPECT_TRUE(test::refuses(decide(Factors{}, using_it(1)), refusals::kWrongSecondFactor));
    const auto with_app = test::given<Factors>(app_begun(), FactorEnrolled{kAnn, kApp});
    EXPECT_TRUE(test::refuses(decide(with_app, UsePasskey{kAnn, kApp, 1}), refusals::kWrongSecondFactor));
    const auto removed = test::given<Factors>(made(), FactorRemoved{kAnn, kLaptop, kNow + kDay});
    EXPECT_TRUE(test::refuses(decide(removed, using_it(1)), refusals::kWrongSecondFactor));
}

TEST(Passkeys, AreHeldUntilNobodyCanHaveThemGivenBack) {
    auto factors = test::given<Factors>(app_begun(), FactorEnrolled{kAnn, kApp}, made(), made(kPhone, "other"));
    EXPECT_EQ(held_by(factors), (Held{"passkey id", "passkey other"}));
    factors = test::further(factors, FactorRemoved{kAnn, kLaptop, kNow + kDay}, {9, kNow});
    EXPECT_EQ(held_by(factors), (Held{"passkey other", "passkey id"}));
    const auto given_back = test::further(factors, FactorGivenBack{kAnn, kLaptop}, {10, kNow});
    EXPECT_EQ(given_back.find_passkey("id")->id, kLaptop);
    factors = test::further(factors, FactorForgotten{kAnn, kLaptop}, {10, kNow});
    EXPECT_EQ(held_by(factors), Held{"passkey other"});
    factors = test::further(factors, FactorRemoved{kAnn, kPhone}, {11, kNow});
    EXPECT_EQ(held_by(factors), Held{});
}

TEST(ForgetAllPasskeys, FreesThemAll) {
    auto factors = test::given<Factors>(app_begun(), FactorEnrolled{kAnn, kApp}, made(), made(kPhone, "other"),
                                        FactorRemoved{kAnn, kLaptop, kNow + kDay});
    const auto decided = decide(factors, ForgetAllPasskeys{kAnn});
    EXPECT_TRUE(test::decides(decided, {FactorForgotten{kAnn, kLaptop}, FactorRemoved{kAnn, kPhone}}));
    for (const FactorsEvent& event : *decided) factors = test::further(factors, event, {20, kNow});
    EXPECT_EQ(held_by(factors), Held{});
    EXPECT_TRUE(test::decides(decide(factors, ForgetAllPasskeys{kAnn}), {}));
}

}  // namespace
}  // namespace keyledger
