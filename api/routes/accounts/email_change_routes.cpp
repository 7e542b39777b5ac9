// People change their address. It is proven at the new one, and the one from before can undo it.
#include "api/routes/call.hpp"
#include "api/routes/mail_asks.hpp"
#include "api/wire/field_values.hpp"
#include "commands/accounts/change_email.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::api::routes {
namespace {

// What these append is not repeated under a key: the first answer is in the mail.
commands::Caller caller_of_bearer(const Call& call) {
    commands::Caller caller = caller_of(call.request).acting_as(call.bearer().user_id);
    caller.session_id = call.bearer().session_id;
    return caller;
}

Reply ask_email_change(Call& call) {
    JsonFields body(call.request);
    commands::EmailChange change;
    change.bearer = call.bearer();
    change.email = body.required_string("email", kMaxEmailBytes);
    change.current_password = body.required_secret("current_password", kMaxPasswordBytes);
    change.language = preferred_language(call.request.headers);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    const auto outcome =
        co_await commands::ask_email_change(call.services(), std::move(change), caller_of_bearer(call));
    co_return asked(call.request, outcome);
}

Reply confirm_email_change(Call& call) {
    JsonFields body(call.request);
    commands::EmailProof presented{body.required_secret("handle", kMaxHandleBytes),
                                   body.required_secret("code", kMaxCodeBytes)};
    auto read = call.finish(body);
    if (!read) co_return read.error();
    const auto outcome =
        co_await commands::change_email(call.services(), call.bearer(), std::move(presented), caller_of_bearer(call));
    co_return done(call, outcome);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"askEmailChange", kPost, "/api/v1/auth/change-email", ask_email_change, kPasswords, kUser,
     {.input = Input::kBody}},
    {"confirmEmailChange", kPost, "/api/v1/auth/change-email/confirm", confirm_email_change, kPasswords, kUser,
     {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable email_change_routes() { return kRows; }

}  // namespace keyledger::api::routes
