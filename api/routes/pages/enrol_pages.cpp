// Whoever may not get in without a second factor, and has none, sets one up on the way: with what the log-in was left
// half done with (commands/sessions/half_log_in.hpp), which their browser keeps. No other site's form acts for them: it
// lacks the request that goes along, which is known to this browser alone.
#include "api/routes/factors/read_factor.hpp"
#include "api/routes/oauth/authorization_answer.hpp"
#include "api/routes/pages/enrolment_page.hpp"
#include "api/routes/pages/logged_in.hpp"
#include "api/routes/pages/way.hpp"
#include "api/routes/refusals.hpp"
#include "commands/sessions/half_log_in.hpp"

namespace keyledger::api::routes {
namespace {

using commands::CommandError;

constexpr const char* kPath = "/login/enrol";
constexpr int kFaulty = 400;

Response to_log_in(const Way& way) { return see_other(along(way, "/login")); }

Page begin_page(const Way& way) {
    Page page{Text::kAddFactorToGoOn, {Text::kAddFactorToGoOnMeans}};
    page.form = Form{kPath, Text::kAddApp};
    page.links = links_to_log_in(way);
    return on_the_way(way, std::move(page));
}

// With the code that the app shows they are in. Its secret is shown once: behind a wrong code there is the form without
// it, and the way to another one.
enum class Try { kFirst, kAgain };
Page confirm_page(const Way& way, Try which) {
    Page page{Text::kAddFactorToGoOn};
    page.form = Form{"/login/enrol/confirm", Text::kConfirm};
    page.form->fields = {app_code_field()};
    page.form->fields.front().is_faulty = which == Try::kAgain;
    if (which == Try::kAgain) {
        Form anew{kPath, Text::kShowSecretAgain};
        anew.look = Form::Look::kOther;
        page.more_forms.push_back(std::move(anew));
    }
    page.leads_to = origin_of(way.flow->request.redirect_uri);
    return on_the_way(way, std::move(page));
}

Response refuse_enrolment(Call& call, const Way& way, Page page, const CommandError& error) {
    if (error.refusal == refusals::kHalfLoginOver) return to_log_in(way);
    if (status_of(error.refusal->kind) >= 429) return refuse(call, error);
    page.fault = advice_of(call, error);
    return show(call, kFaulty, page);
}

Reply show_enrol(Call& call) {
    FormFields query = FormFields::of_query_as_form(call.request);
    const Way way = way_of(call, query);
    if (!way.flow) co_return took_too_long(call);
    if (!half_log_in_of(call.request, way.sealed)) co_return to_log_in(way);
    co_return show(call, 200, begin_page(way));
}

Reply enrol(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    const Way way = way_of(call, form);
    const auto half = half_log_in_of(call.request, way.sealed);
    if (!way.flow) co_return took_too_long(call);
    if (!half) co_return to_log_in(way);
    const std::string unnamed;
    const auto begun =
        co_await commands::enrol_while_logging_in(call.services(), Secret(*half), unnamed, caller_of(call.request));
    if (!begun) co_return refuse_enrolment(call, way, begin_page(way), begun.error());
    Page page = confirm_page(way, Try::kFirst);
    page.sentences = {Text::kScanThis};
    show_secret(page, *begun);
    co_return show(call, 200, page);
}

Reply confirm(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    const Way way = way_of(call, form);
    commands::SecondStep second;
    second.present = typed_factor(form.required_secret("code", kMaxFactorCodeBytes));
    const auto half = half_log_in_of(call.request, way.sealed);
    if (!way.flow) co_return took_too_long(call);
    if (!half) co_return to_log_in(way);
    if (!form.finish())
        co_return refuse_enrolment(call, way, confirm_page(way, Try::kAgain),
                                   CommandError(refusals::kWrongSecondFactor));
    second.token = Secret(*half);
    auto completed = co_await commands::complete_log_in(call.services(), std::move(second), caller_of(call.request));
    if (!completed) co_return refuse_enrolment(call, way, confirm_page(way, Try::kAgain), completed.error());
    const std::string on = "/oauth2/authorize/continue?flow=" + way.sealed;
    Response response = see_other(on);
    if (!completed->recovery_codes.empty()) {
        Page page = recovery_codes_page(completed->recovery_codes, {on, Text::kHaveKeptThem});
        page.sentences.insert(page.sentences.begin(), Phrase(Text::kKeepThemToGoOn));
        response = show(call, 200, on_the_way(way, std::move(page)));
    }
    response = co_await logged_in(call, std::move(response), completed->grant);
    co_return response;
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"showEnrolPage", kGet, kPath, show_enrol, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"enrolByPage", kPost, kPath, enrol, kPasswords, kAnybody, {.input = Input::kBody}},
    {"confirmEnrolmentByPage", kPost, "/login/enrol/confirm", confirm, kPasswords, kAnybody, {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable enrol_page_routes() { return kRows; }

}  // namespace keyledger::api::routes
