// Log-in by a link that comes by mail, at the log-in page. The link is good in the browser alone that asked for it:
// that keeps the handle of the ask, without which a link proves nothing, and the request to which it goes back. So
// neither who reads the mail elsewhere nor who sends somebody a link of their own gets a session by it. Opening a link
// does nothing, for scanners of mail do, too: its button does.
#include "api/routes/mail_asks.hpp"
#include "api/routes/oauth/authorization_answer.hpp"
#include "api/routes/pages/logged_in.hpp"
#include "api/routes/pages/way.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/cookies.hpp"
#include "api/wire/field_values.hpp"
#include "commands/account_services.hpp"
#include "commands/sessions/half_log_in.hpp"
#include "commands/sessions/log_in_by_mail.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::api::routes {
namespace {

using commands::CommandError;

constexpr const char* kAskPath = "/login/mail/link";
constexpr const char* kLinkPath = "/account/log-in";
constexpr int kFaulty = 400;

constexpr std::string_view kAskCookie = "__Host-keyledger-mail";
constexpr std::string_view kFlowCookie = "__Host-keyledger-mail-flow";
// Beside what else a browser keeps and sends, which all has to fit into one header.
constexpr std::size_t kMaxKeptFlowBytes = 3'000;

// ---- what the browser keeps of it --------------------------------------------------------------------------------
// Both go, or both are kept.
Response with_ask(Response response, const std::string& handle, const std::string& flow, std::chrono::seconds kept) {
    response.headers.add("Set-Cookie", host_cookie(kAskCookie, handle, kept));
    response.headers.add("Set-Cookie", host_cookie(kFlowCookie, flow, kept));
    return response;
}
Response without_ask(Response response) { return with_ask(std::move(response), "", "", std::chrono::seconds(0)); }

struct OwnAsk {
    std::string handle;
    Way way;  // with its flow
};
// nullopt: this browser asked for none, too long ago, or has used it.
std::optional<OwnAsk> ask_of(Call& call) {
    const auto handle = cookie_of(call.request.headers, kAskCookie);
    const auto flow = cookie_of(call.request.headers, kFlowCookie);
    if (!handle || handle->size() > kMaxHandleBytes || !flow || flow->size() > kMaxKeptFlowBytes) return std::nullopt;
    OwnAsk ask{std::string(*handle), {std::string(*flow), flow_of(call.context, call.request, *flow)}};
    if (!ask.way.flow) return std::nullopt;
    return ask;
}

// ---- asking ----------------------------------------------------------------------------------------------------
Page ask_page(const Way& way) {
    Page page{Text::kLogInByLink, {Text::kLogInByLinkMeans}};
    page.form = Form{kAskPath, Text::kSendMail};
    page.form->fields = {{"email", Text::kEmail, FormField::Kind::kEmail, way.flow->request.login_hint}};
    page.links = links_to_log_in(way);
    return on_the_way(way, std::move(page));
}

Response ask_again(Call& call, const Way& way, std::string typed, const CommandError& error) {
    if (status_of(error.refusal->kind) >= 429) return refuse(call, error);
    Page page = ask_page(way);
    page.fault = advice_of(call, error);
    page.form->fields.front().value = std::move(typed);
    page.form->fields.front().is_faulty = true;
    return show(call, kFaulty, page);
}

Reply show_ask(Call& call) {
    FormFields query = FormFields::of_query_as_form(call.request);
    const Way way = way_of(call, query);
    if (!way.flow) co_return took_too_long(call);
    co_return show(call, 200, ask_page(way));
}

// The same for every address (I14).
Reply ask(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    const Way way = way_of(call, form);
    commands::ChallengeAsk wish;
    wish.purpose = ChallengePurpose::kLogInByLink;
    wish.email = form.required_string("email", kMaxTypedUsernameBytes);
    wish.language = preferred_language(call.request.headers);
    if (!way.flow) co_return took_too_long(call);
    Page page{Text::kLogInByLink, {Text::kRequestTooLongForLink}};
    page.links = links_to_log_in(way);
    if (way.sealed.size() > kMaxKeptFlowBytes) co_return show(call, kFaulty, on_the_way(way, std::move(page)));
    const std::string typed = wish.email;
    if (!form.finish()) co_return ask_again(call, way, typed, CommandError(refusals::kInvalidEmail));
    const auto asked = co_await commands::ask_log_in_by_mail(call.services(), std::move(wish), caller_of(call.request));
    if (!asked) co_return ask_again(call, way, typed, asked.error());
    page.title = Text::kLookIntoYourMail;
    page.sentences = {Text::kLinkOfLogIn};
    const std::chrono::seconds kept((asked->expires_at - call.services().clock.now()).whole_seconds_up());
    co_return with_ask(show(call, 200, on_the_way(way, std::move(page))), asked->handle, way.sealed, kept);
}

// ---- the link --------------------------------------------------------------------------------------------------
// It is shown, or stands in a form: nobody makes this page say a sentence of theirs.
bool is_token(std::string_view text) {
    constexpr std::string_view kOfTokens = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return text.find_first_not_of(kOfTokens) == std::string_view::npos;
}

Page asked_here_page(const Way& way, const std::string& token) {
    Page page{Text::kLogInByTheLink, {Text::kPressToLogIn}};
    page.form = Form{"log-in", Text::kLogIn, {{"token", token}}};
    page.language = language_of_locales(way.flow->request.ui_locales);
    page.application = way.flow->application_name;
    page.leads_to = origin_of(way.flow->request.redirect_uri);
    dress(page, *way.flow);
    return page;
}
// The token by itself opens nothing: an application that asked for it has the handle.
Page asked_elsewhere_page(const std::string& token) {
    Page page{Text::kLogInWhereAsked, {Text::kLinkIsForThatBrowser, Text::kMailIsGoodWhereAsked}};
    page.shown_secret = token;
    page.links = links_to_log_in({});
    return page;
}

Reply show_link(Call& call) {
    FormFields query = FormFields::of_query(call.request);
    const std::string token = query.required_string("token", kMaxLinkTokenBytes);
    if (!query.finish() || !is_token(token)) co_return show_refusal(call, refusals::kNotProven);
    const auto own = ask_of(call);
    co_return show(call, 200, own ? asked_here_page(own->way, token) : asked_elsewhere_page(token));
}

Response refuse_link(Call& call, const Way& way, const CommandError& error) {
    if (status_of(error.refusal->kind) >= 429) return refuse(call, error);
    Page page{title_of(error), {advice_of(call, error)}};
    page.links = {{along(way, "/login"), Text::kLogInAgain}};
    return show(call, kFaulty, on_the_way(way, std::move(page)));
}

Reply log_in_by_link(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    commands::MailedLogIn log_in;
    log_in.presented.purpose = ChallengePurpose::kLogInByLink;
    log_in.presented.link = form.required_secret("token", kMaxLinkTokenBytes);
    log_in.client = browser_client();
    if (!form.finish()) co_return show_refusal(call, refusals::kNotProven);
    const auto own = ask_of(call);
    if (!own) {
        Page page{Text::kLogInWhereAsked, {Text::kLinkIsForThatBrowser}};
        page.links = links_to_log_in({});
        co_return show(call, kFaulty, page);
    }
    log_in.presented.handle = Secret(own->handle);
    auto grant = co_await commands::log_in_by_mail(call.services(), std::move(log_in), caller_of(call.request));
    if (!grant) {
        auto on = to_what_is_missing(grant.error(), own->way.sealed);
        if (on) co_return without_ask(std::move(*on));
        co_return refuse_link(call, own->way, grant.error());
    }
    Response on = see_other("/oauth2/authorize/continue?flow=" + own->way.sealed);
    Response response = co_await logged_in(call, std::move(on), *grant);
    co_return without_ask(std::move(response));
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"showLinkLogInPage", kGet, kAskPath, show_ask, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"askLinkLogInByPage", kPost, kAskPath, ask, kOrdinary, kAnybody, {.input = Input::kBody}},
    {"showMagicLinkPage", kGet, kLinkPath, show_link, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"logInByLinkByPage", kPost, kLinkPath, log_in_by_link, kPasswords, kAnybody, {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable link_page_routes() { return kRows; }

}  // namespace keyledger::api::routes
