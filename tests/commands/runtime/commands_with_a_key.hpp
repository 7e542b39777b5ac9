#pragma once
// The commands that take an Idempotency-Key, each as Ann gives it, and the scene in which she does
// (repeated_commands_test.cpp).
#include <functional>
#include "api/openapi/document.hpp"
#include "commands/access/groups.hpp"
#include "commands/access/step_up.hpp"
#include "commands/account_services.hpp"
#include "commands/accounts/create_user.hpp"
#include "commands/accounts/erase_user.hpp"
#include "commands/accounts/invite_user.hpp"
#include "commands/accounts/set_user_status.hpp"
#include "commands/accounts/update_profile.hpp"
#include "commands/applications/applications.hpp"
#include "commands/clients/service_accounts.hpp"
#include "commands/credentials/unlock_user.hpp"
#include "commands/devices/devices.hpp"
#include "commands/factors/change_factors.hpp"
#include "commands/factors/reset_second_factor.hpp"
#include "commands/providers/identities.hpp"
#include "commands/sessions/clean_up_sessions.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "tests/commands/devices/plain_devices.hpp"
#include "tests/commands/runtime/fixture.hpp"
#include "tests/support/http/openapi.hpp"

namespace keyledger::commands {

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
inline Given done(const Result<T, CommandError>& answer) {
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
        shop = granted(run(register_application(services(), root(), definition("Shop"), by_root()))).application_id;
    }
    static ApplicationDefinition definition(std::string name) {
        ApplicationDefinition definition;
        definition.name = std::move(name);
        definition.grant_types = {GrantType::kDeviceCode};
        return definition;
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
    UserId invited;  // by what went before the command
    RoleId powers, tasks, viewer, payroll, frozen;
    GroupId outer, inner, staff, desk;
    ServiceAccountId billing;
    ApplicationId shop;
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

inline void link_with_a_provider(Scene& s) {
    s.made = LinkedIdentityId{s.world.identifiers.next()};
    Streams streams;
    const auto user = streams.read<User>(s.ann);
    const Step link = [&](Attempt& attempt) -> StepResult {
        const LinkedIdentityId id{s.made};
        const LinkIdentity command{id, "google", "https://there.example", "1", std::nullopt, LinkedBy::kUser};
        co_return attempt.decide_and_append(user, command);
    };
    if (!run(s.node.executor.run(test::caller(), streams, link))) throw std::runtime_error("nothing was linked");
}
inline void log_in_with_a_device(Scene& scene) {
    static test::PlainDeviceIds ids;
    scene.world.accounts.device_ids = &ids;
    scene.world.log_in(scene.node, "ann@example.com");
    scene.made = granted(run(devices_of_user(scene.services(), scene.ann, Deadline::max()))).front().device_id;
}

inline Subject about_bob(const Scene& scene) { return Subject::user(scene.bob); }
inline Subject about_staff(const Scene& scene) { return Subject::group(scene.staff); }
inline Subject about_billing(const Scene& scene) { return Subject::service_account(scene.billing); }

// An authenticator app of theirs, which is on.
inline void enrol_app(Scene& scene, const Grant& grant) {
    Enrolment enrolment{bearer_of(grant), {Secret(std::string(test::kPassword)), std::nullopt}, "phone"};
    auto begun = granted(run(begin_factor_enrolment(scene.services(), std::move(enrolment), caller_of(grant))));
    Secret code(test::code_at(begun.secret.base32.reveal(), scene.clock.now()));
    granted(run(confirm_factor_enrolment(scene.services(), bearer_of(grant), std::move(code), caller_of(grant))));
}

// Tables, laid out by hand.
// clang-format off
inline std::vector<Command> own_commands() {
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
        {"unlinkMyIdentity", Of::kOwn, [](Scene& s, Bearer b, Caller c) {
             return run(unlink_identity(s.services(), b, LinkedIdentityId{s.made}, c)); }, link_with_a_provider},
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

inline std::vector<Command> commands_upon_users() {
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
        {"inviteUser", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return run(invite_user(s.services(), b, s.invited, c)); },
         [](Scene& s) {
             NewUser carl{"carl@example.com"};
             carl.is_invited = true;
             s.invited = granted(run(create_user(s.services(), s.root(), std::move(carl), s.by_root()))).user_id;
             s.assign(Subject::user(s.invited), s.viewer);
         },
         [](const Scene& s) { return Subject::user(s.invited); }},
        {"sendVerification", Of::kTodos,
         [](Scene& s, Bearer b, Caller c) { return run(send_verification(s.services(), b, s.bob, c)); }, {},
         about_bob},
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

inline Given assign_viewer(Scene& s, const Bearer& b, const Caller& c, const Subject& subject) {
    return run(assign_role(s.services(), b, subject, s.viewer, c));
}
inline Given withdraw_viewer(Scene& s, const Bearer& b, const Caller& c, const Subject& subject) {
    return run(withdraw_role(s.services(), b, subject, s.viewer, c));
}
inline void without_viewer(Scene& s, const Subject& subject) {
    granted(run(withdraw_role(s.services(), s.root(), subject, s.viewer, s.by_root())));
}

inline std::vector<Command> commands_upon_roles() {
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

inline std::vector<Command> commands_upon_groups() {
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

inline std::vector<Command> commands_upon_accounts() {
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

inline std::vector<Command> commands_upon_applications() {
    const auto with_secret = [](Scene& s) {
        s.made = granted(run(add_application_secret(s.services(), s.root(), s.shop, s.by_root()))).secret_id;
    };
    const auto with_key = [](Scene& s) {
        granted(run(add_application_key(s.services(), s.root(), s.shop, "key-1", s.by_root())));
    };
    return {
        {"registerApplication", Of::kAuthority,
         [](Scene& s, Bearer b, Caller c) {
             return done(run(register_application(s.services(), b, Scene::definition("Till"), c)));
         }},
        {"changeApplication", Of::kAuthority,
         [](Scene& s, Bearer b, Caller c) {
             return run(change_application(s.services(), b, s.shop, Scene::definition("Store"),
                                           ApplicationStatus::kEnabled, c));
         }},
        {"deleteApplication", Of::kAuthority,
         [](Scene& s, Bearer b, Caller c) { return run(delete_application(s.services(), b, s.shop, c)); }},
        {"addApplicationSecret", Of::kAuthority,
         [](Scene& s, Bearer b, Caller c) { return done(run(add_application_secret(s.services(), b, s.shop, c))); }},
        {"removeApplicationSecret", Of::kAuthority,
         [](Scene& s, Bearer b, Caller c) {
             return run(remove_application_secret(s.services(), b, s.shop, s.made, c));
         }, with_secret},
        {"addApplicationKey", Of::kAuthority,
         [](Scene& s, Bearer b, Caller c) {
             return done(run(add_application_key(s.services(), b, s.shop, "key-1", c)));
         }},
        {"removeApplicationKey", Of::kAuthority,
         [](Scene& s, Bearer b, Caller c) { return run(remove_application_key(s.services(), b, s.shop, "key-1", c)); },
         with_key},
    };
}

inline std::vector<Command> all_commands() {
    std::vector<Command> all = own_commands();
    for (const auto& more :
         {commands_upon_users(), commands_upon_roles(), commands_upon_groups(), commands_upon_accounts(),
          commands_upon_applications()})
        all.insert(all.end(), more.begin(), more.end());
    return all;
}
// clang-format on

}  // namespace keyledger::commands
