#include "domain/users/user.hpp"

#include "tests/support/world/history.hpp"

namespace keyledger {
namespace {

using test::decides;
using test::given;
using test::given_administrator;
using test::given_user;
using test::kAnnsPassword;
using test::kDay;
using test::kLaptop;
using test::kNow;
using test::kPhone;
using test::refuses;
using test::stays_quiet;

const User kNobody;
const NewCredential kFresh{test::uuid(0xA3), "fresh"};

// ---- register --------------------------------------------------------------------------------------------------
RegisterUser registration() { return {"Ann@Example.com", "Ann", std::nullopt, NewCredential{kAnnsPassword, "first"}}; }
UserRegistered recorded_registration() {
    UserRegistered event;
    event.email.value = "Ann@Example.com";
    event.username.value = "Ann";
    return event;
}

TEST(RegisterUser, RegistersAndSetsThePassword) {
    EXPECT_TRUE(test::decides(decide(kNobody, registration()),
                              {recorded_registration(), UserPasswordSet{kAnnsPassword, "first"}}));
}

TEST(RegisterUser, IsRejectedWhenSomebodyIsThere) {
    EXPECT_TRUE(test::refuses(decide(given_user(), registration()), refusals::kBegunTwice));
    EXPECT_TRUE(test::refuses(decide(given_user(UserDisabled{"left"}), registration()), refusals::kBegunTwice));
}

// ---- change password -------------------------------------------------------------------------------------------
TEST(ChangePassword, NamesTheNewCredentialAndTheSessionThatStays) {
    EXPECT_TRUE(test::decides(decide(given_user(), ChangePassword{"first", kFresh, kLaptop}),
                              {UserPasswordChanged{kFresh.credential_id, "fresh", kLaptop}}));
}

TEST(ChangePassword, IsRejectedWhenAnotherPasswordWasChecked) {
    const User moved = given_user(UserPasswordChanged{kAnnsPassword, "second", std::nullopt});
    EXPECT_TRUE(test::refuses(decide(moved, ChangePassword{"first", kFresh, kLaptop}), refusals::kCredentialTampered));
    const User renewed = given_user(UserPasswordHashRenewed{kAnnsPassword, "second"});
    EXPECT_TRUE(
        test::refuses(decide(renewed, ChangePassword{"first", kFresh, kLaptop}), refusals::kCredentialTampered));
}

TEST(ChangePassword, IsRejectedForNobodyAndForTheDisabled) {
    EXPECT_TRUE(test::refuses(decide(kNobody, ChangePassword{"first", kFresh, kLaptop}), refusals::kUserUnknown));
    const User disabled = given_user(UserDisabled{"left"});
    EXPECT_TRUE(test::refuses(decide(disabled, ChangePassword{"first", kFresh, kLaptop}), refusals::kUserDisabled));
}

// ---- renew password hash ---------------------------------------------------------------------------------------
TEST(RenewPasswordHash, EndsNothing) {
    EXPECT_TRUE(test::decides(decide(given_user(), RenewPasswordHash{"first", kFresh}),
                              {UserPasswordHashRenewed{kFresh.credential_id, "fresh"}}));
    const User renewed = given_user(UserPasswordHashRenewed{kAnnsPassword, "second"});
    EXPECT_EQ(renewed.sealed_sha256, "second");
    EXPECT_EQ(renewed.security_stamp, 0);
    EXPECT_FALSE(renewed.ended_session(kLaptop, 1));
}

TEST(RenewPasswordHash, IsRejectedWhenThePasswordMovedOn) {
    const User moved = given_user(UserPasswordChanged{kAnnsPassword, "second", std::nullopt});
    EXPECT_TRUE(test::refuses(decide(moved, RenewPasswordHash{"first", kFresh}), refusals::kCredentialTampered));
    EXPECT_TRUE(test::refuses(decide(kNobody, RenewPasswordHash{"first", kFresh}), refusals::kUserUnknown));
}

// ---- update profile --------------------------------------------------------------------------------------------
TEST(UpdateProfile, WritesTheWholeProfile) {
    UserProfileUpdated expected;
    expected.username.value = "ann2";
    EXPECT_TRUE(test::decides(decide(given_user(), UpdateProfile{"ann2", std::nullopt}), {expected}));
}

TEST(UpdateProfile, SeesADifferenceInCase) {
    UserProfileUpdated expected;
    expected.username.value = "ANN";
    expected.name.value = "Ann Example";
    EXPECT_TRUE(test::decides(decide(given_user(), UpdateProfile{"ANN", "Ann Example"}), {expected}));
}

TEST(UpdateProfile, StaysQuietWhenNothingDiffers) {
    EXPECT_TRUE(test::stays_quiet(decide(given_user(), UpdateProfile{"Ann", "Ann Example"})));
}

// The disabled have no token; whoever may edit others may edit them.
TEST(UpdateProfile, IsRejectedForNobodyButNotForTheDisabled) {
    EXPECT_TRUE(test::refuses(decide(kNobody, UpdateProfile{}), refusals::kUserUnknown));
    EXPECT_TRUE(test::decides(decide(given_user(UserDisabled{"left"}), UpdateProfile{}), {UserProfileUpdated{}}));
}

// ---- disable and enable ----------------------------------------------------------------------------------------
TEST(DisableUser, SaysWhy) {
    EXPECT_TRUE(test::decides(decide(given_user(), DisableUser{"left"}), {UserDisabled{"left"}}));
}

TEST(DisableUser, StaysQuietWhenAlreadyDisabled) {
    EXPECT_TRUE(test::stays_quiet(decide(given_user(UserDisabled{"left"}), DisableUser{"again"})));
}

TEST(DisableUser, IsRejectedForNobody) {
    EXPECT_TRUE(test::refuses(decide(kNobody, DisableUser{"left"}), refusals::kUserUnknown));
}

TEST(EnableUser, LetsThemInAgain) {
    EXPECT_TRUE(test::decides(decide(given_user(UserDisabled{"left"}), EnableUser{}), {UserEnabled{}}));
    EXPECT_EQ(given_user(UserDisabled{"left"}, UserEnabled{}).status, User::Status::kActive);
}

TEST(EnableUser, StaysQuietWhenActiveAndIsRejectedForNobody) {
    EXPECT_TRUE(test::stays_quiet(decide(given_user(), EnableUser{})));
    EXPECT_TRUE(test::refuses(decide(kNobody, EnableUser{}), refusals::kUserUnknown));
}

// ---- revoke all sessions ---------------------------------------------------------------------------------------
TEST(RevokeAllSessions, IsOneEventThatNamesWhatStays) {
    EXPECT_TRUE(test::decides(decide(given_user(), RevokeAllSessions{kLaptop}), {UserSessionsRevoked{kLaptop}}));
    EXPECT_TRUE(test::decides(decide(given_user(), RevokeAllSessions{}), {UserSessionsRevoked{std::nullopt}}));
}

// The disabled too: their sessions are to stay ended whatever happens later.
TEST(RevokeAllSessions, WorksOnTheDisabledAndIsRejectedForNobody) {
    EXPECT_TRUE(test::decides(decide(given_user(UserDisabled{"left"}), RevokeAllSessions{}),
                              {UserSessionsRevoked{std::nullopt}}));
    EXPECT_TRUE(test::refuses(decide(kNobody, RevokeAllSessions{}), refusals::kUserUnknown));
}

// ---- evolve ----------------------------------------------------------------------------------------------------
TEST(User, IsWhatWasRegistered) {
    const User user = given_user();
    EXPECT_EQ(user.status, User::Status::kActive);
    EXPECT_EQ(user.email, "Ann@Example.com");
    EXPECT_EQ(user.username, "Ann");
    EXPECT_EQ(user.name, "Ann Example");
    EXPECT_EQ(user.privilege, UserPrivilege::kUser);
    EXPECT_EQ(user.registered_at, test::kNow);
    EXPECT_EQ(user.credential_id, kAnnsPassword);
    EXPECT_EQ(user.sealed_sha256, "first");
    EXPECT_EQ(given_administrator().privilege, UserPrivilege::kAdministrator);
}

TEST(User, IsReadWithoutWhatWasErased) {
    const User erased = given<User>(UserRegistered{}, test::password_set());
    EXPECT_EQ(erased.status, User::Status::kActive);
    EXPECT_FALSE(erased.email || erased.username || erased.name);
}

TEST(User, ForgetsWhatAProfileTakesAway) {
    const User user = given_user(UserProfileUpdated{});
    EXPECT_FALSE(user.username || user.name);
    EXPECT_EQ(user.email, "Ann@Example.com");
}

// Whatever ends sessions counts the security stamp on; the event's own position is the border.
TEST(User, EndsTheSessionsThatBeganBeforeTheEvent) {
    const std::vector<UserEvent> endings{UserSessionsRevoked{}, UserDisabled{"left"},
                                         UserPasswordChanged{kAnnsPassword, "second", std::nullopt}};
    for (const UserEvent& ending : endings) {
        const User user = test::further(given_user(), ending, {10, test::kNow});
        EXPECT_EQ(user.security_stamp, 1) << test::text_of(ending);
        EXPECT_TRUE(user.ended_session(kLaptop, 3)) << test::text_of(ending);
        EXPECT_TRUE(user.ended_session(kLaptop, 9)) << test::text_of(ending);
        EXPECT_FALSE(user.ended_session(kLaptop, 11)) << test::text_of(ending);
    }
}

TEST(User, KeepsTheSessionThatTheEventNames) {
    const std::vector<UserEvent> endings{UserSessionsRevoked{kLaptop},
                                         UserPasswordChanged{kAnnsPassword, "second", kLaptop}};
    for (const UserEvent& ending : endings) {
        const User user = test::further(given_user(), ending, {10, test::kNow});
        EXPECT_FALSE(user.ended_session(kLaptop, 3)) << test::text_of(ending);
        EXPECT_TRUE(user.ended_session(kPhone, 3)) << test::text_of(ending);
    }
}

TEST(User, KeepsASessionOnlyUntilTheNextEnding) {
    User user = test::further(given_user(), UserSessionsRevoked{kLaptop}, {10, test::kNow});
    user = test::further(user, UserSessionsRevoked{kPhone}, {20, test::kNow});
    EXPECT_TRUE(user.ended_session(kLaptop, 3));
    EXPECT_FALSE(user.ended_session(kPhone, 15));
    EXPECT_EQ(user.security_stamp, 2);
}

TEST(User, DoesNotGetSessionsBackByBeingEnabled) {
    User user = test::further(given_user(), UserDisabled{"left"}, {10, test::kNow});
    user = test::further(user, UserEnabled{}, {11, test::kNow});
    EXPECT_TRUE(user.ended_session(kLaptop, 3));
    EXPECT_FALSE(user.ended_session(kPhone, 12));
}

TEST(RequestErasure, IsCarriedOutAtOnceWithoutAGracePeriod) {
    const RequestErasure command{kNow, kNow};
    EXPECT_TRUE(decides(decide(given_user(), command), {UserErasureRequested{kNow}, UserErased{}}));
}

TEST(RequestErasure, WaitsForTheEndOfTheGracePeriod) {
    const RequestErasure command{kNow, kNow + kDay};
    EXPECT_TRUE(decides(decide(given_user(), command), {UserErasureRequested{kNow + kDay}}));
    EXPECT_TRUE(decides(decide(given_user(UserDisabled{}), command), {UserErasureRequested{kNow + kDay}}));
}

TEST(RequestErasure, StaysAsItIsWhenAskedAgain) {
    const User user = given_user(UserErasureRequested{kNow + kDay});
    EXPECT_TRUE(stays_quiet(decide(user, RequestErasure{kNow, kNow})));
}

TEST(RequestErasure, IsRefusedForNobody) {
    const RequestErasure command{kNow, kNow};
    EXPECT_TRUE(refuses(decide(User{}, command), refusals::kUserUnknown));
    EXPECT_TRUE(refuses(decide(given_user(UserErased{}), command), refusals::kUserUnknown));
}

TEST(RequestErasure, EndsSessionsAndLeavesTheUserAsTheyAre) {
    const User user = given_user(UserErasureRequested{kNow + kDay});
    EXPECT_EQ(user.status, User::Status::kActive);
    EXPECT_TRUE(user.email);
    EXPECT_TRUE(user.ended_session(kLaptop, 2));
    EXPECT_EQ(user.security_stamp, 1);
}

TEST(WithdrawErasure, TakesARequestBackAndIsQuietWithoutOne) {
    EXPECT_TRUE(decides(decide(given_user(UserErasureRequested{kNow}), WithdrawErasure{}), {UserErasureWithdrawn{}}));
    EXPECT_TRUE(stays_quiet(decide(given_user(), WithdrawErasure{})));
    const User back = given_user(UserErasureRequested{kNow}, UserErasureWithdrawn{});
    EXPECT_TRUE(stays_quiet(decide(back, EraseUser{kNow + kDay})));
    EXPECT_TRUE(refuses(decide(given_user(UserErased{}), WithdrawErasure{}), refusals::kUserUnknown));
}

TEST(EraseUser, CarriesOutWhatIsDueAndNothingElse) {
    const User user = given_user(UserErasureRequested{kNow + kDay});
    EXPECT_TRUE(stays_quiet(decide(user, EraseUser{kNow + kDay - milliseconds(1)})));
    EXPECT_TRUE(decides(decide(user, EraseUser{kNow + kDay}), {UserErased{}}));
    EXPECT_TRUE(stays_quiet(decide(given_user(), EraseUser{kNow})));
    EXPECT_TRUE(stays_quiet(decide(given_user(UserErasureRequested{kNow}, UserErased{}), EraseUser{kNow})));
}

TEST(EraseUser, LeavesNothingOfThePerson) {
    const User erased = given_user(UserErasureRequested{kNow}, UserErased{});
    EXPECT_EQ(erased.status, User::Status::kErased);
    EXPECT_FALSE(erased.email || erased.username || erased.name);
    EXPECT_TRUE(erased.sealed_sha256.empty());
    EXPECT_TRUE(erased.ended_session(kLaptop, 3));
    for (const UserCommand& command : std::vector<UserCommand>{ChangePassword{}, RenewPasswordHash{}, UpdateProfile{},
                                                               DisableUser{}, EnableUser{}, RevokeAllSessions{}})
        EXPECT_TRUE(refuses(decide(erased, command), refusals::kUserUnknown));
    EXPECT_TRUE(refuses(decide(erased, RegisterUser{}), refusals::kBegunTwice));
}

// ---- the address, and what undoes its change ---------------------------------------------------------------------
UserEmailChanged moved_to(std::string email) { return {{std::move(email)}, kNow + 7 * kDay, kLaptop}; }
std::vector<std::string> held(const User& user) {
    std::vector<std::string> keys;
    for (const ClaimedName& name : user.held_names())
        if (name.kind == "email") keys.push_back(name.key);
    return keys;
}

TEST(VerifyEmail, IsToldOnce) {
    EXPECT_TRUE(decides(decide(given_user(), VerifyEmail{}), {UserEmailVerified{}}));
    EXPECT_TRUE(stays_quiet(decide(given_user(UserEmailVerified{}), VerifyEmail{})));
    EXPECT_TRUE(refuses(decide(kNobody, VerifyEmail{}), refusals::kUserUnknown));
}

TEST(ChangeEmail, KeepsTheAddressFromBeforeUntilItIsReleased) {
    const ChangeEmail command{"new@example.com", kNow + 7 * kDay, kLaptop};
    EXPECT_TRUE(decides(decide(given_user(), command), {moved_to("new@example.com")}));
    const User moved = given_user(moved_to("new@example.com"));
    EXPECT_EQ(moved.email, "new@example.com");
    EXPECT_EQ(moved.email_proof, User::EmailProof::kVerified);
    EXPECT_EQ(held(moved), (std::vector<std::string>{"new@example.com", "ann@example.com"}));
    EXPECT_TRUE(stays_quiet(decide(moved, ChangeEmail{"third@example.com", kNow, {}}))) << "one at a time";
    EXPECT_TRUE(stays_quiet(decide(moved, ReleaseFormerEmail{kNow + 7 * kDay - milliseconds(1)})));
    EXPECT_TRUE(decides(decide(moved, ReleaseFormerEmail{kNow + 7 * kDay}), {UserFormerEmailReleased{}}));
    const User released = given_user(moved_to("new@example.com"), UserFormerEmailReleased{});
    EXPECT_EQ(held(released), std::vector<std::string>{"new@example.com"});
    EXPECT_TRUE(refuses(decide(given_user(UserDisabled{"left"}), command), refusals::kUserDisabled));
}

TEST(ChangeEmail, HoldsAnAddressOnceThatIsOnlySpeltAnew) {
    EXPECT_EQ(held(given_user(moved_to("ANN@example.com"))), std::vector<std::string>{"ann@example.com"});
}

TEST(UndoEmailChange, GivesTheAccountBackAndThePasswordNoMore) {
    const User moved = given_user(moved_to("new@example.com"));
    EXPECT_TRUE(decides(decide(moved, UndoEmailChange{kNow + 6 * kDay}), {UserEmailChangeUndone{}}));
    EXPECT_TRUE(stays_quiet(decide(moved, UndoEmailChange{kNow + 7 * kDay}))) << "too late";
    EXPECT_TRUE(stays_quiet(decide(given_user(), UndoEmailChange{kNow})));
    const User back = given_user(moved_to("new@example.com"), UserEmailChangeUndone{});
    EXPECT_EQ(back.email, "Ann@Example.com");
    EXPECT_EQ(back.password_use, User::PasswordUse::kMustBeReset);
    EXPECT_EQ(held(back), std::vector<std::string>{"ann@example.com"});
    const User reset = given_user(moved_to("new@example.com"), UserEmailChangeUndone{},
                                  UserPasswordReset{kFresh.credential_id, kFresh.sealed_sha256});
    EXPECT_EQ(reset.password_use, User::PasswordUse::kLogsIn);
    EXPECT_EQ(reset.sealed_sha256, "fresh");
}

TEST(SetOneTimePassword, OpensNothingButTheWayToAnother) {
    EXPECT_TRUE(decides(decide(given_user(), SetOneTimePassword{kFresh, kNow + kDay}),
                        {UserOneTimePasswordSet{kFresh.credential_id, "fresh", kNow + kDay}}));
    const User user = given_user(UserOneTimePasswordSet{kFresh.credential_id, "fresh", kNow + kDay});
    EXPECT_EQ(user.password_use, User::PasswordUse::kMustBeChanged);
    EXPECT_EQ(user.password_expires_at, kNow + kDay);
    const User own = given_user(UserOneTimePasswordSet{kFresh.credential_id, "fresh", kNow + kDay},
                                UserPasswordChanged{kFresh.credential_id, "own", std::nullopt});
    EXPECT_EQ(own.password_use, User::PasswordUse::kLogsIn);
}

TEST(SecondFactor, IsTurnedOnAndOffOnce) {
    EXPECT_TRUE(decides(decide(given_user(), TurnOnSecondFactor{}), {UserSecondFactorTurnedOn{}}));
    const User on = given_user(UserSecondFactorTurnedOn{});
    EXPECT_TRUE(stays_quiet(decide(on, TurnOnSecondFactor{})));
    EXPECT_TRUE(decides(decide(on, TurnOffSecondFactor{}), {UserSecondFactorTurnedOff{}}));
    EXPECT_TRUE(stays_quiet(decide(given_user(), TurnOffSecondFactor{})));
}

TEST(ChooseLocale, IsToldWhereItChanges) {
    UserLocaleChosen german;
    german.locale.value = "de";
    EXPECT_TRUE(decides(decide(given_user(), ChooseLocale{"de"}), {german}));
    EXPECT_TRUE(stays_quiet(decide(given_user(german), ChooseLocale{"de"})));
    EXPECT_TRUE(decides(decide(given_user(german), ChooseLocale{}), {UserLocaleChosen{}}));
}

// ---- what events declare ---------------------------------------------------------------------------------------
template <std::size_t... I>
std::vector<UserEvent> one_of_each(std::index_sequence<I...>) {
    return {UserEvent(std::in_place_index<I>)...};
}
template <class Event>
std::string_view type_of(const Event&) {
    return Event::kType;
}
template <class Event>
bool erases_by_declaration(const Event&) {
    return requires { Event::kErases; };
}

// Read models go by the declarations: an event that does more to the state, or less, would be missing in them.
TEST(UserEvents, DoWhatTheyDeclareOfSessionsAndErasure) {
    User before = given_user(UserErasureRequested{Instant::at_ms(5)});
    before.kept_session = kPhone;
    for (const UserEvent& event : one_of_each(std::make_index_sequence<std::variant_size_v<UserEvent>>())) {
        const std::string_view type = std::visit([](const auto& e) { return type_of(e); }, event);
        const User after = evolve(before, event, {1'000, kNow});
        const auto end = end_of_sessions(event);
        EXPECT_EQ(after.security_stamp, before.security_stamp + (end ? 1 : 0)) << type;
        EXPECT_EQ(after.sessions_ended_before, end ? 1'000 : before.sessions_ended_before) << type;
        EXPECT_EQ(after.kept_session, end ? end->kept_session : before.kept_session) << type;
        const auto erasure = pending_erasure(event);
        EXPECT_EQ(after.erasure_due_at, erasure ? erasure->due_at : before.erasure_due_at) << type;
        EXPECT_EQ(after.is_erased(), std::visit([](const auto& e) { return erases_by_declaration(e); }, event)) << type;
    }
}

}  // namespace
}  // namespace keyledger
