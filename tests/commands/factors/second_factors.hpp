#pragma once
// Ann, who may enrol an app, and what tests of second factors do for her.
#include <numeric>
#include <set>
#include "commands/accounts/erase_user.hpp"
#include "commands/credentials/one_time_password.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/credentials/unlock_user.hpp"
#include "commands/factors/change_factors.hpp"
#include "commands/factors/reset_second_factor.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "commands/sessions/half_log_in.hpp"
#include "domain/access/role.hpp"
#include "domain/sessions/session.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {

using test::bearer_of;
using test::caller;
using test::caller_of;
using test::kAnnsEmail;
using test::kDay;
using test::kMinute;
using test::kPassword;
using test::login;
using test::run;
using test::Types;

inline PresentedFactor totp(std::string code) { return {ProofMethod::kTotp, Secret::take(std::move(code))}; }
inline PresentedFactor recovery(const Secret& code) { return {ProofMethod::kRecoveryCode, code.clone()}; }
inline OwnProof proof(std::optional<PresentedFactor> present = std::nullopt, const char* password = kPassword) {
    return {Secret(std::string_view(password)), std::move(present)};
}

inline Caller from(const std::string& network) {
    Caller one = caller();
    one.network = network;
    return one;
}

class SecondFactorsTest : public test::CommandTest {
protected:
    void SetUp() override {
        clock.advance(stores->server_now() - clock.now());  // steps are spent by the store's clock
        clock.advance(-age_of_account());
        ann_ = world.register_user(node, kAnnsEmail);
        grant_ = world.log_in(node, kAnnsEmail);
        clock.advance(age_of_account());
        before_ = world.head();
    }
    virtual Duration age_of_account() const { return Duration(); }
    Types since() { return world.types(before_); }
    void mark() { before_ = world.head(); }

    // A code of the next step: the one of this step may be used.
    std::string next_code(const std::string& app) {
        clock.advance(kTotpStep);
        return test::code_at(app, clock.now());
    }
    Result<BegunEnrolment, CommandError> begin(OwnProof shown, std::string name = "phone") {
        Enrolment enrolment{bearer_of(grant_), std::move(shown), std::move(name)};
        return run(begin_factor_enrolment(services(), std::move(enrolment), caller_of(grant_)));
    }
    Result<ShownCodes, CommandError> confirm(std::string code) {
        return run(
            confirm_factor_enrolment(services(), bearer_of(grant_), Secret::take(std::move(code)), caller_of(grant_)));
    }
    // What the app keeps, and the codes that were shown with it.
    std::string enrol() {
        auto begun = begin(proof());
        if (!begun) throw std::runtime_error(std::string(begun.error().refusal->advice));
        const std::string app(begun->secret.base32.reveal());
        auto shown = confirm(next_code(app));
        if (!shown) throw std::runtime_error(std::string(shown.error().refusal->advice));
        codes_ = std::move(shown->recovery_codes);
        factor_id_ = begun->factor_id;
        mark();
        return app;
    }
    // The token of a log-in that waits for a second factor, or for an enrolment.
    std::string half(const Refusal& expected = refusals::kSecondFactorNeeded) {
        auto waiting = run(log_in(services(), login(kAnnsEmail), caller()));
        EXPECT_TRUE(test::refused(waiting, expected));
        if (waiting || !waiting.error().go_on) return {};
        kinds_ = waiting.error().go_on->kinds;
        return waiting.error().go_on->token;
    }
    asio::awaitable<Result<CompletedLogIn, CommandError>> completing(test::Node& at, std::string token,
                                                                     PresentedFactor present, Caller by = caller()) {
        SecondStep second{Secret::take(std::move(token)), std::move(present)};
        auto completed = co_await complete_log_in(at.services, std::move(second), std::move(by));
        co_return completed;
    }
    Result<CompletedLogIn, CommandError> complete(std::string token, PresentedFactor present, Caller by = caller()) {
        return run(completing(node, std::move(token), std::move(present), std::move(by)));
    }
    Result<Receipt, CommandError> remove(OwnProof shown, std::optional<FactorId> factor_id = std::nullopt) {
        FactorRemoval removal{bearer_of(grant_), std::move(shown), factor_id};
        return run(remove_factor(services(), std::move(removal), caller_of(grant_)));
    }
    std::size_t kept_credentials() {
        auto all = run(world.store.read_credentials(ann_, Deadline::max()));
        return all.value().size();
    }
    void demand_of_all() { world.accounts.second_factors.policy.of_all = SecondFactorPolicy::Demand::kOfEverybody; }

    UserId ann_;
    Grant grant_;
    FactorId factor_id_;
    std::vector<Secret> codes_;
    std::vector<std::string> kinds_;
    Position before_ = 0;
};

}  // namespace keyledger::commands
