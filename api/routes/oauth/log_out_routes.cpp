// Log-out that an application asks for (OpenID Connect RP-Initiated Logout 1.0): a page asks whether it is meant, for
// anybody can send a browser here. What began in the browser's session ends with it.
#include "api/pages/page.hpp"
#include "api/routes/call.hpp"
#include "api/routes/oauth/authorization_answer.hpp"
#include "api/routes/pages/browser.hpp"
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
};

// By the hint or by `client_id`; where they differ, by neither (section 2).
LogOut read_log_out(Call& call, FormFields fields) {
    LogOut asked;
    const std::string hint = fields.optional_string("id_token_hint", kMaxTokenBytes).value_or("");
    const std::string client_id = fields.optional_string("client_id", kMaxResourceBytes).value_or("");
    asked.redirect_uri = fields.optional_string("post_logout_redirect_uri", kMaxResourceBytes).value_or("");
    asked.state = fields.optional_string("state", kMaxStateBytes).value_or("");
    const auto shown = hint.empty() ? std::nullopt : call.context.tokens.read_id_token(hint);
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

Response not_known() {
    return show(400,
                {"This link does not work",
                 {"The application that sent you here did not register where it wants you to go when you are logged "
                  "out. You are still logged in."}});
}

Reply ask(Call& call, FormFields fields) {
    const LogOut asked = read_log_out(call, std::move(fields));
    const auto trusted = co_await may_go_to(call, asked);
    if (!trusted) co_return refuse(call, trusted.error());
    if (!*trusted) co_return not_known();
    Page page{"Log out", {"You are logged out here, and of every application that you opened from here."}};
    page.form = Form{"/logout", "Log out", {}, {}};
    if (asked.application_id) page.form->hidden.push_back({"client_id", asked.application_id->to_string()});
    if (!asked.redirect_uri.empty()) {
        page.form->hidden.push_back({"post_logout_redirect_uri", asked.redirect_uri});
        page.leads_to = origin_of(asked.redirect_uri);
    }
    if (!asked.state.empty()) page.form->hidden.push_back({"state", asked.state});
    co_return show(200, page);
}

Reply log_out_by_query(Call& call) {
    Response response = co_await ask(call, FormFields::of_query_as_form(call.request));
    co_return response;
}
Reply log_out_by_form(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    if (const auto fault = form.fault()) co_return show(400, {"This link does not work", {*fault}});
    Response response = co_await ask(call, std::move(form));
    co_return response;
}

// The button. No form of another site brings the cookie (SameSite=Lax), so that it can't log anybody out.
Reply log_out_by_page(Call& call) {
    // Nor does one of a sibling of this site, for which a browser sends the cookie (Fetch Metadata).
    const auto from = call.request.header("Sec-Fetch-Site");
    if (from && *from != "same-origin" && *from != "none") co_return not_known();
    FormFields form = FormFields::of_body(call.request);
    if (const auto fault = form.fault()) co_return show(400, {"This link does not work", {*fault}});
    const LogOut asked = read_log_out(call, std::move(form));
    const auto trusted = co_await may_go_to(call, asked);
    if (!trusted) co_return refuse(call, trusted.error());
    if (!*trusted) co_return not_known();
    const auto browser = browser_of(call.context, call.request);
    if (browser) {
        commands::Caller caller = caller_of(call.request).acting_as(browser->user_id);
        caller.session_id = browser->session_id;
        auto ended = co_await commands::log_out(call.services(), *browser, std::move(caller));
        if (!ended && ended.error().refusal != refusals::kInvalidToken) co_return refuse(call, ended.error());
    }
    const std::string state = asked.state.empty() ? "" : "state=" + percent_encoded(asked.state);
    Response done = asked.redirect_uri.empty() ? show(200, {"You are logged out", {"You can close this page."}})
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
