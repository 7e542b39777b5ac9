// Passwords that administrators set, and users whom they make with one.
#include "commands/credentials/one_time_password.hpp"

#include <set>

#include "commands/access/roles.hpp"
#include "commands/accounts/create_user.hpp"
#include "commands/accounts/set_user_status.hpp"
#include "commands/credentials/passwords.hpp"
#include "domain/users/identity.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller;
using test::caller_of;
using test::kAnnsEmail;
using test::login;
using test::refused;
using test::run;
using test::succeeds;
using test::Types;

constexpr const char* kChosen = "a kettle, two maps";

class OneTimePasswordTest : public test::CommandTest {
protected:
    void SetUp() override {
        ann_ = world.register_user(node, kAnnsEmail);
        anns_ = world.log_in(node, kAnnsEmail);
        world.create_administrator(node, "root@example.com");
        roots_ = world.log_in(node, "root@example.com");
        before_ = world.head();
    }
    Result<OneTimePasswordReceipt, CommandError> set_for(const UserId& whom, std::optional<Secret> given = {}) {
        OneTimePassword password{bearer_of(roots_), std::move(given)};
        return run(set_one_time_password(services(), whom, std::move(password), caller_of(roots_)));
    }
    std::string made_for(const UserId& whom) {
        auto set = set_for(whom);
        EXPECT_TRUE(succeeds(set));
        return std::string(set->made.value().reveal());
    }
    Result<Receipt, CommandError> replace(const std::string& email, const std::string& password,
                                          const std::string& chosen = kChosen) {
        PasswordReplacement replacement{email, "", Secret(password), Secret(chosen)};
        return run(replace_one_time_password(services(), std::move(replacement), caller()));
    }
    Result<Grant, CommandError> try_log_in(const std::string& email, const std::string& password) {
        return run(log_in(services(), login(email, password), caller()));
    }
    Result<CreatedUser, CommandError> create(NewUser user, Caller by) {
        return run(create_user(services(), bearer_of(roots_), std::move(user), std::move(by)));
    }

    UserId ann_;
    Grant anns_, roots_;
    Position before_ = 0;
};

TEST_F(OneTimePasswordTest, IsFourGroupsWithoutLookAlikes) {
    std::string bytes;
    for (int i = 0; i < 32; ++i) bytes += static_cast<char>(i * 8 + i);
    const std::string text(one_time_password_of(Secret(bytes)).reveal());
    EXPECT_EQ(text.size(), 23U);
    EXPECT_EQ(text.find_first_of("1lio"), std::string::npos) << text;
    EXPECT_EQ(text[5], '-');
    std::set<char> seen;
    for (int i = 0; i < 256; ++i) {
        const Secret one(std::string(20, static_cast<char>(i)));
        seen.insert(one_time_password_of(one).reveal().front());
    }
    EXPECT_EQ(seen.size(), 32U) << "each as likely as any other";
}

TEST_F(OneTimePasswordTest, OpensNothingButTheWayToAnother) {
    const std::string made = made_for(ann_);
    EXPECT_EQ(world.types(before_), Types{"user.one_time_password_set"});
    EXPECT_TRUE(refused(try_log_in(kAnnsEmail, test::kPassword), refusals::kInvalidCredentials));
    EXPECT_TRUE(refused(run(refresh_session(services(), test::refresh_of(anns_), caller())), refusals::kInvalidGrant))
        << "their sessions have ended";
    EXPECT_TRUE(refused(try_log_in(kAnnsEmail, made), refusals::kPasswordChangeRequired));
    ASSERT_TRUE(succeeds(replace(kAnnsEmail, made)));
    EXPECT_TRUE(succeeds(try_log_in(kAnnsEmail, kChosen)));
    EXPECT_TRUE(refused(try_log_in(kAnnsEmail, made), refusals::kInvalidCredentials));
    EXPECT_TRUE(refused(replace(kAnnsEmail, kChosen, "another, of my own"), refusals::kInvalidCredentials))
        << "what is one's own is changed in a session";
}

TEST_F(OneTimePasswordTest, IsGoodForAWeek) {
    const std::string made = made_for(ann_);
    clock.advance(kOneTimePasswordLife - milliseconds(1));
    EXPECT_TRUE(refused(try_log_in(kAnnsEmail, made), refusals::kPasswordChangeRequired));
    clock.advance(milliseconds(1));
    EXPECT_TRUE(refused(try_log_in(kAnnsEmail, made), refusals::kOneTimePasswordExpired));
    EXPECT_TRUE(refused(replace(kAnnsEmail, made), refusals::kInvalidCredentials));
}

TEST_F(OneTimePasswordTest, IsReplacedByWhoeverKnowsItAlone) {
    const std::string made = made_for(ann_);
    EXPECT_TRUE(refused(replace(kAnnsEmail, "a guess of somebody"), refusals::kInvalidCredentials));
    EXPECT_TRUE(refused(replace("nobody@example.com", made), refusals::kInvalidCredentials));
    EXPECT_EQ(world.types(before_), (Types{"user.one_time_password_set", "login.failed"}));
    EXPECT_TRUE(refused(replace(kAnnsEmail, made, made), refusals::kSamePassword));
    services().settings.attempts.failures_in_a_row = 2;
    (void)replace(kAnnsEmail, "a guess of somebody");
    EXPECT_TRUE(refused(replace(kAnnsEmail, made), refusals::kInvalidCredentials)) << "locked out, as of log-in";
}

