// Log-out that an application asks for (OpenID Connect RP-Initiated Logout 1.0): a page asks whether it is meant, for
// anybody can send a browser here. What began in the browser's session ends with it.
#include "api/routes/call.hpp"
#include "api/routes/oauth/authorization_answer.hpp"
#include "api/routes/pages/browser.hpp"
#include "api/routes/pages/showing.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/text.hpp"
#include "commands/authorization/authorize.hpp"
#include "commands/sessions/end_sessions.hpp"

namespace keyledger::api::routes {
namespace {

struct LogOut {
    std::optional<ApplicationId> application_id;
    std::string redirect_uri;  // empty: nowhere
    std::string state;
    std::string ui_locales;
};

// By the hint or by `client_id`; where they differ, by neither (section 2).
LogOut read_log_out(Call& call, FormFields& fields) {
    LogOut asked;
    const std::string hint = fields.optional_string("id_token_hint", kMaxTokenBytes).value_or("");
    const std::string client_id = fields.optional_string("client_id", kMaxResourceBytes).value_or("");
    asked.redirect_uri = fields.optional_string("post_logout_redirect_uri", kMaxResourceBytes).value_or("");
    asked.state = fields.optional_string("state", kMaxStateBytes).value_or("");
    const auto shown = hint.empty() ? std::nullopt : call.context.tokens.read_id_token(hint);
    asked.ui_locales = fields.optional_string("ui_locales", kMaxStateBytes).value_or("");
    const bool differ = !hint.empty() && (!shown || (!client_id.empty() && shown->client_id != client_id));
    if (!differ) asked.application_id = ApplicationId::parse(shown ? shown->client_id : client_id);
    return asked;
}

boost::asio::awaitable<Result<bool, commands::CommandError>> may_go_to(Call& call, const LogOut& asked) {
    if (asked.redirect_uri.empty()) co_return true;
    if (!asked.application_id) co_return false;
    auto view = co_await commands::view_authorization(call.services(), *asked.application_id, std::nullopt,
                                                      call.request.deadline);
    if (!view) co_return Unexpected(view.error());
    co_return view->application.status ==
        Application::Status::kEnabled&& post_logout_redirect_uri_matches(view->application, asked.redirect_uri);
}

Response not_known(const Call& call) { return show(call, 400, {Text::kLinkDoesNotWork, {Text::kLogOutNotKnown}}); }

Reply log_out_by_query(Call& call) {
    FormFields fields = FormFields::of_query_as_form(call.request);
    const LogOut asked = read_log_out(call, fields);
    const auto trusted = co_await may_go_to(call, asked);
    if (!trusted) co_return refuse(call, trusted.error());
    if (!*trusted) co_return not_known(call);
    Page page{Text::kLogOut, {Text::kLogOutMeans}};
    page.language = language_of_locales(asked.ui_locales);
    page.form = Form{"/logout", Text::kLogOut};
    if (const auto browser = browser_of(call.context, call.request))
        page.form->hidden.push_back(form_token(call.context, *browser));
    if (asked.application_id) page.form->hidden.push_back({"client_id", asked.application_id->to_string()});
    if (!asked.redirect_uri.empty()) {
        page.form->hidden.push_back({"post_logout_redirect_uri", asked.redirect_uri});
        page.leads_to = origin_of(asked.redirect_uri);
    }
    if (!asked.state.empty()) page.form->hidden.push_back({"state", asked.state});
    co_return show(call, 200, page);
}

void put(std::string& query, std::string_view name, const std::string& value) {
    if (!value.empty()) query.append(query.empty() ? "" : "&").append(name).append("=").append(percent_encoded(value));
}

// A POST from another site brings no cookies: the browser is sent here once more, by GET. The hint has been read.
Reply log_out_by_form(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    if (form.fault()) co_return show(call, 400, {Text::kLinkDoesNotWork, {Text::kRequestMalformed}});
    const LogOut asked = read_log_out(call, form);
    const auto trusted = co_await may_go_to(call, asked);
    if (!trusted) co_return refuse(call, trusted.error());
    if (!*trusted) co_return not_known(call);
    std::string query;
    if (asked.application_id) put(query, "client_id", asked.application_id->to_string());
    put(query, "post_logout_redirect_uri", asked.redirect_uri);
    put(query, "state", asked.state);
    put(query, "ui_locales", asked.ui_locales);
    co_return see_other(with_query("/oauth2/logout", query));
}

// The button. No form of another site brings the cookie (SameSite=Lax), so that it can't log anybody out; one of a
// sibling of this site does, and has no token.
Reply log_out_by_page(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    if (form.fault()) co_return show(call, 400, {Text::kLinkDoesNotWork, {Text::kRequestMalformed}});
    const LogOut asked = read_log_out(call, form);
    const auto trusted = co_await may_go_to(call, asked);
    if (!trusted) co_return refuse(call, trusted.error());
    if (!*trusted) co_return not_known(call);
    const auto browser = browser_of(call.context, call.request);
    if (browser && !has_form_token(call.context, form, *browser))
        co_return show(call, 400, {Text::kLinkDoesNotWork, {Text::kLogOutByOther}});
    if (browser) {
        commands::Caller caller = caller_of(call.request).acting_as(browser->user_id);
        caller.session_id = browser->session_id;
        auto ended = co_await commands::log_out(call.services(), *browser, std::move(caller));
        if (!ended && ended.error().refusal != refusals::kInvalidToken) co_return refuse(call, ended.error());
    }
    const std::string state = asked.state.empty() ? "" : "state=" + percent_encoded(asked.state);
    Response done = asked.redirect_uri.empty() ? show(call, 200, {Text::kLoggedOut, {Text::kCloseThisPage}})
                                               : see_other(with_query(asked.redirect_uri, state));
    // A form of another site came without the cookie, and does not take it away.
    if (browser) done = without_browser(std::move(done));
    co_return done;
}

using enum Method;
using enum RateLimit;
using enum Authentication;

constexpr const char* kEndpoint = "/oauth2/logout";

// clang-format off
constexpr RouteRow kRows[] = {
    {"endSession", kGet, kEndpoint, log_out_by_query, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"endSessionByForm", kPost, kEndpoint, log_out_by_form, kOrdinary, kAnybody, {.input = Input::kBody}},
    {"logOutByPage", kPost, "/logout", log_out_by_page, kOrdinary, kAnybody, {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable log_out_routes() { return kRows; }

}  // namespace keyledger::api::routes
