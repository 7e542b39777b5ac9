// Every command that takes an Idempotency-Key, repeated after each way of losing the authority for it (I5): whoever may
// no longer give it is refused as with a new key, and whoever still may is told the first outcome.
//
// Scenario of each test: Ann gives a command on one node. Something happens on another node. Ann sends the same request
// again, to the first node, whose memory is of before; and then the same under a new key.
#include <functional>

#include "api/openapi/document.hpp"
#include "commands/access/groups.hpp"
#include "commands/access/step_up.hpp"
#include "commands/account_services.hpp"
#include "commands/accounts/create_user.hpp"
#include "commands/accounts/erase_user.hpp"
#include "commands/accounts/set_user_status.hpp"
#include "commands/accounts/update_profile.hpp"
#include "commands/clients/service_accounts.hpp"
#include "commands/credentials/unlock_user.hpp"
#include "commands/devices/devices.hpp"
#include "commands/factors/change_factors.hpp"
#include "commands/factors/reset_second_factor.hpp"
#include "commands/sessions/clean_up_sessions.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "tests/commands/devices/plain_devices.hpp"
#include "tests/commands/runtime/fixture.hpp"
#include "tests/support/http/openapi.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller_of;
using test::run;
using Given = Result<Receipt, CommandError>;
using Texts = std::vector<std::string>;

template <class T>
T granted(Result<T, CommandError> answer) {
    EXPECT_TRUE(test::succeeds(answer));
    if (!answer) throw std::runtime_error("the scene could not be set");
    return std::move(*answer);
}
template <class T>
Given done(const Result<T, CommandError>& answer) {
    if (!answer) return Unexpected(answer.error());
    return Receipt{answer->position, answer->repeated};
}

// Root is the administrator. Ann may administer by a group above the one that she is in, and holds todos:* herself.
// Bob, the group `staff` and the account `billing` hold todos:read. Nobody but Root has anything of payroll.
struct Scene : test::Stage {
    Scene() {
        node.services.settings.erasure_grace = test::kDay;
        world.create_administrator(node, "root@example.com");
        roots = world.log_in(node, "root@example.com");
        ann = world.register_user(node, "ann@example.com", "ann");
        bob = world.register_user(node, "bob@example.com", "bob");
        anns = world.log_in(node, "ann@example.com");
        anns_tablet = world.log_in(node, "ann@example.com");
        bobs = world.log_in(node, "bob@example.com");
        powers = role("powers", {"keyledger.users:write", "keyledger.roles:write", "keyledger.groups:write",
                                 "keyledger.clients:write"});
        tasks = role("tasks", {"todos:*"});
        viewer = role("viewer", {"todos:read"});
        payroll = role("payroll", {"payroll:read"});
        frozen = role("frozen", {}, {"todos:*"});
        outer = group("outer");
        inner = group("inner");
        staff = group("staff");
        desk = group("desk");
        assign(Subject::group(outer), powers);
        granted(run(nest_group(services(), root(), {outer, inner}, by_root())));
        granted(run(add_member(services(), root(), Subject::user(ann), inner, by_root())));
        assign(Subject::user(ann), tasks);
        assign(Subject::group(staff), viewer);
        assign(Subject::user(bob), viewer);
        billing = granted(run(register_service_account(services(), root(), {"billing", {}}, by_root()))).account_id;
        assign(Subject::service_account(billing), viewer);
    }
    Services& services() { return node.services; }
    Services& elsewhere() { return other.services; }
    Bearer root() const { return bearer_of(roots); }
    Caller by_root() const { return caller_of(roots); }
    RoleId role(std::string name, Texts allow, Texts deny = {}) {
        RoleDefinition definition{std::move(name), std::move(allow), std::move(deny)};
        return granted(run(define_role(services(), root(), std::move(definition), by_root()))).id;
    }
    GroupId group(std::string name) {
        return granted(run(define_group(services(), root(), std::move(name), by_root()))).id;
    }
    void assign(const Subject& subject, const RoleId& role_id) {
        granted(run(assign_role(elsewhere(), root(), subject, role_id, by_root())));
    }

    UserId ann, bob;
    RoleId powers, tasks, viewer, payroll, frozen;
    GroupId outer, inner, staff, desk;
    ServiceAccountId billing;
    Grant roots, anns, anns_tablet, bobs;
    test::TestId made;  // by what went before the command
};