TEST_F(OneTimePasswordTest, OpensNothingForWhoeverIsDisabled) {
    const std::string made = made_for(ann_);
    ASSERT_TRUE(succeeds(run(disable_user(services(), bearer_of(roots_), ann_, "", caller_of(roots_)))));
    EXPECT_TRUE(refused(replace(kAnnsEmail, made), refusals::kUserDisabled));
}

TEST_F(OneTimePasswordTest, IsJudgedWhereItIsGiven) {
    EXPECT_TRUE(refused(set_for(ann_, Secret("short")), refusals::kPasswordTooShort));
    auto set = set_for(ann_, Secret("given over the telephone"));
    ASSERT_TRUE(succeeds(set));
    EXPECT_FALSE(set->made);
    EXPECT_EQ(set->expires_at, clock.now() + kOneTimePasswordLife);
    EXPECT_TRUE(succeeds(replace(kAnnsEmail, "given over the telephone")));
}

// Else somebody who may edit users would make themselves an administrator.
TEST_F(OneTimePasswordTest, TakesAuthorityOverAllThatTheUserHolds) {
    OneTimePassword password{bearer_of(anns_), std::nullopt};
    EXPECT_TRUE(refused(run(set_one_time_password(services(), roots_.user_id, std::move(password), caller_of(anns_))),
                        refusals::kForbidden));
    const RoleDefinition help_desk{"help-desk", {"keyledger.users:write"}, {}};
    const auto role = run(define_role(services(), bearer_of(roots_), help_desk, caller_of(roots_)));
    ASSERT_TRUE(succeeds(role));
    ASSERT_TRUE(
        succeeds(run(assign_role(services(), bearer_of(roots_), Subject::user(ann_), role->id, caller_of(roots_)))));
    OneTimePassword of_root{bearer_of(anns_), std::nullopt};
    EXPECT_TRUE(refused(run(set_one_time_password(services(), roots_.user_id, std::move(of_root), caller_of(anns_))),
                        refusals::kExceedsAuthority));
}

// Every administrator forgot theirs: whoever is at the machine lets one in.
TEST_F(OneTimePasswordTest, IsSetAtTheMachineForAnybody) {
    Caller system = caller();
    system.actor_type = eventstore::ActorType::kSystem;
    auto recovered = run(recover_user_as_operator(services(), roots_.user_id, system));
    ASSERT_TRUE(succeeds(recovered));
    ASSERT_TRUE(succeeds(replace("root@example.com", std::string(recovered->made.value().reveal()))));
    EXPECT_TRUE(succeeds(try_log_in("root@example.com", kChosen)));
    EXPECT_TRUE(
        refused(run(recover_user_as_operator(services(), UserId{test::uuid(77)}, system)), refusals::kUserUnknown));
}

// ---- users whom administrators make ----------------------------------------------------------------------------
TEST_F(OneTimePasswordTest, ComesWithAUserWhomAnAdministratorMakes) {
    auto created = create({"Bob@Example.com", "bob", "Bob", "de-at"}, caller_of(roots_));
    ASSERT_TRUE(succeeds(created));
    EXPECT_EQ(world.types(before_), (Types{"user.registered", "user.one_time_password_set", "user.locale_chosen"}));
    const std::string made(created->password.made.value().reveal());
    EXPECT_TRUE(refused(try_log_in("bob@example.com", made), refusals::kPasswordChangeRequired));
    ASSERT_TRUE(succeeds(replace("bob@example.com", made)));
    EXPECT_TRUE(succeeds(try_log_in("bob@example.com", kChosen)));
}

TEST_F(OneTimePasswordTest, ComesWithNoUserForWhoeverMayNot) {
    NewUser bob{"bob@example.com"};
    EXPECT_TRUE(refused(run(create_user(services(), bearer_of(anns_), std::move(bob), caller_of(anns_))),
                        refusals::kForbidden));
    EXPECT_TRUE(refused(create({"ANN@example.com"}, caller_of(roots_)), refusals::kEmailTaken));
    EXPECT_TRUE(refused(create({"no address"}, caller_of(roots_)), refusals::kInvalidEmail));
    EXPECT_TRUE(refused(create({"bob@example.com", std::nullopt, std::nullopt, "no tag"}, caller_of(roots_)),
                        refusals::kInvalidLocale));
    EXPECT_TRUE(refused(
        create({"bob@example.com", std::nullopt, std::nullopt, std::nullopt, Secret("short")}, caller_of(roots_)),
        refusals::kPasswordTooShort));
    EXPECT_TRUE(world.types(before_).empty());
}

TEST_F(OneTimePasswordTest, IsToldOnceOfAUserWhoIsMadeOnce) {
    Caller by = caller_of(roots_);
    by.idempotency = test::caller_with_key(7).idempotency;
    auto first = create({"bob@example.com"}, by);
    ASSERT_TRUE(succeeds(first));
    auto again = create({"bob@example.com"}, by);
    ASSERT_TRUE(succeeds(again));
    EXPECT_TRUE(again->password.repeated);
    EXPECT_EQ(again->user_id, first->user_id);
    EXPECT_FALSE(again->password.made);
    EXPECT_EQ(world.types(before_), (Types{"user.registered", "user.one_time_password_set"}));
}

}  // namespace
}  // namespace keyledger::commands
