#pragma once
// People who act at random, from a seed: histories that nobody thought of.
#include <array>
#include <random>

#include "commands/access/answers_at_head.hpp"
#include "commands/access/groups.hpp"
#include "commands/access/roles.hpp"
#include "commands/accounts/set_user_status.hpp"
#include "commands/accounts/update_profile.hpp"
#include "commands/applications/applications.hpp"
#include "commands/authorization/device_grant.hpp"
#include "commands/clients/service_accounts.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::test {

using commands::Bearer;
using commands::Caller;
using commands::Grant;
using commands::ProfileUpdate;
using commands::Services;
using commands::SessionsToKeep;

inline std::uint64_t seed_of(const testing::TestInfo& test) {
    const std::string name = std::string(test.test_suite_name()) + '.' + test.name();
    std::uint64_t seed = 0xCBF29CE484222325ULL;  // FNV-1a
    for (const char c : name) seed = (seed ^ static_cast<std::uint8_t>(c)) * 0x100000001B3ULL;
    return seed;
}

// A person with one device or more: what they were given, good or not.
struct Person {
    std::string email;
    UserId id;
    std::vector<Grant> grants;
};

// Any one of these may be refused; what counts is what stands in the log and in the memories afterwards.
class Chance {
public:
    Chance(std::uint64_t seed, Stage& stage, Node& one, Node& two) : random_(seed), stage_(stage), nodes_{&one, &two} {}
    void reseed(std::uint64_t seed) { random_.seed(seed); }

    void begin() {
        for (int i = 0; i < 3; ++i) {
            const std::string email = "person" + std::to_string(i) + "@example.com";
            people_.push_back({email, stage_.world.register_user(*nodes_[0], email), {}});
        }
        stage_.world.create_administrator(*nodes_[0], "root@example.com");
        root_ = stage_.world.log_in(*nodes_[0], "root@example.com");
        auto registered = run(commands::register_service_account(nodes_[0]->services, bearer_of(root_), {"billing", {}},
                                                                 caller_of(root_)));
        if (registered) account_ = registered->account_id;
        ApplicationDefinition application;
        application.name = "Orders";
        application.grant_types = {GrantType::kDeviceCode};
        (void)run(commands::register_application(nodes_[0]->services, bearer_of(root_), application, caller_of(root_)));
        commands::DeviceCode device;
        device.id = DeviceAuthorizationId{stage_.world.identifiers.next()};
        device.expires_at = stage_.clock.now() + commands::kDeviceCodeLasts;
        (void)run(commands::answer_device(nodes_[0]->services, bearer_of(root_), device,
                                          commands::DeviceVerdict::kRefuse, caller_of(root_)));
    }