// ---- the commands ------------------------------------------------------------------------------------------------
enum class Of {
    kOwn,        // needs a session
    kOwnAndEnd,  // and ends it
    kAuthority,  // needs a permission
    kTodos,      // and that Ann holds what there is of todos
};
struct Command {
    const char* operation;  // as openapi.json has it
    Of of;
    std::function<Given(Scene&, Bearer, Caller)> give;
    std::function<void(Scene&)> before = {};          // by Root, or Ann's own
    std::function<Subject(const Scene&)> about = {};  // whom it is about
};

void log_in_with_a_device(Scene& scene) {
    static test::PlainDeviceIds ids;
    scene.world.accounts.device_ids = &ids;
    scene.world.log_in(scene.node, "ann@example.com");
    scene.made = granted(run(devices_of_user(scene.services(), scene.ann, Deadline::max()))).front().device_id;
}

Subject about_bob(const Scene& scene) { return Subject::user(scene.bob); }
Subject about_staff(const Scene& scene) { return Subject::group(scene.staff); }
Subject about_billing(const Scene& scene) { return Subject::service_account(scene.billing); }

// An authenticator app of theirs, which is on.
void enrol_app(Scene& scene, const Grant& grant) {
    Enrolment enrolment{bearer_of(grant), {Secret(std::string(test::kPassword)), std::nullopt}, "phone"};
    auto begun = granted(run(begin_factor_enrolment(scene.services(), std::move(enrolment), caller_of(grant))));
    Secret code(test::code_at(begun.secret.base32.reveal(), scene.clock.now()));
    granted(run(confirm_factor_enrolment(scene.services(), bearer_of(grant), std::move(code), caller_of(grant))));
}

// Tables, laid out by hand.
// clang-format off
std::vector<Command> own_commands() {
    return {
        {"logOut", Of::kOwnAndEnd,
         [](Scene& s, Bearer b, Caller c) { return run(log_out(s.services(), b, c)); }},
        {"changePassword", Of::kOwn,
         [](Scene& s, Bearer b, Caller c) { return run(change_password(s.services(), test::password_change(b), c)); }},
        {"updateMe", Of::kOwn,
         [](Scene& s, Bearer b, Caller c) {
             return run(update_profile(s.services(), {b, std::string("ann2"), std::nullopt}, c));
         }},
        {"eraseMe", Of::kOwnAndEnd,
         [](Scene& s, Bearer b, Caller c) {
             ErasureRequest request{b, Secret(std::string(test::kPassword))};
             return done(run(request_own_erasure(s.services(), std::move(request), c)));
         }},
        {"withdrawMyErasure", Of::kOwn,
         [](Scene& s, Bearer b, Caller c) { return run(withdraw_own_erasure(s.services(), b, c)); },
         [](Scene& s) {
             ErasureRequest request{bearer_of(s.anns), Secret(std::string(test::kPassword))};
             granted(run(request_own_erasure(s.services(), std::move(request), caller_of(s.anns))));
             s.anns = s.world.log_in(s.node, "ann@example.com");
         }},
        {"nameMyDevice", Of::kOwn, [](Scene& s, Bearer b, Caller c) {
             return run(name_device(s.services(), b, DeviceId{s.made}, "laptop", c)); }, log_in_with_a_device},
        {"forgetMyDevice", Of::kOwn, [](Scene& s, Bearer b, Caller c) {
             return run(forget_device(s.services(), b, DeviceId{s.made}, c)); }, log_in_with_a_device},
        {"endMySessions", Of::kOwn,
         [](Scene& s, Bearer b, Caller c) {
             return run(revoke_all_sessions(s.services(), b, SessionsToKeep::kCurrentSession, c));
         }},
        {"endMySession", Of::kOwn,
         [](Scene& s, Bearer b, Caller c) {
             return run(revoke_session(s.services(), b, s.anns_tablet.session_id, c));
         }},
    };
}

