#include "api/routes/mail_asks.hpp"

#include "api/routes/refusals.hpp"
#include "api/wire/field_values.hpp"
#include "api/wire/form.hpp"
#include "api/wire/write_json.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::api::routes {

commands::ChallengeAsk read_ask(JsonFields& body, ChallengePurpose purpose, const Request& request) {
    commands::ChallengeAsk ask;
    ask.purpose = purpose;
    ask.email = body.required_string("email", kMaxTypedUsernameBytes);
    ask.handle = body.optional_string("handle", kMaxHandleBytes);
    ask.language = preferred_language(request.headers);
    return ask;
}

Response asked(const Request& request, const Result<commands::AskedChallenge, commands::CommandError>& outcome) {
    if (!outcome) return refuse(request, outcome.error());
    JsonText body;
    body.text("handle", outcome->handle).time("expires_at", outcome->expires_at);
    return json(202, body.finish());
}

commands::Presented read_presented(JsonFields& body, ChallengePurpose purpose) {
    commands::Presented presented;
    presented.purpose = purpose;
    presented.link = body.optional_secret("token", kMaxLinkTokenBytes);
    presented.handle = body.optional_secret("handle", kMaxHandleBytes);
    presented.code = body.optional_secret("code", kMaxCodeBytes);
    if (presented.link.has_value() == presented.code.has_value())
        body.refuse("token", "Give either 'token', of the link, or 'code' with its 'handle'.");
    else if (presented.code && !presented.handle)
        body.refuse("handle", "Give the handle that was answered when the mail was asked for.");
    return presented;
}

Reply answer_link(Call& call, ByLink act) {
    JsonFields body(call.request);
    const Secret token = body.required_secret("token", kMaxLinkTokenBytes);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    const auto outcome = co_await act(call.services(), token, caller_of(call.request));
    if (!outcome) co_return refuse(call, outcome.error());
    co_return no_content();
}

Response show_refusal(const Call& call, const commands::CommandError& error) {
    const int status = status_of(error.refusal->kind);
    if (status >= 429) return refuse(call, error);
    return show(call, status, {title_of(error), {advice_of(call, error)}});
}

Response show_link_page(const Call& call, Page page, Form form) {
    FormFields query = FormFields::of_query(call.request);
    std::string token = query.required_string("token", kMaxLinkTokenBytes);
    if (!query.finish()) return show_refusal(call, refusals::kLinkSpent);
    form.hidden.push_back({"token", std::move(token)});
    page.form = std::move(form);
    return show(call, 200, page);
}

Reply press_button(Call& call, ByLink act, Page done) {
    FormFields form = FormFields::of_body(call.request);
    const Secret token = form.required_secret("token", kMaxLinkTokenBytes);
    if (!form.finish()) co_return show_refusal(call, refusals::kLinkSpent);
    const auto outcome = co_await act(call.services(), token, caller_of(call.request));
    if (!outcome) co_return show_refusal(call, outcome.error());
    co_return show(call, 200, done);
}

}  // namespace keyledger::api::routes
