#pragma once
// Ann, who may make passkeys, and what tests of them do for her.
#include "commands/accounts/set_user_status.hpp"
#include "commands/passkeys/register_passkey.hpp"
#include "commands/sessions/log_in_by_passkey.hpp"
#include "commands/sessions/reauthenticate.hpp"
#include "domain/ladder/assurance.hpp"
#include "tests/commands/factors/second_factors.hpp"
#include "tests/support/world/passkeys.hpp"

namespace keyledger::commands {

class PasskeysTest : public SecondFactorsTest {
protected:
    void SetUp() override {
        offer_passkeys();
        SecondFactorsTest::SetUp();
    }
    void offer_passkeys() {
        world.accounts.passkeys.ceremonies = &ceremonies_;
        world.accounts.passkeys.challenges = &challenges_;
    }

    // ---- made ------------------------------------------------------------------------------------------------
    Result<BegunPasskey, CommandError> begin_passkey_with(OwnProof shown) {
        return run(begin_passkey(services(), {bearer_of(grant_), std::move(shown)}, caller_of(grant_)));
    }
    asio::awaitable<Result<RegisteredPasskey, CommandError>> registering(test::Node& at, Grant grant,
                                                                         std::string handle, MadePasskey made) {
        PasskeyRegistration registration{bearer_of(grant), Secret(handle), std::move(made), "phone"};
        auto registered = co_await register_passkey(at.services, std::move(registration), caller_of(grant));
        co_return registered;
    }
    Result<RegisteredPasskey, CommandError> finish(const BegunPasskey& begun, const test::PlainAuthenticator& by) {
        return run(registering(node, grant_, begun.asked.handle, by.make(begun.asked.challenge)));
    }
    // With an authenticator whose passkey has that id.
    test::PlainAuthenticator made(OwnProof shown = proof(), std::string credential_id = "cGhvbmU") {
        auto begun = begin_passkey_with(std::move(shown));
        if (!begun) throw std::runtime_error(std::string(begun.error().refusal->advice));
        test::PlainAuthenticator authenticator{std::move(credential_id), begun->user_handle};
        auto registered = finish(*begun, authenticator);
        if (!registered) throw std::runtime_error(std::string(registered.error().refusal->advice));
        factor_id_ = registered->factor_id;
        if (!registered->recovery_codes.empty()) codes_ = std::move(registered->recovery_codes);
        mark();
        return authenticator;
    }

    // ---- proven ------------------------------------------------------------------------------------------------
    AskedPasskey asked_of_anybody() { return ask_for_passkey(services()).value(); }
    asio::awaitable<Result<Grant, CommandError>> logging_in(test::Node& at, PasskeyAnswer answer,
                                                            Caller by = caller()) {
        PasskeyLogIn log_in;
        log_in.answer = std::move(answer);
        log_in.client = test::first_party();
        auto granted = co_await log_in_by_passkey(at.services, std::move(log_in), std::move(by));
        co_return granted;
    }
    Result<Grant, CommandError> log_in_with(const test::PlainAuthenticator& by) {
        return run(logging_in(node, by.answer(asked_of_anybody())));
    }
    AskedPasskey asked_of_half(const std::string& token) {
        return run(ask_for_passkey_while_logging_in(services(), Secret(token), caller())).value();
    }
    AskedPasskey asked_of_ann() {
        return run(ask_for_own_passkey(services(), bearer_of(grant_), caller_of(grant_))).value();
    }
    static PresentedFactor presented(PasskeyAnswer answer) {
        return {ProofMethod::kPasskey, Secret(), std::move(answer)};
    }
    static OwnProof passkey_alone(PasskeyAnswer answer) { return {Secret(), presented(std::move(answer))}; }
    Session session_of(const Grant& grant) {
        Streams streams;
        streams.read<Session>(grant.session_id);
        const auto folds = run(node.executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max()));
        return state_of<Session>(folds->front());
    }

    test::PlainPasskeys ceremonies_;
    test::PlainPasskeyChallenges challenges_;
};

}  // namespace keyledger::commands