std::vector<Command> commands_upon_users() {
    return {
        {"eraseUser", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return done(run(request_erasure(s.services(), b, s.bob, c))); }, {},
         about_bob},
        {"withdrawUserErasure", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return run(withdraw_erasure(s.services(), b, s.bob, c)); },
         [](Scene& s) { granted(run(request_erasure(s.services(), s.root(), s.bob, s.by_root()))); }, about_bob},
        {"activateUser", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return run(enable_user(s.services(), b, s.bob, c)); },
         [](Scene& s) { granted(run(disable_user(s.services(), s.root(), s.bob, "left", s.by_root()))); },
         about_bob},
        {"deactivateUser", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return run(disable_user(s.services(), b, s.bob, "left", c)); }, {},
         about_bob},
        {"updateUser", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) {
             return run(update_user(s.services(), s.bob, {b, std::string("bob2"), std::nullopt}, c));
         }, {}, about_bob},
        {"createUser", Of::kAuthority,
         [](Scene& s, Bearer b, Caller c) {
             auto created = run(create_user(s.services(), b, {"carl@example.com"}, c));
             if (!created) return Given(Unexpected(created.error()));
             return Given(Receipt{created->password.position, created->password.repeated});
         }},
        {"setOneTimePassword", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) {
             return done(run(set_one_time_password(s.services(), s.bob, {b, std::nullopt}, c)));
         }, {}, about_bob},
        {"unlockUser", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return run(unlock_user(s.services(), b, s.bob, c)); },
         [](Scene& s) { (void)run(log_in(s.services(), test::login("bob@example.com", "wrong"), test::caller())); },
         about_bob},
        {"resetSecondFactor", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return run(reset_second_factor(s.services(), b, s.bob, c)); },
         [](Scene& s) { enrol_app(s, s.bobs); }, about_bob},
        {"endUserSessions", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return run(revoke_sessions_of(s.services(), b, s.bob, c)); }, {},
         about_bob},
        {"cleanUpSessions", Of::kAuthority,
         [](Scene& s, Bearer b, Caller c) { return run(clean_up_sessions(s.services(), b, c)); }},
    };
}

Given assign_viewer(Scene& s, const Bearer& b, const Caller& c, const Subject& subject) {
    return run(assign_role(s.services(), b, subject, s.viewer, c));
}
Given withdraw_viewer(Scene& s, const Bearer& b, const Caller& c, const Subject& subject) {
    return run(withdraw_role(s.services(), b, subject, s.viewer, c));
}
void without_viewer(Scene& s, const Subject& subject) {
    granted(run(withdraw_role(s.services(), s.root(), subject, s.viewer, s.by_root())));
}

std::vector<Command> commands_upon_roles() {
    return {
        {"assignRole", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return assign_viewer(s, b, c, about_bob(s)); },
         [](Scene& s) { without_viewer(s, about_bob(s)); }, about_bob},
        {"withdrawRole", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return withdraw_viewer(s, b, c, about_bob(s)); }, {}, about_bob},
        {"assignGroupRole", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return assign_viewer(s, b, c, about_staff(s)); },
         [](Scene& s) { without_viewer(s, about_staff(s)); }, about_staff},
        {"withdrawGroupRole", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return withdraw_viewer(s, b, c, about_staff(s)); }, {}, about_staff},
        {"assignServiceAccountRole", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return assign_viewer(s, b, c, about_billing(s)); },
         [](Scene& s) { without_viewer(s, about_billing(s)); }, about_billing},
        {"withdrawServiceAccountRole", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return withdraw_viewer(s, b, c, about_billing(s)); }, {}, about_billing},
        {"defineRole", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) {
             return done(run(define_role(s.services(), b, {"reader", {"todos:read"}}, c)));
         }},
        {"changeRole", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) {
             return run(change_role(s.services(), b, s.viewer, {"viewer", {"todos:list"}}, c));
         }},
        {"deleteRole", Of::kAuthority,
         [](Scene& s, Bearer b, Caller c) { return run(delete_role(s.services(), b, s.viewer, c)); }},
    };
}