    asio::awaitable<void> act() {
        Services& services = nodes_[one_of(2)]->services;
        Person& person = people_[one_of(people_.size())];
        stage_.clock.advance(milliseconds(one_of(8'000)));
        const std::size_t choices = person.grants.empty() ? 3 : 15;
        const std::size_t choice = one_of(choices);
        switch (choice) {
            case 0: {
                const auto password = one_of(2) == 0 ? kPassword : kOtherPassword;
                co_await log_in_as(services, person, password);
                break;
            }
            case 1: co_await log_in_as(services, person, "not the password"); break;
            case 2: co_await set_status(services, person); break;
            case 3: co_await log_out_of(services, person); break;
            case 4: co_await revoke_one(services, person); break;
            case 5: co_await revoke_all(services, person); break;
            case 6: co_await change_password_of(services, person); break;
            case 7: co_await rename(services, person); break;
            case 8: stage_.world.hasher.strength = 1 + static_cast<int>(one_of(3)); break;
            case 9: co_await assign_or_withdraw(services, person); break;
            case 10:
            case 11:
            case 12: co_await change_groups(services, person); break;
            default: co_await refresh(services, person); break;
        }
    }

private:
    std::size_t one_of(std::size_t count) { return static_cast<std::size_t>(random_() % count); }
    Grant& grant_of(Person& person) { return person.grants[one_of(person.grants.size())]; }
    Caller from(const Grant& grant) { return caller_of(grant, one_of(6) == 0 ? "phone" : "laptop"); }

    asio::awaitable<void> log_in_as(Services& services, Person& person, std::string password) {
        auto request = login(person.email, std::move(password));
        auto asks = caller();
        auto grant = co_await log_in(services, std::move(request), asks);
        if (grant) person.grants.push_back(*grant);
    }
    asio::awaitable<void> refresh(Services& services, Person& person) {
        auto request = refresh_of(grant_of(person));
        auto asks = from(grant_of(person));
        auto grant = co_await refresh_session(services, std::move(request), asks);
        if (grant) person.grants.push_back(*grant);
    }
    asio::awaitable<void> set_status(Services& services, Person& person) {
        const Bearer root = bearer_of(root_);
        auto asks = caller_of(root_);
        std::string reason = "chance";
        if (one_of(3) == 0) {
            (void)co_await disable_user(services, root, person.id, reason, asks);
        } else {
            (void)co_await enable_user(services, root, person.id, asks);
        }
    }
    asio::awaitable<void> log_out_of(Services& services, Person& person) {
        const Grant grant = grant_of(person);
        auto asks = from(grant);
        (void)co_await log_out(services, bearer_of(grant), asks);
    }
    asio::awaitable<void> revoke_one(Services& services, Person& person) {
        const Grant grant = grant_of(person);
        auto asks = from(grant);
        (void)co_await revoke_session(services, bearer_of(grant), grant_of(person).session_id, asks);
    }
    asio::awaitable<void> revoke_all(Services& services, Person& person) {
        const Grant grant = grant_of(person);
        auto asks = from(grant);
        const SessionsToKeep sessions_to_keep =
            one_of(2) == 0 ? SessionsToKeep::kCurrentSession : SessionsToKeep::kNoSession;
        (void)co_await revoke_all_sessions(services, bearer_of(grant), sessions_to_keep, asks);
    }
    asio::awaitable<void> change_password_of(Services& services, Person& person) {
        const Grant grant = grant_of(person);
        auto asks = from(grant);
        const bool forth = one_of(2) == 0;
        auto change =
            password_change(bearer_of(grant), forth ? kPassword : kOtherPassword, forth ? kOtherPassword : kPassword);
        (void)co_await change_password(services, std::move(change), asks);
    }
    asio::awaitable<void> rename(Services& services, Person& person) {
        const Grant grant = grant_of(person);
        auto asks = from(grant);
        ProfileUpdate update{bearer_of(grant), "name" + std::to_string(one_of(4)), std::nullopt};
        (void)co_await update_profile(services, std::move(update), asks);
    }

    // The administrator's, so that the set of them moves too.
    asio::awaitable<void> assign_or_withdraw(Services& services, Person& person) {
        const Bearer root = bearer_of(root_);
        auto asks = caller_of(root_);
        if (one_of(2) == 0) {
            (void)co_await assign_role(services, root, Subject::user(person.id), kAdministratorRole, asks);
        } else {
            (void)co_await withdraw_role(services, root, Subject::user(person.id), kAdministratorRole, asks);
        }
    }

    // Groups with roles of which some deny something, one above the other, and people and a service in them.
    asio::awaitable<void> change_groups(Services& services, Person& person) {
        const Bearer root = bearer_of(root_);
        auto asks = caller_of(root_);
        if (groups_.size() < 3) {
            std::string name = "group" + std::to_string(++names_);
            auto group = co_await define_group(services, root, std::move(name), asks);
            if (group) groups_.push_back(group->id);
            auto again = caller_of(root_);
            commands::RoleDefinition role = any_role();
            auto defined = co_await define_role(services, root, std::move(role), again);
            if (defined) roles_.push_back(defined->id);
        }
        if (groups_.empty() || roles_.empty()) co_return;
        const std::size_t which = one_of(groups_.size());
        const GroupId group = groups_[which];
        const RoleId role = roles_[one_of(roles_.size())];
        const Subject member = one_of(4) == 0 ? Subject::service_account(account_) : Subject::user(person.id);
        const commands::Nesting nesting{group, groups_[one_of(groups_.size())]};
        auto next = caller_of(root_);
        switch (one_of(12)) {
            case 0: (void)co_await assign_role(services, root, member, role, next); break;
            case 1: (void)co_await withdraw_role(services, root, member, role, next); break;
            case 2:
            case 3: (void)co_await add_member(services, root, member, group, next); break;
            case 4: (void)co_await remove_member(services, root, member, group, next); break;
            case 5: (void)co_await assign_role(services, root, Subject::group(group), role, next); break;
            case 9: (void)co_await assign_role(services, root, Subject::group(kEveryone), role, next); break;
            case 10: (void)co_await withdraw_role(services, root, Subject::group(kEveryone), role, next); break;
            case 6: (void)co_await nest_group(services, root, nesting, next); break;
            case 7: (void)co_await unnest_group(services, root, nesting, next); break;
            case 8: {
                commands::RoleDefinition definition = any_role();
                (void)co_await change_role(services, root, role, std::move(definition), next);
                break;
            }
            default:
                (void)co_await delete_group(services, root, group, next);
                groups_.erase(groups_.begin() + static_cast<std::ptrdiff_t>(which));
                break;
        }
    }
    commands::RoleDefinition any_role() {
        commands::RoleDefinition role{"role" + std::to_string(++names_), {"a:read", "b:*@own"}};
        if (one_of(3) == 0) role.deny.push_back("a:*");
        if (one_of(3) == 0) role.permissions.push_back("c/" + std::to_string(one_of(3)) + ":write");
        return role;
    }

    std::mt19937_64 random_;
    ServiceAccountId account_;
    std::vector<GroupId> groups_;
    std::vector<RoleId> roles_;
    int names_ = 0;
    Stage& stage_;
    std::array<Node*, 2> nodes_;
    std::vector<Person> people_;
    Grant root_;
};

}  // namespace keyledger::test
