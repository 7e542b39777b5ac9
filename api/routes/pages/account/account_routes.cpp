// What people do on the first page of their own account. Each form shows what the command asks for: the password, a
// code of the second factor.
#include "api/routes/factors/read_factor.hpp"
#include "api/routes/oauth/authorization_answer.hpp"
#include "api/routes/pages/account/account_page.hpp"
#include "api/routes/pages/enrolment_page.hpp"
#include "api/routes/pages/passkey_forms.hpp"
#include "api/routes/refusals.hpp"
#include "commands/accounts/erase_user.hpp"
#include "commands/credentials/change_password.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/factors/change_factors.hpp"
#include "commands/factors/enrol_factor.hpp"
#include "commands/sessions/end_sessions.hpp"

namespace keyledger::api::routes {
namespace {

using commands::CommandError;

Reply show_fault(Call& call, std::string_view form, CommandError error) {
    if (auto instead = answer_instead(call, error)) co_return std::move(*instead);
    AccountNews news;
    news.form = form;
    news.fault = std::move(error);
    Response response = co_await show_account(call, kFaultyForm, news);
    co_return response;
}

Response back(std::string_view done) { return back_to(kLogInPart, done); }

Reply account(Call& call) {
    FormFields query = FormFields::of_query_as_form(call.request);
    AccountNews news;
    news.done = news_of(query, {{"password", Text::kPasswordChangedHere},
                                {"factors", Text::kFactorsChanged},
                                {"sessions", Text::kSessionsEnded},
                                {"erasure", Text::kErasureAskedFor}});
    Response response = co_await show_account(call, 200, news, place_in(query));
    co_return response;
}

// ---- password --------------------------------------------------------------------------------------------------
Reply change_password(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    auto self = own(call, form);
    if (!self) co_return self.error();
    commands::PasswordChange change;
    change.bearer = self->browser;
    change.current_password = form.required_secret("current_password", kMaxPasswordBytes);
    change.new_password = form.required_secret("new_password", kMaxPasswordBytes);
    auto refused = CommandError(refusals::kWrongPassword);
    if (form.finish()) {
        const auto done =
            co_await commands::change_password(call.services(), std::move(change), std::move(self->caller));
        if (done) co_return back("password");
        refused = done.error();
    }
    Response response = co_await show_fault(call, kPasswordForm, std::move(refused));
    co_return response;
}

// ---- second factors --------------------------------------------------------------------------------------------
Page enrolment_page(Call& call, const commands::BegunEnrolment& begun, const commands::Bearer& browser) {
    Page page{Text::kAddApp, {Text::kScanThis}};
    show_secret(page, begun);
    page.form = Form{"/account/factors/confirm", Text::kConfirm, {form_token(call.context, browser)}};
    page.form->fields = {app_code_field()};
    page.links = {{"/account", Text::kCancel}};
    return page;
}

Page codes_page(const std::vector<Secret>& codes) {
    return recovery_codes_page(codes, {"/account", Text::kHaveKeptThem});
}

Reply add_factor(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    auto self = own(call, form);
    if (!self) co_return self.error();
    commands::Enrolment enrolment;
    enrolment.bearer = self->browser;
    enrolment.proof = read_proof(form);
    auto refused = CommandError(refusals::kWrongPassword);
    if (form.finish()) {
        const auto begun =
            co_await commands::begin_factor_enrolment(call.services(), std::move(enrolment), std::move(self->caller));
        if (begun) co_return show(call, 200, enrolment_page(call, *begun, self->browser));
        refused = begun.error();
    }
    Response response = co_await show_fault(call, kAddFactorForm, std::move(refused));
    co_return response;
}

// Its secret was shown once: of a wrong code there is the form again without it.
Reply confirm_factor(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    auto self = own(call, form);
    if (!self) co_return self.error();
    Secret code = form.required_secret("code", kMaxFactorCodeBytes);
    auto refused = CommandError(refusals::kWrongSecondFactor);
    if (form.finish()) {
        const auto shown = co_await commands::confirm_factor_enrolment(call.services(), self->browser, std::move(code),
                                                                       std::move(self->caller));
        if (shown && shown->recovery_codes.empty()) co_return back("factors");
        if (shown) co_return show(call, 200, codes_page(shown->recovery_codes));
        refused = shown.error();
    }
    if (refused.refusal != refusals::kWrongSecondFactor) {
        Response response = co_await show_fault(call, kAddFactorForm, std::move(refused));
        co_return response;
    }
    Page page{Text::kAddApp};
    page.fault = advice_of(call, refused);
    page.form = Form{"/account/factors/confirm", Text::kConfirm, {form_token(call.context, self->browser)}};
    page.form->fields = {app_code_field()};
    page.form->fields.front().is_faulty = true;
    page.links = {{"/account", Text::kCancel}};
    co_return show(call, kFaultyForm, page);
}

Reply add_passkey(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    auto self = own(call, form);
    if (!self) co_return self.error();
    commands::PasskeyAsk ask;
    ask.bearer = self->browser;
    ask.proof = read_proof(form);
    auto refused = CommandError(refusals::kWrongPassword);
    if (form.finish()) {
        const auto begun = co_await commands::begin_passkey(call.services(), std::move(ask), std::move(self->caller));
        if (begun) {
            const HiddenField token = form_token(call.context, self->browser);
            co_return show(call, 200, making_page("/account/passkeys/made", *begun, token));
        }
        refused = begun.error();
    }
    Response response = co_await show_fault(call, kAddPasskeyForm, std::move(refused));
    co_return response;
}

Reply register_passkey(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    auto self = own(call, form);
    if (!self) co_return self.error();
    MadeByForm made = read_made_passkey_form(form);
    auto refused = CommandError(refusals::kPasskeyNotMade);
    if (form.finish()) {
        commands::PasskeyRegistration registration{self->browser, std::move(made.handle), std::move(made.made), {}};
        const auto registered =
            co_await commands::register_passkey(call.services(), std::move(registration), std::move(self->caller));
        if (registered && registered->recovery_codes.empty()) co_return back("factors");
        if (registered) co_return show(call, 200, codes_page(registered->recovery_codes));
        refused = registered.error();
    }
    Response response = co_await show_fault(call, kAddPasskeyForm, std::move(refused));
    co_return response;
}

Reply remove_factors(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    auto self = own(call, form);
    if (!self) co_return self.error();
    commands::FactorRemoval removal;
    removal.bearer = self->browser;
    removal.proof = read_proof(form);
    auto refused = CommandError(refusals::kWrongPassword);
    if (form.finish()) {
        const auto done =
            co_await commands::remove_factor(call.services(), std::move(removal), std::move(self->caller));
        if (done) co_return back("factors");
        refused = done.error();
    }
    Response response = co_await show_fault(call, kRemoveFactorsForm, std::move(refused));
    co_return response;
}

Reply renew_codes(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    auto self = own(call, form);
    if (!self) co_return self.error();
    commands::OwnProof proof = read_proof(form);
    auto refused = CommandError(refusals::kWrongPassword);
    if (form.finish()) {
        const auto shown = co_await commands::renew_recovery_codes(call.services(), self->browser, std::move(proof),
                                                                   std::move(self->caller));
        if (shown) co_return show(call, 200, codes_page(shown->recovery_codes));
        refused = shown.error();
    }
    Response response = co_await show_fault(call, kRecoveryCodesForm, std::move(refused));
    co_return response;
}

// ---- sessions --------------------------------------------------------------------------------------------------
// One, or without a name all others.
Reply end_sessions(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    auto self = own(call, form);
    if (!self) co_return self.error();
    const auto named = form.optional_string("session", 36);
    const auto session_id = named ? SessionId::parse(*named) : std::nullopt;
    if (named && !session_id) co_return see_other("/account");
    auto& services = call.services();
    auto ended = session_id
                     ? commands::revoke_session(services, self->browser, *session_id, std::move(self->caller))
                     : commands::revoke_all_sessions(services, self->browser, commands::SessionsToKeep::kCurrentSession,
                                                     std::move(self->caller));
    const auto done = co_await std::move(ended);
    if (done) co_return back("sessions");
    Response response = co_await show_fault(call, kSessionsForm, done.error());
    co_return response;
}

// ---- the end ---------------------------------------------------------------------------------------------------
Reply erase(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    auto self = own(call, form);
    if (!self) co_return self.error();
    commands::ErasureRequest request;
    request.bearer = self->browser;
    request.current_password = form.required_secret("current_password", kMaxPasswordBytes);
    auto refused = CommandError(refusals::kWrongPassword);
    if (form.finish()) {
        const auto done =
            co_await commands::request_own_erasure(call.services(), std::move(request), std::move(self->caller));
        if (done && done->due_at.is_set()) co_return back("erasure");
        if (done) co_return without_browser(show(call, 200, {Text::kAccountErased, {Text::kCloseThisPage}}));
        refused = done.error();
    }
    Response response = co_await show_fault(call, kEraseForm, std::move(refused));
    co_return response;
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"showAccountPage", kGet, "/account", account, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"changePasswordByPage", kPost, "/account/password", change_password, kPasswords, kAnybody,
     {.input = Input::kBody}},
    {"addFactorByPage", kPost, "/account/factors", add_factor, kPasswords, kAnybody, {.input = Input::kBody}},
    {"confirmFactorByPage", kPost, "/account/factors/confirm", confirm_factor, kPasswords, kAnybody,
     {.input = Input::kBody}},
    {"addPasskeyByPage", kPost, "/account/passkeys", add_passkey, kPasswords, kAnybody, {.input = Input::kBody}},
    {"registerPasskeyByPage", kPost, "/account/passkeys/made", register_passkey, kPasswords, kAnybody,
     {.input = Input::kBody}},
    {"removeFactorsByPage", kPost, "/account/factors/remove", remove_factors, kPasswords, kAnybody,
     {.input = Input::kBody}},
    {"renewRecoveryCodesByPage", kPost, "/account/recovery-codes", renew_codes, kPasswords, kAnybody,
     {.input = Input::kBody}},
    {"endSessionsByPage", kPost, "/account/sessions/end", end_sessions, kOrdinary, kAnybody, {.input = Input::kBody}},
    {"eraseByPage", kPost, "/account/erase", erase, kPasswords, kAnybody, {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable account_page_routes() { return kRows; }

}  // namespace keyledger::api::routes
