#pragma once
// What the tests of service accounts share: somebody who makes them, and somebody who may do what a test lets her.
#include "commands/access/roles.hpp"
#include "commands/clients/service_accounts.hpp"
#include "commands/clients/service_tokens.hpp"
#include "domain/access/subject_access.hpp"
#include "domain/base/time.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {

using test::bearer_of;
using test::caller;
using test::caller_of;
using test::kIssuer;
using test::kNow;
using test::run;
using test::Types;

inline constexpr const char* kOrders = "https://orders.example";

// Root is the administrator; Ann may do what tests give her.
class ServiceAccountsTest : public test::CommandTest {
protected:
    void SetUp() override {
        world.create_administrator(node, "root@example.com");
        roots_ = world.log_in(node, "root@example.com");
        ann_ = world.register_user(node, test::kAnnsEmail);
        anns_ = world.log_in(node, test::kAnnsEmail);
        before_ = world.head();
    }
    Result<AccountReceipt, CommandError> register_as(const Grant& who, std::string name) {
        return run(register_service_account(services(), bearer_of(who), {std::move(name), {kOrders}}, caller_of(who)));
    }
    ServiceAccountId account(std::string name = "billing") {
        auto registered = register_as(roots_, std::move(name));
        EXPECT_TRUE(test::succeeds(registered));
        return registered ? registered->account_id : ServiceAccountId{};
    }
    Result<SecretReceipt, CommandError> add_secret(const Grant& who, const ServiceAccountId& id) {
        return run(add_account_secret(services(), bearer_of(who), id, caller_of(who)));
    }
    SecretReceipt secret(const ServiceAccountId& id) {
        auto made = add_secret(roots_, id);
        EXPECT_TRUE(test::succeeds(made));
        return std::move(*made);
    }
    Result<Receipt, CommandError> remove_secret(const ServiceAccountId& id, const CredentialId& secret_id) {
        return run(remove_account_secret(services(), bearer_of(roots_), id, secret_id, caller_of(roots_)));
    }
    Result<KeyReceipt, CommandError> add_key(const Grant& who, const ServiceAccountId& id, std::string jwk) {
        return run(add_account_key(services(), bearer_of(who), id, std::move(jwk), caller_of(who)));
    }
    Result<Receipt, CommandError> change(const Grant& who, const ServiceAccountId& id, AccountStatus account_status,
                                         std::string name = "billing") {
        return run(change_service_account(services(), bearer_of(who), id, {std::move(name), {kOrders}}, account_status,
                                          caller_of(who)));
    }
    Result<Receipt, CommandError> remove(const Grant& who, const ServiceAccountId& id) {
        return run(delete_service_account(services(), bearer_of(who), id, caller_of(who)));
    }
    void let_ann(std::vector<std::string> permissions) {
        auto role =
            run(define_role(services(), bearer_of(roots_), {"of-ann", std::move(permissions)}, caller_of(roots_)));
        ASSERT_TRUE(test::succeeds(role));
        ASSERT_TRUE(test::succeeds(
            run(assign_role(services(), bearer_of(roots_), Subject::user(ann_), role->id, caller_of(roots_)))));
    }
    RoleId role(std::string name, std::vector<std::string> permissions) {
        auto defined = run(
            define_role(services(), bearer_of(roots_), {std::move(name), std::move(permissions)}, caller_of(roots_)));
        EXPECT_TRUE(test::succeeds(defined));
        return defined ? defined->id : RoleId{};
    }
    Result<Receipt, CommandError> assign(const Grant& who, const ServiceAccountId& id, const RoleId& role_id) {
        const auto subject = Subject::service_account(id);
        return run(assign_role(services(), bearer_of(who), subject, role_id, caller_of(who)));
    }
    Result<Receipt, CommandError> withdraw(const ServiceAccountId& id, const RoleId& role_id) {
        const auto subject = Subject::service_account(id);
        return run(withdraw_role(services(), bearer_of(roots_), subject, role_id, caller_of(roots_)));
    }
    Result<ServiceGrant, CommandError> log_in(test::Node& at, const ServiceAccountId& id, const Secret& text,
                                              std::vector<std::string> resources = {},
                                              std::optional<std::string> scope = {}) {
        ServiceLogIn request{proof_of_secret(id, text), std::move(resources), std::move(scope)};
        return run(log_in_service(at.services, std::move(request), caller()));
    }
    Result<ServiceGrant, CommandError> log_in_with(test::Node& at, const std::string& assertion) {
        auto proof = proof_of_assertion(at.services, assertion);
        if (!proof) return Unexpected(refusals::kInvalidClient);
        ServiceLogIn request{std::move(*proof), {}, {}};
        return run(log_in_service(at.services, std::move(request), caller()));
    }
    std::string assertion(const ServiceAccountId& id, std::string jti, std::string audience = kIssuer,
                          Instant expires_at = kNow + minutes(1), std::string key = "key") {
        const std::string text = id.to_string();
        return key + '|' + text + '|' + text + '|' + audience + '|' + jti + '|' + std::to_string(expires_at.ms());
    }
    bool holds(const ServiceGrant& grant) {
        const ServiceBearer bearer{grant.account_id, grant.token_id};
        return run(access_of_service_token(other.services, bearer, Deadline::max())).has_value();
    }
    Types since() { return world.types(before_); }

    UserId ann_;
    Grant roots_, anns_;
    Position before_ = 0;
};

}  // namespace keyledger::commands
