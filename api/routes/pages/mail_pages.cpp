// Pages on which people ask for a mail: for a new password, or to log in by it. Whatever address they give, they see
// the same (I14).
#include "api/routes/factors/read_factor.hpp"
#include "api/routes/mail_asks.hpp"
#include "api/routes/oauth/authorization_answer.hpp"
#include "api/routes/pages/logged_in.hpp"
#include "api/routes/pages/way.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/field_values.hpp"
#include "commands/account_services.hpp"
#include "commands/credentials/reset_password.hpp"
#include "commands/sessions/half_log_in.hpp"
#include "commands/sessions/log_in_by_mail.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::api::routes {
namespace {

using commands::CommandError;

constexpr int kFaulty = 400;

// ---- asking ----------------------------------------------------------------------------------------------------
Page ask_page(const Way& way, Phrase title, Phrase sentence, std::string action) {
    Page page{std::move(title), {std::move(sentence)}};
    page.form = Form{std::move(action), Text::kSendMail};
    page.form->fields = {
        {"email", Text::kEmail, FormField::Kind::kEmail, way.flow ? way.flow->request.login_hint : std::string()}};
    page.links = links_to_log_in(way);
    return on_the_way(way, std::move(page));
}

commands::ChallengeAsk read_ask(Call& call, FormFields& form, ChallengePurpose purpose) {
    commands::ChallengeAsk ask;
    ask.purpose = purpose;
    ask.email = form.required_string("email", kMaxTypedUsernameBytes);
    ask.language = preferred_language(call.request.headers);
    return ask;
}

// What is wrong with the form, or with the code, on the page that it came from.
Response show_fault(Call& call, Page page, const CommandError& error) {
    if (status_of(error.refusal->kind) >= 429) return refuse(call, error);
    page.fault = advice_of(call, error);
    return show(call, kFaulty, page);
}

// The page that asks for an address, with what was typed.
Response ask_again(Call& call, Page page, std::string typed, const CommandError& error) {
    FormField& address = page.form->fields.front();
    address.value = std::move(typed);
    address.is_faulty = error.refusal == refusals::kInvalidEmail;
    return show_fault(call, std::move(page), error);
}

// ---- a new password --------------------------------------------------------------------------------------------
Page forgot_page(const Way& way) {
    return ask_page(way, Text::kForgotPassword, Text::kForgotPasswordMeans, "/forgot-password");
}

Reply show_forgot(Call& call) {
    FormFields query = FormFields::of_query_as_form(call.request);
    co_return show(call, 200, forgot_page(way_of(call, query)));
}

enum class AsksFactor { kNo, kYes };
Page new_password_page(const Call& call, const Way& way, const std::string& handle, AsksFactor factor) {
    Page page{Text::kLookIntoYourMail, {Text::kCodeOrLinkOfReset}};
    page.form = Form{"/forgot-password/code", Text::kSetPassword, {{"handle", handle}}};
    page.form->fields = {{"code", Text::kCode, FormField::Kind::kCode}, new_password_field(call, "new_password")};
    if (factor == AsksFactor::kYes)
        page.form->fields.push_back({"second_factor", Text::kCodeOrRecoveryCode, FormField::Kind::kFactor});
    page.links = links_to_log_in(way);
    return on_the_way(way, std::move(page));
}

Reply forgot_by_page(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    const Way way = way_of(call, form);
    auto ask = read_ask(call, form, ChallengePurpose::kResetPassword);
    const std::string typed = ask.email;
    if (!form.finish()) co_return ask_again(call, forgot_page(way), typed, CommandError(refusals::kInvalidEmail));
    const auto asked = co_await commands::ask_challenge(call.services(), std::move(ask), caller_of(call.request));
    if (!asked) co_return ask_again(call, forgot_page(way), typed, asked.error());
    co_return show(call, 200, new_password_page(call, way, asked->handle, AsksFactor::kNo));
}

Reply reset_by_code(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    const Way way = way_of(call, form);
    commands::PasswordReset reset;
    reset.presented.purpose = ChallengePurpose::kResetPassword;
    Secret handle = form.required_secret("handle", kMaxHandleBytes);
    reset.presented.code = form.required_secret("code", kMaxCodeBytes);
    reset.new_password = form.required_secret("new_password", kMaxPasswordBytes);
    auto factor = form.optional_string("second_factor", kMaxFactorCodeBytes);
    const std::string shown_handle(handle.reveal());
    reset.presented.handle = std::move(handle);
    const bool is_whole = form.finish().has_value();
    const bool had_factor = factor.has_value();
    if (had_factor) reset.factor = typed_factor(Secret::take(std::move(*factor)));
    auto refused = CommandError(refusals::kNotProven);
    if (is_whole) {
        const auto done = co_await commands::reset_password(call.services(), std::move(reset), caller_of(call.request));
        if (done) {
            Page page{Text::kPasswordChanged, {Text::kLogInWithNewOne}};
            page.links = links_to_log_in(way);
            co_return show(call, 200, on_the_way(way, std::move(page)));
        }
        refused = done.error();
    }
    const bool asks_factor =
        refused.refusal == refusals::kResetNeedsFactor || (had_factor && refused.refusal != refusals::kFactorUnknown);
    co_return show_fault(
        call, new_password_page(call, way, shown_handle, asks_factor ? AsksFactor::kYes : AsksFactor::kNo), refused);
}

// ---- log-in by mail --------------------------------------------------------------------------------------------
Page mail_log_in_page(const Way& way) {
    return ask_page(way, Text::kLogInByMail, Text::kLogInByMailMeans, "/login/mail");
}

Reply show_mail_log_in(Call& call) {
    FormFields query = FormFields::of_query_as_form(call.request);
    const Way way = way_of(call, query);
    if (!way.flow) co_return took_too_long(call);
    co_return show(call, 200, mail_log_in_page(way));
}

Page mailed_code_page(const Way& way, const std::string& handle) {
    Page page{Text::kLookIntoYourMail, {Text::kCodeOfLogIn}};
    page.form = Form{"/login/mail/code", Text::kLogIn, {{"handle", handle}}};
    page.form->fields = {{"code", Text::kCode, FormField::Kind::kCode}};
    page.links = links_to_log_in(way);
    page.leads_to = origin_of(way.flow->request.redirect_uri);
    return on_the_way(way, std::move(page));
}

Reply ask_mail_log_in(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    const Way way = way_of(call, form);
    auto ask = read_ask(call, form, ChallengePurpose::kLogInByCode);
    if (!way.flow) co_return took_too_long(call);
    const std::string typed = ask.email;
    if (!form.finish()) co_return ask_again(call, mail_log_in_page(way), typed, CommandError(refusals::kInvalidEmail));
    const auto asked = co_await commands::ask_log_in_by_mail(call.services(), std::move(ask), caller_of(call.request));
    if (!asked) co_return ask_again(call, mail_log_in_page(way), typed, asked.error());
    co_return show(call, 200, mailed_code_page(way, asked->handle));
}

Reply log_in_by_code(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    const Way way = way_of(call, form);
    commands::MailedLogIn log_in;
    log_in.presented.purpose = ChallengePurpose::kLogInByCode;
    Secret handle = form.required_secret("handle", kMaxHandleBytes);
    log_in.presented.code = form.required_secret("code", kMaxCodeBytes);
    log_in.client = browser_client();
    if (!way.flow) co_return took_too_long(call);
    const std::string shown_handle(handle.reveal());
    log_in.presented.handle = std::move(handle);
    Page again = mailed_code_page(way, shown_handle);
    again.form->fields.front().is_faulty = true;
    if (!form.finish()) co_return show_fault(call, std::move(again), CommandError(refusals::kNotProven));
    auto grant = co_await commands::log_in_by_mail(call.services(), std::move(log_in), caller_of(call.request));
    if (!grant) {
        auto on = to_what_is_missing(grant.error(), way.sealed);
        if (on) co_return std::move(*on);
        co_return show_fault(call, std::move(again), grant.error());
    }
    Response response = co_await logged_in(call, see_other("/oauth2/authorize/continue?flow=" + way.sealed), *grant);
    co_return response;
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"showForgotPasswordPage", kGet, "/forgot-password", show_forgot, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"forgotPasswordByPage", kPost, "/forgot-password", forgot_by_page, kOrdinary, kAnybody, {.input = Input::kBody}},
    {"resetByCodeByPage", kPost, "/forgot-password/code", reset_by_code, kPasswords, kAnybody,
     {.input = Input::kBody}},
    {"showMailLogInPage", kGet, "/login/mail", show_mail_log_in, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"askMailLogInByPage", kPost, "/login/mail", ask_mail_log_in, kOrdinary, kAnybody, {.input = Input::kBody}},
    {"logInByCodeByPage", kPost, "/login/mail/code", log_in_by_code, kPasswords, kAnybody, {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable mail_page_routes() { return kRows; }

}  // namespace keyledger::api::routes