std::vector<Command> commands_upon_groups() {
    const auto bob_in_staff = [](Scene& s) {
        granted(run(add_member(s.services(), s.root(), about_bob(s), s.staff, s.by_root())));
    };
    const auto billing_in_staff = [](Scene& s) {
        granted(run(add_member(s.services(), s.root(), about_billing(s), s.staff, s.by_root())));
    };
    const auto desk_under_staff = [](Scene& s) {
        granted(run(nest_group(s.services(), s.root(), {s.staff, s.desk}, s.by_root())));
    };
    return {
        {"defineGroup", Of::kAuthority,
         [](Scene& s, Bearer b, Caller c) { return done(run(define_group(s.services(), b, "new", c))); }},
        {"renameGroup", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return run(rename_group(s.services(), b, s.staff, "people", c)); }, {},
         about_staff},
        {"deleteGroup", Of::kAuthority,
         [](Scene& s, Bearer b, Caller c) { return run(delete_group(s.services(), b, s.staff, c)); }},
        {"addGroupMember", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return run(add_member(s.services(), b, about_bob(s), s.staff, c)); }, {},
         about_bob},
        {"removeGroupMember", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return run(remove_member(s.services(), b, about_bob(s), s.staff, c)); },
         bob_in_staff, about_bob},
        {"addGroupServiceAccount", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return run(add_member(s.services(), b, about_billing(s), s.staff, c)); },
         {}, about_billing},
        {"removeGroupServiceAccount", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) {
             return run(remove_member(s.services(), b, about_billing(s), s.staff, c));
         }, billing_in_staff, about_billing},
        {"nestGroup", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return run(nest_group(s.services(), b, {s.staff, s.desk}, c)); }, {},
         about_staff},
        {"unnestGroup", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return run(unnest_group(s.services(), b, {s.staff, s.desk}, c)); },
         desk_under_staff, about_staff},
    };
}

std::vector<Command> commands_upon_accounts() {
    const auto with_secret = [](Scene& s) {
        s.made = granted(run(add_account_secret(s.services(), s.root(), s.billing, s.by_root()))).secret_id;
    };
    const auto with_key = [](Scene& s) {
        granted(run(add_account_key(s.services(), s.root(), s.billing, "key-1", s.by_root())));
    };
    return {
        {"registerServiceAccount", Of::kAuthority,
         [](Scene& s, Bearer b, Caller c) {
             return done(run(register_service_account(s.services(), b, {"mailer", {}}, c)));
         }},
        {"changeServiceAccount", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) {
             AccountDefinition renamed{"bills", {}};
             return run(change_service_account(s.services(), b, s.billing, std::move(renamed),
                                               AccountStatus::kEnabled, c));
         }, {}, about_billing},
        {"deleteServiceAccount", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return run(delete_service_account(s.services(), b, s.billing, c)); }},
        {"addServiceAccountSecret", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return done(run(add_account_secret(s.services(), b, s.billing, c))); },
         {}, about_billing},
        {"removeServiceAccountSecret", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) {
             return run(remove_account_secret(s.services(), b, s.billing, s.made, c));
         }, with_secret, about_billing},
        {"addServiceAccountKey", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) {
             return done(run(add_account_key(s.services(), b, s.billing, "key-1", c)));
         }, {}, about_billing},
        {"removeServiceAccountKey", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) {
             return run(remove_account_key(s.services(), b, s.billing, "key-1", c));
         }, with_key, about_billing},
    };
}

std::vector<Command> all_commands() {
    std::vector<Command> all = own_commands();
    for (const auto& more :
         {commands_upon_users(), commands_upon_roles(), commands_upon_groups(), commands_upon_accounts()})
        all.insert(all.end(), more.begin(), more.end());
    return all;
}
// clang-format on

// ---- what Ann may lose ---------------------------------------------------------------------------------------------
enum class Bites { kEverybody, kAuthority, kTodos, kTarget };
struct Loss {
    const char* what;
    Bites whom;
    std::function<void(Scene&, const Command&)> happen;
};

void change_password_elsewhere(Scene& s, const Command& command) {
    const bool changed = command.operation == std::string("changePassword");
    const std::string password = changed ? test::kOtherPassword : test::kPassword;
    const Grant fresh = s.world.log_in(s.node, "ann@example.com", password);
    auto change = test::password_change(bearer_of(fresh), password, "a third horse, stapled");
    granted(run(change_password(s.elsewhere(), std::move(change), caller_of(fresh))));
}

