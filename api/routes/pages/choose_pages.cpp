// The page on which somebody says as whom they go on, where an application leaves it to them or asks for somebody else.
// A browser has one session: another account takes its place when somebody logs in with it, not before.
#include "api/routes/oauth/authorization_answer.hpp"
#include "api/routes/pages/way.hpp"
#include "api/routes/refusals.hpp"
#include "commands/access/answers_at_head.hpp"
#include "domain/authorization/authorize.hpp"

namespace keyledger::api::routes {
namespace {

constexpr const char* kPath = "/login/choose";

Response go_on(const std::string& sealed) { return see_other("/oauth2/authorize/continue?flow=" + sealed); }

// Two accounts of one person may have one name.
std::string name_of(const User& user) {
    if (user.name) return user.email ? *user.name + " (" + *user.email + ")" : *user.name;
    return user.username ? *user.username : user.email.value_or("");
}

Page choose_page(Call& call, const Way& way, const commands::Bearer& browser, const User& user) {
    const AuthorizationRequest& request = way.flow->request;
    const std::string name = name_of(user);
    Page page{Text::kChooseAccount, {Phrase(Text::kLoggedInHereAs, name)}};
    if (may_be_chosen(request, browser.user_id))
        page.form = Form{kPath, Phrase(Text::kContinueAs, name), {form_token(call.context, browser)}};
    else page.sentences.emplace_back(Text::kSomebodyElseIsAskedFor, way.flow->application_name);
    page.sentences.emplace_back(Text::kAnotherAccountMeans, name);
    page.links = {{along(way, "/login"), Text::kUseAnotherAccount}};
    page.leads_to = origin_of(request.redirect_uri);
    return on_the_way(way, std::move(page));
}

Reply show_choose(Call& call) {
    FormFields query = FormFields::of_query_as_form(call.request);
    const Way way = way_of(call, query);
    if (!way.flow) co_return took_too_long(call);
    const auto browser = browser_of(call.context, call.request);
    if (!browser) co_return go_on(way.sealed);
    const auto known = co_await commands::bearer_at_head(call.services(), *browser, call.request.deadline);
    if (!known && known.error().refusal == refusals::kInvalidToken) co_return go_on(way.sealed);
    if (!known) co_return refuse(call, known.error());
    co_return show(call, 200, choose_page(call, way, *browser, known->user));
}

// It is said in the request that is carried along, of the session in whose page it was said. Whatever else it needs is
// asked where it goes on.
Reply choose(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    const Way way = way_of(call, form);
    const auto browser = browser_of(call.context, call.request);
    const bool is_theirs = browser && has_form_token(call.context, form, *browser);
    if (!way.flow) co_return took_too_long(call);
    if (!browser) co_return go_on(way.sealed);
    if (!is_theirs) co_return see_other(along(way, kPath));
    commands::AuthorizationFlow chosen = *way.flow;
    chosen.chosen = browser->session_id;
    const auto sealed = commands::seal_flow(sealed_by(call.context), chosen);
    if (!sealed) co_return took_too_long(call);
    co_return go_on(*sealed);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"showChoosePage", kGet, kPath, show_choose, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"chooseByPage", kPost, kPath, choose, kOrdinary, kAnybody, {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable choose_page_routes() { return kRows; }

}  // namespace keyledger::api::routes
