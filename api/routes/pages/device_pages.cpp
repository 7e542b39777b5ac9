// The pages on which somebody lets a device in that shows a code (RFC 8628 section 3.3): the code, then what is asked
// and by whom, then the way back. They are for whoever is logged in, so that nobody else can try codes; and each code
// is asked about, whatever was agreed to before, for whoever sent it to somebody counts on a page that is passed over
// (section 5.4).
#include "api/routes/call.hpp"
#include "api/routes/oauth/authorization_answer.hpp"
#include "api/routes/pages/account/own_pages.hpp"
#include "api/routes/pages/browser.hpp"
#include "api/routes/pages/scope_phrases.hpp"
#include "api/routes/pages/showing.hpp"
#include "api/routes/refusals.hpp"
#include "commands/authorization/authorize.hpp"
#include "commands/authorization/device_grant.hpp"

namespace keyledger::api::routes {
namespace {

using commands::CommandError;

constexpr int kFaulty = 400;
constexpr std::size_t kMaxSealedBytes = 4096;

// Of what came with the address only what may be a code comes back.
std::string shown(std::string_view typed) {
    const std::string code = commands::typed_user_code(typed);
    return code.empty() ? code : commands::shown_user_code(code);
}

Response to_log_in(Call& call, const std::string& user_code) {
    return to_own_log_in(call, user_code.empty() ? "/device" : "/device?user_code=" + user_code);
}

Page code_page(Call& call, const commands::Bearer& browser, std::string typed) {
    Page page{Text::kConnectDevice, {Text::kEnterDeviceCode}};
    page.form = Form{"/device", Text::kContinue, {form_token(call.context, browser)}};
    FormField field{"user_code", Text::kCode, FormField::Kind::kText, std::move(typed)};
    field.hint = Phrase(Text::kDeviceCodeHint);
    field.is_faulty = true;
    page.form->fields.push_back(std::move(field));
    page.links = {{"/account", Text::kCancel}};
    return page;
}

Response code_again(Call& call, const commands::Bearer& browser, std::string typed, Text fault) {
    Page page = code_page(call, browser, std::move(typed));
    page.fault = fault;
    return show(call, kFaulty, page);
}

Form answer_form(Call& call, const commands::Bearer& browser, const std::string& sealed, std::string_view decision,
                 Text button) {
    Form form{"/device/answer", button, {form_token(call.context, browser)}};
    form.hidden.push_back({"device", sealed});
    form.hidden.push_back({"decision", std::string(decision)});
    return form;
}

Page ask_page(Call& call, const commands::Bearer& browser, const commands::TypedDevice& typed) {
    const std::string& name = typed.application.definition.name;
    std::vector<std::string> resources = typed.device.audiences;
    std::erase(resources, commands::userinfo_audience(call.services().settings));
    Page page{Phrase(Text::kAsksOnDevice, name)};
    page.sentences = {Phrase(Text::kSeeCodeOnDevice, typed.user_code), Text::kSentByNobody,
                      Phrase(Text::kWouldLikeTo, name)};
    page.items = phrases_of(typed.device.scope, resources);
    page.form = answer_form(call, browser, typed.sealed, "allow", Text::kAllow);
    Form deny = answer_form(call, browser, typed.sealed, "deny", Text::kCancel);
    deny.look = Form::Look::kOther;
    page.more_forms.push_back(std::move(deny));
    return page;
}

Reply show_device(Call& call) {
    FormFields query = FormFields::of_query_as_form(call.request);
    const std::string typed = shown(query.optional_string("user_code", commands::kMaxTypedCodeBytes).value_or(""));
    const auto browser = browser_of(call.context, call.request);
    if (!browser) co_return to_log_in(call, typed);
    co_return show(call, 200, code_page(call, *browser, typed));
}

Reply find_device_by_page(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    std::string typed = form.required_string("user_code", commands::kMaxTypedCodeBytes);
    const auto browser = browser_of(call.context, call.request);
    if (!browser) co_return to_log_in(call, shown(typed));
    const bool is_theirs = has_form_token(call.context, form, *browser);
    if (!form.finish()) co_return code_again(call, *browser, {}, Text::kNoSuchDeviceCode);
    if (!is_theirs) co_return code_again(call, *browser, shown(typed), Text::kNotOfThisSession);
    const auto found = co_await commands::find_device(call.services(), sealed_by(call.context), *browser, typed,
                                                      call.request.deadline);
    if (!found && found.error().refusal == refusals::kInvalidToken) co_return to_log_in(call, shown(typed));
    if (!found) co_return refuse(call, found.error());
    if (!*found) co_return code_again(call, *browser, std::move(typed), Text::kNoSuchDeviceCode);
    co_return show(call, 200, ask_page(call, *browser, **found));
}

Reply answer_device_by_page(Call& call) {
    using Verdict = commands::DeviceVerdict;
    FormFields form = FormFields::of_body(call.request);
    const std::string sealed = form.required_string("device", kMaxSealedBytes);
    const bool agrees = form.required_string("decision", 8) == "allow";
    const auto browser = browser_of(call.context, call.request);
    if (!browser) co_return to_log_in(call, {});
    const bool is_theirs = has_form_token(call.context, form, *browser);
    const auto device = commands::open_asked_device(sealed_by(call.context), sealed);
    if (!form.finish() || !device) co_return code_again(call, *browser, {}, Text::kNoSuchDeviceCode);
    if (!is_theirs) co_return code_again(call, *browser, {}, Text::kNotOfThisSession);
    const Verdict verdict = agrees ? Verdict::kApprove : Verdict::kRefuse;
    const auto answered =
        co_await commands::answer_device(call.services(), *browser, *device, verdict, caller_of(call.request));
    if (!answered && answered.error().refusal == refusals::kInvalidToken) co_return to_log_in(call, {});
    if (!answered && answered.error().refusal == refusals::kDeviceCodeOver)
        co_return code_again(call, *browser, {}, Text::kNoSuchDeviceCode);
    if (!answered) co_return refuse(call, answered.error());
    const Page done = agrees ? Page{Text::kDeviceConnected, {Text::kGoBackToDevice}}
                             : Page{Text::kDeviceNotConnected, {Text::kDeviceIsToldNo}};
    co_return show(call, 200, done);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"showDevicePage", kGet, "/device", show_device, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"findDeviceByPage", kPost, "/device", find_device_by_page, kPasswords, kAnybody, {.input = Input::kBody}},
    {"answerDeviceByPage", kPost, "/device/answer", answer_device_by_page, kOrdinary, kAnybody,
     {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable device_page_routes() { return kRows; }

}  // namespace keyledger::api::routes
