// Passkeys (W3C Web Authentication): made by whoever is logged in, proven to log in or to prove again who somebody is.
// They are listed, named and removed as every second factor (api/routes/factors/).
#include "api/routes/call.hpp"
#include "api/routes/factors/read_factor.hpp"
#include "api/routes/factors/read_passkey.hpp"
#include "api/routes/passkeys/passkey_json.hpp"
#include "api/routes/sessions/token_answer.hpp"
#include "api/wire/write_json.hpp"
#include "commands/passkeys/register_passkey.hpp"
#include "commands/sessions/half_log_in.hpp"
#include "commands/sessions/log_in_by_passkey.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::api::routes {
namespace {

// As whom somebody is served where nothing is repeated under an Idempotency-Key: an answer is good once.
commands::Caller acting_caller(const Call& call) {
    commands::Caller caller = caller_of(call.request).acting_as(call.bearer().user_id);
    caller.session_id = call.bearer().session_id;
    return caller;
}

// ---- making one ------------------------------------------------------------------------------------------------
Reply begin_passkey(Call& call) {
    JsonFields body(call.request);
    commands::PasskeyAsk ask;
    ask.bearer = call.bearer();
    ask.proof = read_own_proof(body);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    auto begun = co_await commands::begin_passkey(call.services(), std::move(ask), acting_caller(call));
    if (!begun) co_return refuse(call, begun.error());
    co_return json(200, creation_json(*begun));
}

Reply register_passkey(Call& call) {
    JsonFields body(call.request);
    commands::PasskeyRegistration registration;
    registration.bearer = call.bearer();
    registration.handle = body.required_secret("handle", kMaxPasskeyHandleBytes);
    registration.made = read_made_passkey(body);
    registration.name = body.optional_string("name", kMaxTypedNameBytes).value_or("");
    auto read = call.finish(body);
    if (!read) co_return read.error();
    auto registered =
        co_await commands::register_passkey(call.services(), std::move(registration), acting_caller(call));
    if (!registered) co_return refuse(call, registered.error());
    std::vector<std::string> codes;
    for (const Secret& code : registered->recovery_codes) codes.emplace_back(code.reveal());
    JsonText text;
    text.text("factor_id", registered->factor_id.to_string()).texts("recovery_codes", codes);
    co_return at_position(json(200, text.finish()), registered->position);
}

// ---- proving one -----------------------------------------------------------------------------------------------
Reply ask_for_own_passkey(Call& call) {
    auto asked = co_await commands::ask_for_own_passkey(call.services(), call.bearer(), acting_caller(call));
    if (!asked) co_return refuse(call, asked.error());
    co_return json(200, request_json(*asked));
}

Reply ask_for_passkey(Call& call) {
    JsonFields body(call.request);
    auto token = body.optional_secret("mfa_token", kMaxTokenBytes);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    if (!token) {
        auto asked = commands::ask_for_passkey(call.services());
        if (!asked) co_return refuse(call, asked.error());
        co_return json(200, request_json(*asked));
    }
    auto asked = co_await commands::ask_for_passkey_while_logging_in(call.services(), std::move(*token),
                                                                     caller_of(call.request));
    if (!asked) co_return refuse(call, asked.error());
    co_return json(200, request_json(*asked));
}

Reply log_in_by_passkey(Call& call) {
    JsonFields body(call.request);
    commands::PasskeyLogIn log_in;
    log_in.answer = read_passkey_answer(body);
    log_in.resource = body.optional_string("resource", kMaxResourceBytes);
    log_in.client = first_party(call.context);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    auto grant = co_await commands::log_in_by_passkey(call.services(), std::move(log_in), caller_of(call.request));
    if (!grant) co_return refuse(call, grant.error());
    const auto tokens = co_await call.context.tokens.issue(*grant);
    co_return with_device(token_answer(tokens, grant->session_id, grant->position), grant->device);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"beginPasskey", kPost, "/api/v1/auth/mfa/passkeys/options", begin_passkey, kPasswords, kUser,
     {.input = Input::kBody}},
    {"registerPasskey", kPost, "/api/v1/auth/mfa/passkeys", register_passkey, kPasswords, kUser,
     {.input = Input::kBody}},
    {"askForOwnPasskey", kPost, "/api/v1/auth/mfa/passkeys/challenge", ask_for_own_passkey, kOrdinary, kUser},
    {"askForPasskey", kPost, "/api/v1/auth/passkey/options", ask_for_passkey, kOrdinary, kAnybody,
     {.input = Input::kBody}},
    {"logInByPasskey", kPost, "/api/v1/auth/passkey", log_in_by_passkey, kPasswords, kAnybody,
     {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable passkey_routes() { return kRows; }

}  // namespace keyledger::api::routes
