#include "api/routes/mail_asks.hpp"

#include <algorithm>

#include "api/routes/refusals.hpp"
#include "api/wire/write_json.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::api::routes {
namespace {

constexpr std::size_t kMaxLanguageTagBytes = 35;  // RFC 5646 section 4.4.1

bool is_tag(std::string_view text) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    };
    return text.size() >= 2 && text.size() <= kMaxLanguageTagBytes && std::ranges::all_of(text, fits);
}

std::optional<Secret> as_secret(std::optional<std::string> text) {
    if (!text) return std::nullopt;
    return Secret::take(std::move(*text));
}

}  // namespace

std::optional<std::string> first_language(const Request& request) {
    const auto header = request.header("Accept-Language");
    if (!header) return std::nullopt;
    std::string_view tag = *header;
    tag = tag.substr(0, tag.find_first_of(",; "));
    if (!is_tag(tag)) return std::nullopt;
    return std::string(tag);
}

commands::ChallengeAsk read_ask(JsonFields& body, ChallengePurpose purpose, const Request& request) {
    commands::ChallengeAsk ask;
    ask.purpose = purpose;
    ask.email = body.required_string("email", kMaxTypedUsernameBytes);
    ask.handle = body.optional_string("handle", kMaxHandleBytes);
    ask.language = first_language(request);
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
    presented.link = as_secret(body.optional_string("token", kMaxLinkTokenBytes));
    presented.handle = as_secret(body.optional_string("handle", kMaxHandleBytes));
    presented.code = as_secret(body.optional_string("code", kMaxCodeBytes));
    if (presented.link.has_value() == presented.code.has_value())
        body.refuse("token", "Give either 'token', of the link, or 'code' with its 'handle'.");
    else if (presented.code && !presented.handle)
        body.refuse("handle", "Give the handle that was answered when the mail was asked for.");
    return presented;
}

Response show_refusal(const Request& request, const commands::CommandError& error) {
    const int status = status_of(error.refusal->kind);
    if (status == 403 || status >= 429) return refuse(request, error);
    const Page page{std::string(error.refusal->title), {std::string(error.refusal->advice)}};
    return show(status, page);
}

Response show_link_page(const Request& request, Page page, Form form) {
    FormFields query = FormFields::of_query(request);
    std::string token = query.required_string("token", kMaxLinkTokenBytes);
    if (!query.finish()) return show_refusal(request, refusals::kNotProven);
    form.hidden.push_back({"token", std::move(token)});
    page.form = std::move(form);
    return show(200, page);
}

std::optional<Secret> token_of_form(const Request& request) {
    FormFields form = FormFields::of_body(request);
    Secret token = form.required_secret("token", kMaxLinkTokenBytes);
    if (!form.finish()) return std::nullopt;
    return token;
}

}  // namespace keyledger::api::routes
