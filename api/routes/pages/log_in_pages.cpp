// The pages on the way to a code: log in, second factor, consent. They change nothing of the request that they belong
// to, and go back to it.
#include <algorithm>

#include "api/routes/call.hpp"
#include "api/routes/factors/read_factor.hpp"
#include "api/routes/oauth/authorization_answer.hpp"
#include "api/routes/pages/browser.hpp"
#include "api/routes/pages/logged_in.hpp"
#include "api/routes/pages/passkey_forms.hpp"
#include "api/routes/pages/scope_phrases.hpp"
#include "api/routes/pages/showing.hpp"
#include "api/routes/refusals.hpp"
#include "commands/account_services.hpp"
#include "commands/authorization/authorize.hpp"
#include "commands/factors/factors_at_log_in.hpp"
#include "commands/sessions/half_log_in.hpp"
#include "commands/sessions/log_in.hpp"
#include "commands/sessions/log_in_by_passkey.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::api::routes {
namespace {

using commands::AuthorizationFlow;
using commands::CommandError;

// A flow as it came with a page, and what it says.
struct Flow {
    std::string sealed;
    AuthorizationFlow opened;
};
std::optional<Flow> read_flow(Call& call, FormFields& fields) {
    Flow flow;
    flow.sealed = fields.required_string("flow", kMaxFlowBytes);
    auto opened = flow_of(call.context, call.request, flow.sealed);
    if (!opened) return std::nullopt;
    flow.opened = std::move(*opened);
    return flow;
}
std::optional<std::string_view> half_of(const Call& call, const std::optional<Flow>& flow) {
    return flow ? half_log_in_of(call.request, flow->sealed) : std::nullopt;
}
Response go_on(const Flow& flow) { return see_other("/oauth2/authorize/continue?flow=" + flow.sealed); }

Page page_of(const Flow& flow, Phrase title, std::string action, Phrase button) {
    Page page{std::move(title)};
    page.form = Form{std::move(action), std::move(button), {{"flow", flow.sealed}}};
    page.language = language_of_locales(flow.opened.request.ui_locales);
    page.leads_to = origin_of(flow.opened.request.redirect_uri);
    dress(page, flow.opened);
    return page;
}

// ---- logging in ------------------------------------------------------------------------------------------------
Page log_in_page(Call& call, const Flow& flow, std::string identifier) {
    Page page = page_of(flow, Text::kLogIn, "/login", Text::kLogIn);
    page.links = ways_by_providers(call, flow.sealed);
    page.application = flow.opened.application_name;
    // Of everybody the same is asked, for this browser alone.
    const auto passkey = commands::ask_for_passkey(call.services(), flow.opened.browser);
    const auto kind = passkey ? FormField::Kind::kUsernameOrPasskey : FormField::Kind::kUsername;
    page.form->fields.push_back({"identifier", Text::kIdentifier, kind, std::move(identifier)});
    if (passkey) add_passkey_form(page, "/login/passkey", *passkey, {{"flow", flow.sealed}});
    page.form->fields.push_back({"password", Text::kPassword, FormField::Kind::kPassword});
    page.form->fields.back().is_faulty = true;
    const std::string along = "?flow=" + flow.sealed;
    if (call.services().accounts.log_in_by_mail.by_code)
        page.links.push_back({"/login/mail" + along, Text::kLogInByMail});
    if (call.services().accounts.log_in_by_mail.by_link)
        page.links.push_back({"/login/mail/link" + along, Text::kLogInByLink});
    page.links.push_back({"/forgot-password" + along, Text::kForgotPassword});
    page.links.push_back({"/register" + along, Text::kRegister});
    return page;
}

Reply show_log_in(Call& call) {
    // A bookmark, on the way to no application.
    if (std::ranges::find(call.request.query, "flow", &Parameter::name) == call.request.query.end())
        co_return see_other("/account");
    FormFields query = FormFields::of_query_as_form(call.request);
    const auto flow = read_flow(call, query);
    if (!flow) co_return took_too_long(call);
    Response page = show(call, 200, log_in_page(call, *flow, flow->opened.request.login_hint));
    co_return without_what_was_left(call.request, std::move(page));
}

// What a refusal becomes on a page that can be sent again; what nobody can do anything about stays a problem.
Response show_again(Call& call, Page page, const CommandError& error) {
    const int status = status_of(error.refusal->kind);
    if (status >= 429) return refuse(call, error);
    page.fault = advice_of(call, error);
    return show(call, 400, page);
}

Reply log_in_by_page(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    const auto flow = read_flow(call, form);
    const std::string identifier = form.required_string("identifier", kMaxTypedUsernameBytes);
    commands::LogIn login;
    login.password = form.required_secret("password", kMaxPasswordBytes);
    login.client = browser_client();
    if (!flow) co_return took_too_long(call);
    const bool is_whole = form.finish().has_value();
    Page page = log_in_page(call, *flow, identifier);
    if (!is_whole) co_return show_again(call, std::move(page), CommandError(refusals::kInvalidCredentials));
    (identifier.find('@') == std::string::npos ? login.username : login.email) = identifier;
    auto grant = co_await commands::log_in(call.services(), std::move(login), caller_of(call.request));
    if (!grant) {
        auto on = to_what_is_missing(grant.error(), flow->sealed);
        if (on) co_return std::move(*on);
        co_return show_again(call, std::move(page), grant.error());
    }
    Response response = co_await logged_in(call, go_on(*flow), *grant);
    co_return response;
}

Reply log_in_by_passkey_page(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    const auto flow = read_flow(call, form);
    commands::PasskeyLogIn log_in;
    log_in.answer = read_passkey_form(form);
    log_in.client = browser_client();
    if (!flow) co_return took_too_long(call);
    log_in.asker = flow->opened.browser;
    auto refused = CommandError(refusals::kPasskeyNotProven);
    if (form.finish()) {
        auto grant = co_await commands::log_in_by_passkey(call.services(), std::move(log_in), caller_of(call.request));
        if (grant) {
            Response response = co_await logged_in(call, go_on(*flow), *grant);
            co_return response;
        }
        refused = grant.error();
    }
    co_return show_again(call, log_in_page(call, *flow, {}), refused);
}

// ---- second factor ---------------------------------------------------------------------------------------------
// A recovery code has letters, for which a keyboard of digits is of no use.
enum class Typed { kDigits, kLetters };
Page factor_page(const Flow& flow, Typed typed, const commands::FactorsAtLogIn& held) {
    Page page = page_of(flow, Text::kSecondFactor, "/login/factor", Text::kContinue);
    page.application = flow.opened.application_name;
    const std::string here = "/login/factor?flow=" + flow.sealed;
    if (typed == Typed::kLetters || (!held.has_app && !held.passkey)) {
        page.sentences = {Text::kEnterRecoveryCode};
        page.form->fields.push_back({"code", Text::kRecoveryCode, FormField::Kind::kFactor});
        if (held.has_app) page.links = {{here, Text::kUseApp}};
    } else {
        page.sentences = {held.has_app ? Text::kEnterCodeOfApp : Text::kConfirmByPasskey};
        page.form->fields.push_back({"code", Text::kCode, FormField::Kind::kCode});
        page.links = {{here + "&by=recovery", Text::kUseRecoveryCode}};
        if (!held.has_app) page.form.reset();
    }
    if (page.form) page.form->fields.back().is_faulty = true;
    if (held.passkey) add_passkey_form(page, "/login/factor/passkey", *held.passkey, {{"flow", flow.sealed}});
    return page;
}
// With what they have. Whoever is not half-way in, or of whom nothing can be read now, is told of nobody's factors.
boost::asio::awaitable<Page> factor_page_of(Call& call, const Flow& flow, Typed typed) {
    commands::FactorsAtLogIn held;
    held.has_app = true;
    if (const auto half = half_log_in_of(call.request, flow.sealed)) {
        auto found = co_await commands::factors_at_log_in(call.services(), Secret(*half), caller_of(call.request));
        if (found) held = std::move(*found);
    }
    co_return factor_page(flow, typed, held);
}
Reply show_factor_again(Call& call, const Flow& flow, Typed typed, CommandError refused) {
    if (refused.refusal == refusals::kHalfLoginOver) co_return see_other("/login?flow=" + flow.sealed);
    if (status_of(refused.refusal->kind) >= 429) co_return refuse(call, refused);
    Page page = co_await factor_page_of(call, flow, typed);
    co_return show_again(call, std::move(page), refused);
}

Reply show_factor(Call& call) {
    FormFields query = FormFields::of_query_as_form(call.request);
    const std::string by = query.optional_string("by", 16).value_or("");
    const auto flow = read_flow(call, query);
    if (!flow) co_return took_too_long(call);
    const Typed typed = by == "recovery" ? Typed::kLetters : Typed::kDigits;
    const Page page = co_await factor_page_of(call, *flow, typed);
    co_return show(call, 200, page);
}

Reply factor_by_passkey_page(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    const auto flow = read_flow(call, form);
    commands::SecondStep second;
    second.present = {ProofMethod::kPasskey, Secret(), read_passkey_form(form)};
    const auto half = half_of(call, flow);
    if (!flow || !half) co_return took_too_long(call);
    auto refused = CommandError(refusals::kWrongPasskey);
    if (form.finish()) {
        second.token = Secret(*half);
        auto completed =
            co_await commands::complete_log_in(call.services(), std::move(second), caller_of(call.request));
        if (completed) {
            Response response = co_await logged_in(call, go_on(*flow), completed->grant);
            co_return response;
        }
        refused = completed.error();
    }
    Response again = co_await show_factor_again(call, *flow, Typed::kDigits, std::move(refused));
    co_return again;
}

Reply factor_by_page(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    const auto flow = read_flow(call, form);
    commands::SecondStep second;
    second.present = typed_factor(form.required_secret("code", kMaxFactorCodeBytes));
    const Typed typed = second.present.method == ProofMethod::kTotp ? Typed::kDigits : Typed::kLetters;
    const auto half = half_of(call, flow);
    if (!flow || !half) co_return took_too_long(call);
    auto refused = CommandError(refusals::kWrongSecondFactor);
    if (form.finish().has_value()) {
        second.token = Secret(*half);
        auto completed =
            co_await commands::complete_log_in(call.services(), std::move(second), caller_of(call.request));
        if (completed) {
            Response response = co_await logged_in(call, go_on(*flow), completed->grant);
            co_return response;
        }
        refused = completed.error();
    }
    Response again = co_await show_factor_again(call, *flow, typed, std::move(refused));
    co_return again;
}

// ---- consent ---------------------------------------------------------------------------------------------------
// Of the session in which it is shown: who is logged in when its button is pressed is who was asked. Anybody's
// application may have the name of another one: where its answer goes can't be made up.
Page consent_page(Call& call, const Flow& flow, const commands::Bearer& browser) {
    const AuthorizationRequest& request = flow.opened.request;
    const std::string& name = flow.opened.application_name;
    Page page = page_of(flow, Phrase(Text::kAsks, name), "/consent", Text::kAllow);
    page.sentences = {Phrase(Text::kGoesOnAt, page.leads_to), Phrase(Text::kWouldLikeTo, name)};
    page.items = phrases_of(request.scope, request.resources);
    page.form->hidden.push_back({"decision", "allow"});
    page.form->hidden.push_back(form_token(call.context, browser));
    Form deny{"/consent", Text::kCancel, {{"flow", flow.sealed}, {"decision", "deny"}}};
    deny.look = Form::Look::kOther;
    page.more_forms.push_back(std::move(deny));
    return page;
}

Reply show_consent(Call& call) {
    FormFields query = FormFields::of_query_as_form(call.request);
    const auto flow = read_flow(call, query);
    if (!flow) co_return took_too_long(call);
    const auto browser = browser_of(call.context, call.request);
    if (!browser || flow->opened.request.application_id == ApplicationId{}) co_return go_on(*flow);
    co_return show(call, 200, consent_page(call, *flow, *browser));
}

Reply consent_by_page(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    const auto flow = read_flow(call, form);
    const std::string decision = form.required_string("decision", 8);
    const auto browser = browser_of(call.context, call.request);
    const bool is_theirs = browser && has_form_token(call.context, form, *browser);
    if (!flow || !form.finish().has_value()) co_return took_too_long(call);
    const AuthorizationRequest& request = flow->opened.request;
    if (!browser || request.application_id == ApplicationId{}) co_return go_on(*flow);
    if (decision != "allow") {
        auto view = co_await commands::view_authorization(call.services(), request.application_id, browser,
                                                          call.request.deadline);
        if (!view) co_return refuse(call, view.error());
        if (!redirect_uri_matches(view->application, request.redirect_uri)) co_return took_too_long(call);
        co_return authorization_error(call, request, "access_denied", "The user did not agree.");
    }
    if (!is_theirs) {
        Page page = consent_page(call, *flow, *browser);
        page.fault = Text::kNotTheSameBrowser;
        co_return show(call, 400, page);
    }
    auto given = co_await commands::give_consent(call.services(), *browser, request, caller_of(call.request));
    if (!given && given.error().refusal != refusals::kInvalidToken) co_return refuse(call, given.error());
    co_return go_on(*flow);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"showLogInPage", kGet, "/login", show_log_in, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"logInByPage", kPost, "/login", log_in_by_page, kPasswords, kAnybody, {.input = Input::kBody}},
    {"showFactorPage", kGet, "/login/factor", show_factor, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"factorByPage", kPost, "/login/factor", factor_by_page, kPasswords, kAnybody, {.input = Input::kBody}},
    {"logInByPasskeyPage", kPost, "/login/passkey", log_in_by_passkey_page, kPasswords, kAnybody,
     {.input = Input::kBody}},
    {"factorByPasskeyPage", kPost, "/login/factor/passkey", factor_by_passkey_page, kPasswords, kAnybody,
     {.input = Input::kBody}},
    {"showConsentPage", kGet, "/consent", show_consent, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"consentByPage", kPost, "/consent", consent_by_page, kOrdinary, kAnybody, {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable log_in_page_routes() { return kRows; }

}  // namespace keyledger::api::routes
