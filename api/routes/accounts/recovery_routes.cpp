// Whoever lost their password, or was locked out, comes back by the mail of their address. Nobody learns by asking
// whether an address has an account: what is asked is answered alike, and what is wrong with a code is not told.
#include "api/routes/factors/read_factor.hpp"
#include "api/routes/mail_asks.hpp"
#include "api/routes/refusals.hpp"
#include "commands/credentials/reset_password.hpp"
#include "commands/credentials/unlock_by_mail.hpp"

namespace keyledger::api::routes {
namespace {

constexpr const char* kResetPath = "/account/reset-password";
constexpr const char* kUnlockPath = "/account/unlock";

// ---- a new password --------------------------------------------------------------------------------------------
Reply forgot_password(Call& call) {
    JsonFields body(call.request);
    auto ask = read_ask(body, ChallengePurpose::kResetPassword, call.request);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    const auto outcome = co_await commands::ask_challenge(call.services(), std::move(ask), caller_of(call.request));
    co_return asked(call.request, outcome);
}

Reply reset_password(Call& call) {
    JsonFields body(call.request);
    commands::PasswordReset reset;
    reset.presented = read_presented(body, ChallengePurpose::kResetPassword);
    reset.new_password = body.required_secret("new_password", kMaxPasswordBytes);
    reset.factor = read_factor(body, "factor_code");
    auto read = call.finish(body);
    if (!read) co_return read.error();
    const auto outcome = co_await commands::reset_password(call.services(), std::move(reset), caller_of(call.request));
    if (!outcome)
        co_return refuse_new_password(call.request, outcome.error(), "new_password",
                                      call.context.least_password_length);
    co_return no_content();
}

Page reset_page() { return {Text::kChooseNewPassword, {Text::kSessionsEndThen}}; }
Form reset_form(const Call& call) {
    return {"reset-password", Text::kSetPassword, {}, {new_password_field(call, "new_password")}};
}
constexpr std::string_view kFactorField = "second_factor";  // a code of an app, or a recovery code

Reply show_reset_page(Call& call) { co_return show_link_page(call, reset_page(), reset_form(call)); }

// The form again, with what was wrong, where another try may do.
std::optional<Response> ask_again(const Call& call, const commands::CommandError& error, const Secret& token,
                                  bool had_factor) {
    const bool wants_factor =
        error.refusal == refusals::kResetNeedsFactor || error.refusal == refusals::kWrongSecondFactor;
    const bool wants_none = error.refusal == refusals::kFactorUnknown;
    if (!wants_factor && !wants_none && error.refusal->kind != RefusalKind::kRejected) return std::nullopt;
    Page page = reset_page();
    page.fault = wants_factor && !had_factor ? Phrase(Text::kHasSecondFactor) : advice_of(call, error);
    page.form = reset_form(call);
    page.form->fields.front().is_faulty = !wants_factor;
    page.form->hidden.push_back({"token", std::string(token.reveal())});
    if (wants_factor || (had_factor && !wants_none)) {
        FormField field{std::string(kFactorField), Text::kCodeOrRecoveryCode, FormField::Kind::kFactor};
        field.is_faulty = wants_factor;
        page.form->fields.push_back(std::move(field));
    }
    return show(call, 422, page);
}

Reply reset_password_by_page(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    Secret token = form.required_secret("token", kMaxLinkTokenBytes);
    Secret new_password = form.required_secret("new_password", kMaxPasswordBytes);
    auto factor = form.optional_string(kFactorField, kMaxFactorCodeBytes);
    if (!form.finish()) co_return show_refusal(call, refusals::kNotProven);
    const bool has_factor = factor.has_value();
    commands::PasswordReset reset;
    reset.presented.purpose = ChallengePurpose::kResetPassword;
    reset.presented.link = token.clone();
    reset.new_password = std::move(new_password);
    if (has_factor) reset.factor = typed_factor(Secret::take(std::move(*factor)));
    const auto outcome = co_await commands::reset_password(call.services(), std::move(reset), caller_of(call.request));
    if (outcome) {
        const Page done{Text::kPasswordChanged, {Text::kLogInWithNewOne}};
        co_return show(call, 200, done);
    }
    auto again = ask_again(call, outcome.error(), token, has_factor);
    if (again) co_return std::move(*again);
    co_return show_refusal(call, outcome.error());
}

// ---- an account that guesses have closed -----------------------------------------------------------------------
Reply ask_to_unlock(Call& call) {
    JsonFields body(call.request);
    auto ask = read_ask(body, ChallengePurpose::kUnlock, call.request);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    const auto outcome = co_await commands::ask_challenge(call.services(), std::move(ask), caller_of(call.request));
    co_return asked(call.request, outcome);
}

Reply show_unlock_page(Call& call) {
    Page page{Text::kOpenAccount, {Text::kOpenAccountMeans}};
    co_return show_link_page(call, std::move(page), {"unlock", Text::kOpenIt});
}

commands::Answer<commands::Receipt> unlock_by_link(commands::Services& services, const Secret& link,
                                                   commands::Caller caller) {
    commands::Presented presented;
    presented.purpose = ChallengePurpose::kUnlock;
    presented.link = link.clone();
    return commands::unlock_by_mail(services, std::move(presented), std::move(caller));
}

Reply unlock_account(Call& call) { return answer_link(call, unlock_by_link); }

Reply unlock_by_page(Call& call) {
    return press_button(call, unlock_by_link, {Text::kAccountOpen, {Text::kLogInWithPassword}});
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"forgotPassword", kPost, "/api/v1/auth/forgot-password", forgot_password, kOrdinary, kAnybody,
     {.input = Input::kBody}},
    {"resetPassword", kPost, "/api/v1/auth/reset-password", reset_password, kPasswords, kAnybody,
     {.input = Input::kBody}},
    {"showResetPage", kGet, kResetPath, show_reset_page, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"resetPasswordByPage", kPost, kResetPath, reset_password_by_page, kPasswords, kAnybody, {.input = Input::kBody}},
    {"askToUnlock", kPost, "/api/v1/auth/unlock", ask_to_unlock, kOrdinary, kAnybody, {.input = Input::kBody}},
    {"unlockAccount", kPost, "/api/v1/auth/unlock/confirm", unlock_account, kOrdinary, kAnybody,
     {.input = Input::kBody}},
    {"showUnlockPage", kGet, kUnlockPath, show_unlock_page, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"unlockByPage", kPost, kUnlockPath, unlock_by_page, kOrdinary, kAnybody, {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable recovery_routes() { return kRows; }

}  // namespace keyledger::api::routes
