// Log-in by a link or a code that comes by mail. Only who asked completes it: they keep the handle.
#include "api/routes/call.hpp"
#include "api/routes/mail_asks.hpp"
#include "api/routes/sessions/token_answer.hpp"
#include "commands/sessions/log_in_by_mail.hpp"

namespace keyledger::api::routes {
namespace {

Reply ask_by(Call& call, ChallengePurpose purpose) {
    JsonFields body(call.request);
    auto ask = read_ask(body, purpose, call.request);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    const auto outcome =
        co_await commands::ask_log_in_by_mail(call.services(), std::move(ask), caller_of(call.request));
    co_return asked(call.request, outcome);
}
Reply ask_for_magic_link(Call& call) { return ask_by(call, ChallengePurpose::kLogInByLink); }
Reply ask_for_log_in_code(Call& call) { return ask_by(call, ChallengePurpose::kLogInByCode); }

Reply complete_log_in(Call& call) {
    JsonFields body(call.request);
    commands::MailedLogIn log_in;
    log_in.presented = read_presented(body, ChallengePurpose::kLogInByCode);
    if (log_in.presented.link) log_in.presented.purpose = ChallengePurpose::kLogInByLink;
    if (log_in.presented.link && !log_in.presented.handle)
        body.refuse("handle", "Give the handle that was answered when the mail was asked for.");
    log_in.resource = body.optional_string("resource", kMaxResourceBytes);
    log_in.client = first_party(call.context);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    const auto grant = co_await commands::log_in_by_mail(call.services(), std::move(log_in), caller_of(call.request));
    if (!grant) co_return refuse(call, grant.error());
    const auto tokens = co_await call.context.tokens.issue(*grant);
    co_return with_device(token_answer(tokens, grant->session_id, grant->position), grant->device);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"askForMagicLink", kPost, "/api/v1/auth/magic-link", ask_for_magic_link, kOrdinary, kAnybody,
     {.input = Input::kBody}},
    {"askForLogInCode", kPost, "/api/v1/auth/login-code", ask_for_log_in_code, kOrdinary, kAnybody,
     {.input = Input::kBody}},
    {"completeLogIn", kPost, "/api/v1/auth/complete", complete_log_in, kPasswords, kAnybody, {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable mail_log_in_routes() { return kRows; }

}  // namespace keyledger::api::routes