std::vector<Loss> losses_of_a_session() {
    return {
        {"disabled", Bites::kEverybody,
         [](Scene& s, const Command&) {
             granted(run(disable_user(s.elsewhere(), s.root(), s.ann, "left", s.by_root())));
         }},
        {"to be erased", Bites::kEverybody,
         [](Scene& s, const Command&) {
             granted(run(request_erasure(s.node.services, s.root(), s.ann, s.by_root())));
         }},
        {"erased", Bites::kEverybody,
         [](Scene& s, const Command&) { granted(run(repeat_erasure(s.elsewhere(), s.ann, test::caller()))); }},
        {"logged out", Bites::kEverybody,
         [](Scene& s, const Command&) { granted(run(log_out(s.elsewhere(), bearer_of(s.anns), caller_of(s.anns)))); }},
        {"session revoked by its client", Bites::kEverybody,
         [](Scene& s, const Command&) {
             granted(run(revoke_token(s.elsewhere(), s.anns.session_id, test::first_party(), test::caller())));
         }},
        {"all sessions ended", Bites::kEverybody,
         [](Scene& s, const Command&) {
             granted(run(revoke_sessions_of(s.elsewhere(), s.root(), s.ann, s.by_root())));
         }},
        {"password changed elsewhere", Bites::kEverybody, change_password_elsewhere},
        {"session expired", Bites::kEverybody,
         [](Scene& s, const Command&) {
             s.clock.advance(s.node.services.settings.lifetimes.absolute + milliseconds(1));
             s.roots = s.world.log_in(s.node, "root@example.com");
         }},
        {"session of somebody else", Bites::kEverybody,
         [](Scene& s, const Command&) { s.anns.session_id = s.bobs.session_id; }},
    };
}

std::vector<Loss> losses_of_authority() {
    return {
        {"role withdrawn from the group", Bites::kAuthority,
         [](Scene& s, const Command&) {
             granted(run(withdraw_role(s.elsewhere(), s.root(), Subject::group(s.outer), s.powers, s.by_root())));
         }},
        {"role deleted", Bites::kAuthority,
         [](Scene& s, const Command&) { granted(run(delete_role(s.elsewhere(), s.root(), s.powers, s.by_root()))); }},
        {"role changed", Bites::kAuthority,
         [](Scene& s, const Command&) {
             RoleDefinition less{"powers", {"keyledger.users:read"}};
             granted(run(change_role(s.elsewhere(), s.root(), s.powers, std::move(less), s.by_root())));
         }},
        {"member of the group no more", Bites::kAuthority,
         [](Scene& s, const Command&) {
             granted(run(remove_member(s.elsewhere(), s.root(), Subject::user(s.ann), s.inner, s.by_root())));
         }},
        {"group deleted", Bites::kAuthority,
         [](Scene& s, const Command&) { granted(run(delete_group(s.elsewhere(), s.root(), s.outer, s.by_root()))); }},
        {"group taken from under the other", Bites::kAuthority,
         [](Scene& s, const Command&) {
             granted(run(unnest_group(s.elsewhere(), s.root(), {s.outer, s.inner}, s.by_root())));
         }},
        {"authenticated too long ago", Bites::kAuthority,
         [](Scene& s, const Command&) {
             s.clock.advance(s.world.accounts.step_up_window + milliseconds(1));
             s.roots = s.world.log_in(s.node, "root@example.com");
         }},
        {"permission withdrawn that the command moves", Bites::kTodos,
         [](Scene& s, const Command&) {
             granted(run(withdraw_role(s.elsewhere(), s.root(), Subject::user(s.ann), s.tasks, s.by_root())));
         }},
        {"denial laid on her", Bites::kTodos,
         [](Scene& s, const Command&) { s.assign(Subject::user(s.ann), s.frozen); }},
        {"target has got what she lacks", Bites::kTarget,
         [](Scene& s, const Command& command) {
             if (command.about) s.assign(command.about(s), s.payroll);
         }},
    };
}

bool bites(const Loss& loss, const Command& command) {
    switch (loss.whom) {
        case Bites::kEverybody: return true;
        case Bites::kAuthority: return command.of == Of::kAuthority || command.of == Of::kTodos;
        case Bites::kTodos: return command.of == Of::kTodos;
        case Bites::kTarget: return static_cast<bool>(command.about);
    }
    return false;
}

// ---- the tests -----------------------------------------------------------------------------------------------------
Caller under_key(const Grant& who, std::uint8_t key) {
    Caller caller = caller_of(who);
    caller.idempotency = test::caller_with_key(key).idempotency;
    return caller;
}

