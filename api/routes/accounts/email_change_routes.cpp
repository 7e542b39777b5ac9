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
    auto presented = read_presented(body, ChallengePurpose::kChangeEmail);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    const auto outcome =
        co_await commands::change_email(call.services(), call.bearer(), std::move(presented), caller_of_bearer(call));
    co_return done(call, outcome);
}

// ---- undone by whoever reads the mail of the address from before -----------------------------------------------
constexpr const char* kUndoPath = "/account/undo-email-change";

Reply undo_email_change(Call& call) {
    JsonFields body(call.request);
    const Secret token = body.required_secret("token", kMaxLinkTokenBytes);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    const auto outcome = co_await commands::undo_email_change(call.services(), token, caller_of(call.request));
    if (!outcome) co_return refuse(call, outcome.error());
    co_return no_content();
}

Reply show_undo_page(Call& call) {
    Page page{"Take your account back",
              {"Your account gets this address again. All its sessions end, a request to erase it is taken back, and "
               "you set a new password by a mail to this address."},
              {},
              {}};
    co_return show_link_page(call.request, std::move(page), {"undo-email-change", "Take it back", {}, {}});
}

Reply undo_email_change_by_page(Call& call) {
    const auto token = token_of_form(call.request);
    if (!token) co_return show_refusal(call.request, refusals::kNotProven);
    const auto outcome = co_await commands::undo_email_change(call.services(), *token, caller_of(call.request));
    if (!outcome) co_return show_refusal(call.request, outcome.error());
    const Page done{"The account is yours again", {"Now ask for a new password by mail, and log in with it."}, {}, {}};
    co_return show(200, done);
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
    {"undoEmailChange", kPost, "/api/v1/auth/undo-email-change", undo_email_change, kPasswords, kAnybody,
     {.input = Input::kBody}},
    {"showUndoPage", kGet, kUndoPath, show_undo_page, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"undoEmailChangeByPage", kPost, kUndoPath, undo_email_change_by_page, kPasswords, kAnybody,
     {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable email_change_routes() { return kRows; }

}  // namespace keyledger::api::routes
