// A service's log-in against what ends it: something else happens between two steps of it.
#include <algorithm>

#include "commands/access/groups.hpp"
#include "commands/clients/service_accounts.hpp"
#include "commands/clients/service_tokens.hpp"
#include "domain/access/subject_access.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller;
using test::caller_of;
using test::run;

// The token then either begins before it, and is over with it,
// or the log-in is refused. Never is there a token that holds what was taken away.
class Interleaved {
public:
    Interleaved(test::Stage& stage, ServiceTokenRecords records)
        : stage_(stage), world_(stage.world), records_(records) {
        world_.create_administrator(stage.node, "root@example.com");
        root_ = world_.log_in(stage.node, "root@example.com");
        const AccountDefinition definition{"billing", {}};
        id_ = run(register_service_account(services(), bearer_of(root_), definition, caller_of(root_)))->account_id;
        auto made = run(add_account_secret(services(), bearer_of(root_), id_, caller_of(root_)));
        secret_ = std::move(*made->secret);
        secret_id_ = made->secret_id;
        role_ = run(define_role(services(), bearer_of(root_), {"clerk", {"orders:read"}}, caller_of(root_)))->id;
        const Subject subject = Subject::service_account(id_);
        EXPECT_TRUE(test::succeeds(run(assign_role(services(), bearer_of(root_), subject, role_, caller_of(root_)))));
        inner_ = group("inner");
        outer_ = group("outer");
        denying_ = group("denying");
        const RoleDefinition frozen{"frozen", {}, {"orders:*", "desk:*"}};
        const RoleId denies = run(define_role(services(), bearer_of(root_), frozen, caller_of(root_)))->id;
        give(Subject::group(denying_), denies);
    }
    // It has what the log-in gets by a group above its own instead.
    void hold_by_groups() {
        run(withdraw());
        give(Subject::group(outer_), role_);
        const Nesting nesting{outer_, inner_};
        EXPECT_TRUE(test::succeeds(run(nest_group(services(), bearer_of(root_), nesting, caller_of(root_)))));
        const Subject account = Subject::service_account(id_);
        EXPECT_TRUE(test::succeeds(run(add_member(services(), bearer_of(root_), account, inner_, caller_of(root_)))));
    }
    Services& services() { return stage_.other.services; }
    Result<ServiceGrant, CommandError> log_in() {
        ServiceLogIn request{proof_of_secret(id_, secret_), {}, {}, records_};
        return run(log_in_service(stage_.node.services, std::move(request), caller()));
    }
    asio::awaitable<void> disable() {
        const AccountDefinition same{"billing", {}};
        auto done = co_await change_service_account(services(), bearer_of(root_), id_, same, AccountStatus::kDisabled,
                                                    caller_of(root_));
        EXPECT_TRUE(test::succeeds(done));
    }
    asio::awaitable<void> remove_secret() {
        auto done = co_await remove_account_secret(services(), bearer_of(root_), id_, secret_id_, caller_of(root_));
        EXPECT_TRUE(test::succeeds(done));
    }
    asio::awaitable<void> delete_account() {
        auto done = co_await delete_service_account(services(), bearer_of(root_), id_, caller_of(root_));
        EXPECT_TRUE(test::succeeds(done));
    }
    asio::awaitable<void> withdraw() {
        const Subject subject = Subject::service_account(id_);
        auto done = co_await withdraw_role(services(), bearer_of(root_), subject, role_, caller_of(root_));
        EXPECT_TRUE(test::succeeds(done));
    }
    asio::awaitable<void> leave() {
        const Subject account = Subject::service_account(id_);
        auto done = co_await remove_member(services(), bearer_of(root_), account, inner_, caller_of(root_));
        EXPECT_TRUE(test::succeeds(done));
    }
    asio::awaitable<void> take_apart() {
        const Nesting nesting{outer_, inner_};
        auto done = co_await unnest_group(services(), bearer_of(root_), nesting, caller_of(root_));
        EXPECT_TRUE(test::succeeds(done));
    }
    asio::awaitable<void> delete_group_above() {
        auto done = co_await delete_group(services(), bearer_of(root_), outer_, caller_of(root_));
        EXPECT_TRUE(test::succeeds(done));
    }
    asio::awaitable<void> join_denying() {
        const Subject account = Subject::service_account(id_);
        auto done = co_await add_member(services(), bearer_of(root_), account, denying_, caller_of(root_));
        EXPECT_TRUE(test::succeeds(done));
    }
    bool holds(const ServiceGrant& grant, std::vector<std::string>& scope) {
        const ServiceBearer bearer{grant.account_id, grant.token_id, grant.scope, grant.record};
        auto access = run(access_of_service_token(services(), bearer, Deadline::max()));
        if (access) scope = access->still_held(bearer.scope);
        return access.has_value();
    }

private:
    GroupId group(std::string name) {
        return run(define_group(services(), bearer_of(root_), std::move(name), caller_of(root_)))->id;
    }
    void give(const Subject& subject, const RoleId& role) {
        EXPECT_TRUE(test::succeeds(run(assign_role(services(), bearer_of(root_), subject, role, caller_of(root_)))));
    }

    test::Stage& stage_;
    test::World& world_;
    ServiceTokenRecords records_;
    Grant root_;
    ServiceAccountId id_;
    CredentialId secret_id_;
    RoleId role_;
    GroupId inner_, outer_, denying_;
    Secret secret_;
};

using Meanwhile = asio::awaitable<void> (Interleaved::*)();

// What takes what it may, and leaves it its tokens.
const std::vector<Meanwhile> kOfPermissions{&Interleaved::withdraw, &Interleaved::leave, &Interleaved::take_apart,
                                            &Interleaved::delete_group_above, &Interleaved::join_denying};

int interleave(Meanwhile meanwhile, bool warm, ServiceTokenRecords records) {
    return test::for_every_step([&](test::Steps& steps) {
        test::Stage stage;
        Interleaved story(stage, records);
        if (meanwhile != &Interleaved::withdraw) story.hold_by_groups();
        if (warm) {
            EXPECT_TRUE(test::succeeds(story.log_in()));
        }
        steps.meanwhile = [&] { return (story.*meanwhile)(); };
        stage.stepped.steps = &steps;
        const auto grant = story.log_in();
        stage.stepped.steps = nullptr;
        if (!steps.happened()) return;
        std::vector<std::string> scope;
        if (std::ranges::find(kOfPermissions, meanwhile) != kOfPermissions.end()) {
            ASSERT_TRUE(test::succeeds(grant)) << steps.where();
            EXPECT_TRUE(story.holds(*grant, scope)) << steps.where();
            EXPECT_TRUE(scope.empty()) << steps.where();
            return;
        }
        if (grant) {
            EXPECT_FALSE(story.holds(*grant, scope)) << steps.where();
        } else {
            EXPECT_TRUE(test::refused(grant, refusals::kInvalidClient)) << steps.where();
        }
    });
}

TEST(ServiceLogIn, NeverOutlivesWhatEndsItMeanwhile) {
    for (const auto records : {ServiceTokenRecords::kEach, ServiceTokenRecords::kNone})
        for (const bool warm : {false, true}) {
            EXPECT_GE(interleave(&Interleaved::disable, warm, records), 2);
            EXPECT_GE(interleave(&Interleaved::remove_secret, warm, records), 2);
            EXPECT_GE(interleave(&Interleaved::delete_account, warm, records), 2);
            for (const Meanwhile meanwhile : kOfPermissions) EXPECT_GE(interleave(meanwhile, warm, records), 2);
        }
}

}  // namespace
}  // namespace keyledger::commands