bool is_about_authority(RefusalRef refusal) {
    return refusal == refusals::kInvalidToken || refusal == refusals::kForbidden ||
           refusal == refusals::kExceedsAuthority || refusal == refusals::kPasswordNotRecent;
}

class RepeatedCommand : public testing::TestWithParam<Command> {};

// The first time.
Receipt first_outcome(Scene& scene, const Command& command) {
    if (command.before) command.before(scene);
    const Receipt first = granted(command.give(scene, bearer_of(scene.anns), under_key(scene.anns, 1)));
    EXPECT_GT(first.position, 0) << "it must change something, or there is nothing to repeat";
    EXPECT_FALSE(first.repeated);
    return first;
}

TEST_P(RepeatedCommand, IsAnsweredWithTheFirstOutcomeWhereAuthorityIsIntact) {
    const Command& command = GetParam();
    Scene scene;
    const Receipt first = first_outcome(scene, command);
    const Position head = scene.world.head();
    const int hashes = scene.world.hasher.hashed + scene.world.hasher.verified;
    const Given again = command.give(scene, bearer_of(scene.anns), under_key(scene.anns, 1));
    if (command.of == Of::kOwnAndEnd) {
        EXPECT_TRUE(test::refused(again, refusals::kInvalidToken)) << "it ended the session that asks";
    } else {
        ASSERT_TRUE(test::succeeds(again));
        EXPECT_EQ(again->position, first.position);
        EXPECT_TRUE(again->repeated);
    }
    EXPECT_EQ(scene.world.head(), head) << "nothing is written";
    EXPECT_EQ(scene.world.hasher.hashed + scene.world.hasher.verified, hashes) << "and no password is hashed";
    if (command.of == Of::kOwnAndEnd) return;
    Caller other_request = under_key(scene.anns, 1);
    other_request.idempotency->fingerprint.fill(9);
    EXPECT_TRUE(
        test::refused(command.give(scene, bearer_of(scene.anns), other_request), refusals::kIdempotencyMismatch));
}

TEST_P(RepeatedCommand, IsRefusedAsANewOneAfterEachLossOfAuthority) {
    const Command& command = GetParam();
    std::vector<Loss> losses = losses_of_a_session();
    if (command.of == Of::kOwnAndEnd) losses.clear();  // it loses its session by itself
    const auto of_authority = losses_of_authority();
    if (command.of == Of::kAuthority || command.of == Of::kTodos)
        losses.insert(losses.end(), of_authority.begin(), of_authority.end());
    for (const Loss& loss : losses) {
        SCOPED_TRACE(loss.what);
        Scene scene;
        const Receipt first = first_outcome(scene, command);
        loss.happen(scene, command);
        const Position head = scene.world.head();
        const Given again = command.give(scene, bearer_of(scene.anns), under_key(scene.anns, 1));
        EXPECT_EQ(scene.world.head(), head) << "nothing is written";
        const Given anew = command.give(scene, bearer_of(scene.anns), under_key(scene.anns, 2));
        const bool lost = !anew && is_about_authority(anew.error().refusal);
        EXPECT_TRUE(lost || !bites(loss, command)) << "the loss must be one";
        if (lost) {
            EXPECT_TRUE(test::refused(again, anew.error().refusal));
        } else {
            ASSERT_TRUE(test::succeeds(again));
            EXPECT_EQ(again->position, first.position);
            EXPECT_TRUE(again->repeated);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Every, RepeatedCommand, testing::ValuesIn(all_commands()),
                         [](const auto& info) { return std::string(info.param.operation); });

TEST(RepeatedCommands, AreAllThatTakeAKey) {
    const test::OpenApi document(api::openapi_document());
    std::set<std::string> tested{"createUsers"};  // is createUser, once a line
    for (const Command& command : all_commands()) tested.insert(command.operation);
    for (const std::string& operation : document.repeatable())
        EXPECT_TRUE(tested.contains(operation)) << operation << " takes an Idempotency-Key: give it a row above";
    for (const std::string& operation : tested)
        EXPECT_TRUE(document.repeatable().contains(operation)) << operation << " takes none: remove its row";
}

}  // namespace
}  // namespace keyledger::commands
