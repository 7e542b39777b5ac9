// Second factors: enrolled, listed, named and removed by their users, presented at log-in, reset by administrators.
#include "api/routes/call.hpp"
#include "api/routes/factors/read_factor.hpp"
#include "api/routes/sessions/token_answer.hpp"
#include "api/wire/write_json.hpp"
#include "commands/factors/change_factors.hpp"
#include "commands/factors/reset_second_factor.hpp"
#include "commands/sessions/half_log_in.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::api::routes {
namespace {

// As whom somebody is served where nothing is repeated under an Idempotency-Key: the answer holds secrets.
commands::Caller acting_caller(const Call& call) {
    commands::Caller caller = caller_of(call.request).acting_as(call.bearer().user_id);
    caller.session_id = call.bearer().session_id;
    return caller;
}

std::vector<std::string> revealed(const std::vector<Secret>& codes) {
    std::vector<std::string> texts;
    for (const Secret& code : codes) texts.emplace_back(code.reveal());
    return texts;
}

// What is shown once.
Response answer(const commands::BegunEnrolment& begun) {
    JsonText body;
    body.text("factor_id", begun.factor_id.to_string())
        .text("secret", begun.secret.base32.reveal())
        .text("uri", begun.secret.uri.reveal())
        .text("qr_svg", begun.secret.svg.reveal())
        .text("qr_png", begun.secret.png_base64.reveal())
        .time("expires_at", begun.expires_at);
    return at_position(json(200, body.finish()), begun.position);
}

Response answer(const commands::ShownCodes& shown) {
    JsonText body;
    body.texts("recovery_codes", revealed(shown.recovery_codes));
    return at_position(json(200, body.finish()), shown.position);
}

// ---- one's own factors -------------------------------------------------------------------------------------------
Reply enable_mfa(Call& call) {
    JsonFields body(call.request);
    commands::Enrolment enrolment;
    enrolment.bearer = call.bearer();
    enrolment.proof = read_own_proof(body);
    enrolment.name = body.optional_string("name", kMaxTypedNameBytes).value_or("");
    auto read = call.finish(body);
    if (!read) co_return read.error();
    auto begun = co_await commands::begin_factor_enrolment(call.services(), std::move(enrolment), acting_caller(call));
    if (!begun) co_return refuse(call, begun.error());
    co_return answer(*begun);
}

Reply verify_enrolment(Call& call) {
    JsonFields body(call.request);
    Secret code = body.required_secret("code", kMaxFactorCodeBytes);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    auto shown = co_await commands::confirm_factor_enrolment(call.services(), call.bearer(), std::move(code),
                                                             acting_caller(call));
    if (!shown) co_return refuse(call, shown.error());
    co_return answer(*shown);
}

Reply remove(Call& call, std::optional<FactorId> factor_id) {
    JsonFields body(call.request);
    commands::FactorRemoval removal;
    removal.bearer = call.bearer();
    removal.proof = read_own_proof(body);
    removal.factor_id = factor_id;
    auto read = call.finish(body);
    if (!read) co_return read.error();
    auto outcome = co_await commands::remove_factor(call.services(), std::move(removal), acting_caller(call));
    co_return done(call, outcome);
}

Reply disable_mfa(Call& call) {
    auto answered = co_await remove(call, std::nullopt);
    co_return answered;
}

Reply remove_factor(Call& call) {
    auto answered = co_await remove(call, call.id<Factor>());
    co_return answered;
}

Reply rename_factor(Call& call) {
    JsonFields body(call.request);
    std::string name = body.required_string("name", kMaxTypedNameBytes);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    auto outcome = co_await commands::rename_factor(call.services(), call.bearer(), call.id<Factor>(), std::move(name),
                                                    acting_caller(call));
    co_return done(call, outcome);
}

Reply renew_recovery_codes(Call& call) {
    JsonFields body(call.request);
    commands::OwnProof proof = read_own_proof(body);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    auto shown =
        co_await commands::renew_recovery_codes(call.services(), call.bearer(), std::move(proof), acting_caller(call));
    if (!shown) co_return refuse(call, shown.error());
    co_return answer(*shown);
}

Reply list_factors(Call& call) {
    auto listed = co_await commands::list_factors(call.services(), call.bearer(), acting_caller(call));
    if (!listed) co_return refuse(call, listed.error());
    JsonText body;
    body.begin_array("items");
    for (const auto& one : listed->factors) {
        body.begin_object()
            .text("id", one.id.to_string())
            .text("kind", stored_name(one.kind))
            .text("name", one.name)
            .time("enrolled_at", one.enrolled_at)
            .boolean("established", one.is_established)
            .end_object();
    }
    body.end_array().number("recovery_codes_left", listed->recovery_codes_left);
    co_return json(200, body.finish());
}

// ---- while somebody logs in --------------------------------------------------------------------------------------
Reply verify_mfa(Call& call) {
    JsonFields body(call.request);
    commands::SecondStep second;
    second.token = body.required_secret("mfa_token", kMaxTokenBytes);
    auto present = read_factor(body);
    if (!present) body.refuse("code", "Give 'code', 'recovery_code' or 'passkey'.");
    auto read = call.finish(body);
    if (!read) co_return read.error();
    second.present = std::move(*present);
    auto completed = co_await commands::complete_log_in(call.services(), std::move(second), caller_of(call.request));
    if (!completed) co_return refuse(call, completed.error());
    const auto tokens = co_await call.context.tokens.issue(completed->grant);
    auto answer = token_answer(tokens, completed->grant.session_id, completed->grant.position,
                               revealed(completed->recovery_codes));
    co_return with_device(std::move(answer), completed->grant.device);
}

Reply enrol_mfa(Call& call) {
    JsonFields body(call.request);
    Secret token = body.required_secret("mfa_token", kMaxTokenBytes);
    std::string name = body.optional_string("name", kMaxTypedNameBytes).value_or("");
    auto read = call.finish(body);
    if (!read) co_return read.error();
    auto begun = co_await commands::enrol_while_logging_in(call.services(), std::move(token), std::move(name),
                                                           caller_of(call.request));
    if (!begun) co_return refuse(call, begun.error());
    begun->position = 0;  // anonymous routes tell none
    co_return answer(*begun);
}

// ---- by administrators -------------------------------------------------------------------------------------------
Reply reset_second_factor(Call& call) {
    auto outcome =
        co_await commands::reset_second_factor(call.services(), call.bearer(), call.id<User>(), call.caller());
    co_return done(call, outcome);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"enableMfa", kPost, "/api/v1/auth/mfa/enable", enable_mfa, kPasswords, kUser, {.input = Input::kBody}},
    {"verifyMfaEnrolment", kPost, "/api/v1/auth/mfa/verify", verify_enrolment, kPasswords, kUser,
     {.input = Input::kBody}},
    {"disableMfa", kPost, "/api/v1/auth/mfa/disable", disable_mfa, kPasswords, kUser, {.input = Input::kBody}},
    {"listFactors", kGet, "/api/v1/auth/mfa/factors", list_factors, kOrdinary, kUser},
    {"renameFactor", kPut, "/api/v1/auth/mfa/factors/{id}", rename_factor, kOrdinary, kUser,
     {.bad_id = refusals::kFactorUnknown, .input = Input::kBody}},
    {"removeFactor", kDelete, "/api/v1/auth/mfa/factors/{id}", remove_factor, kPasswords, kUser,
     {.bad_id = refusals::kFactorUnknown, .input = Input::kBody}},
    {"renewRecoveryCodes", kPost, "/api/v1/auth/mfa/recovery-codes", renew_recovery_codes, kPasswords, kUser,
     {.input = Input::kBody}},
    {"verifyMfa", kPost, "/api/v1/auth/verify-mfa", verify_mfa, kPasswords, kAnybody, {.input = Input::kBody}},
    {"enrolMfa", kPost, "/api/v1/auth/enrol-mfa", enrol_mfa, kPasswords, kAnybody, {.input = Input::kBody}},
    {"resetSecondFactor", kPost, "/api/v1/admin/users/{id}/reset-second-factor", reset_second_factor, kOrdinary, kUser,
     {.bad_id = refusals::kUserUnknown, .idempotency_key = KeyScope::kUser}},
};
// clang-format on

}  // namespace

RouteTable factor_routes() { return kRows; }

}  // namespace keyledger::api::routes
