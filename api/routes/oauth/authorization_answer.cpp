#include "api/routes/oauth/authorization_answer.hpp"

#include <vector>

#include "api/routes/pages/showing.hpp"
#include "api/wire/text.hpp"

namespace keyledger::api::routes {
namespace {

void put(std::string& query, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    if (!query.empty()) query += '&';
    query.append(name).append("=").append(percent_encoded(value));
}

// OAuth 2.0 Form Post Response Mode. No script presses the button.
Response by_form(const Call& call, const std::string& redirect_uri, std::string_view ui_locales,
                 std::vector<HiddenField> fields) {
    Page page{Text::kBackToApplication, {Text::kOneMoreStep}};
    page.language = language_of_locales(ui_locales);
    page.form = Form{redirect_uri, Text::kContinue, std::move(fields)};
    page.leads_to = origin_of(redirect_uri);
    return show(call, 200, page);
}

Response answer(Call& call, const AuthorizationRequest& request, std::vector<HiddenField> fields) {
    if (!request.state.empty()) fields.push_back({"state", request.state});
    fields.push_back({"iss", call.services().settings.issuer});
    if (request.response_mode == ResponseMode::kFormPost)
        return by_form(call, request.redirect_uri, request.ui_locales, std::move(fields));
    std::string query;
    for (const HiddenField& field : fields) put(query, field.name, field.value);
    return see_other(with_query(request.redirect_uri, query));
}

}  // namespace

Response see_other(const std::string& location) {
    Response response;
    response.status = 303;
    response.headers.add("Location", location);
    return response;
}

std::string with_query(const std::string& uri, const std::string& query) {
    const char joint = uri.find('?') == std::string::npos ? '?' : '&';
    return query.empty() ? uri : uri + joint + query;
}

Response authorization_code(Call& call, const AuthorizationRequest& request, const std::string& code) {
    return answer(call, request, {{"code", code}});
}

Response authorization_error(Call& call, const AuthorizationRequest& request, std::string_view error,
                             std::string_view description) {
    return answer(call, request, {{"error", std::string(error)}, {"error_description", std::string(description)}});
}

std::string origin_of(std::string_view uri) {
    const auto scheme_end = uri.find("://");
    if (scheme_end == std::string_view::npos) return std::string(uri.substr(0, uri.find(':') + 1));
    const auto end = uri.find_first_of("/?#", scheme_end + 3);
    return std::string(uri.substr(0, end));
}

std::string query_of(const AskedAuthorization& asked) {
    std::string query;
    put(query, "client_id", asked.client_id);
    put(query, "redirect_uri", asked.redirect_uri);
    put(query, "response_type", asked.response_type);
    put(query, "response_mode", asked.response_mode);
    put(query, "scope", asked.scope);
    put(query, "state", asked.state);
    put(query, "nonce", asked.nonce);
    put(query, "code_challenge", asked.code_challenge);
    put(query, "code_challenge_method", asked.code_challenge_method);
    put(query, "dpop_jkt", asked.dpop_jkt);
    put(query, "prompt", asked.prompt);
    put(query, "max_age", asked.max_age);
    put(query, "acr_values", asked.acr_values);
    put(query, "claims", asked.claims);
    put(query, "id_token_hint", asked.id_token_hint);
    put(query, "login_hint", asked.login_hint);
    put(query, "ui_locales", asked.ui_locales);
    put(query, "request", asked.request);
    put(query, "request_uri", asked.request_uri);
    for (const std::string& resource : asked.resources) put(query, "resource", resource);
    return query;
}

}  // namespace keyledger::api::routes
