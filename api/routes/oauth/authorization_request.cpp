#include "api/routes/oauth/authorization_request.hpp"

#include <algorithm>
#include <charconv>

#include "api/routes/oauth/claims_parameter.hpp"
#include "api/wire/words.hpp"
#include "commands/authorization/sealed.hpp"
#include "domain/authorization/authorize.hpp"
#include "domain/ladder/assurance.hpp"

namespace keyledger::api::routes {
namespace {

constexpr std::size_t kMaxParameterBytes = 1024;
constexpr std::size_t kMaxIdTokenBytes = 8192;
constexpr std::size_t kMaxResources = 4;
constexpr std::size_t kMaxResourceUriBytes = 512;

// RFC 7636 section 4.2, RFC 7638: base64url of 32 bytes.
bool is_digest(std::string_view text) {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return text.size() == 43 && text.find_first_not_of(kAlphabet) == std::string_view::npos;
}

// OpenID Connect Core section 3.1.2.1: `none` stands alone; a word that is not known is ignored (section 3.1.2.2 says
// nothing else of it).
Result<std::vector<Prompt>, AuthorizationFault> prompts_of(std::string_view text) {
    std::vector<Prompt> prompts;
    const auto words = words_of(text);
    for (const std::string& word : words)
        for (const auto& [prompt, name] : enum_names(Prompt::kNone))
            if (name == word) prompts.push_back(prompt);
    const auto has = [&](Prompt prompt) { return std::ranges::find(prompts, prompt) != prompts.end(); };
    // There is a word for what those two can't have together (section 3.1.2.6).
    if (has(Prompt::kNone) && has(Prompt::kSelectAccount))
        return Unexpected(AuthorizationFault{"account_selection_required", "Nobody is asked with 'prompt=none'."});
    if (has(Prompt::kNone) && words.size() > 1)
        return Unexpected(AuthorizationFault{"invalid_request", "'prompt' has 'none' beside other values."});
    return prompts;
}

Result<std::optional<Duration>, AuthorizationFault> max_age_of(std::string_view text) {
    std::optional<Duration> max_age;
    if (text.empty()) return max_age;
    constexpr std::int64_t kMost = 365 * 24 * 3600;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 0)
        return Unexpected(AuthorizationFault{"invalid_request", "'max_age' is a number of seconds."});
    max_age = seconds(std::min(value, kMost));
    return max_age;
}

// What the application may ask for is granted; what it may not is left out, as RFC 6749 section 3.3 allows.
std::vector<std::string> scope_of(std::string_view text, const Application& application) {
    auto scope = words_of(text);
    std::erase_if(scope, [&](const std::string& word) { return !application.definition.may_ask_for(word); });
    return scope;
}

// Voluntary (OpenID Connect Core section 3.1.2.1).
SecondFactor wanted_by(std::string_view acr_values) {
    const auto values = words_of(acr_values);
    const auto has = [&](std::string_view level) { return std::ranges::find(values, level) != values.end(); };
    return has(kTwoFactors) && !has(kOneFactor) ? SecondFactor::kWanted : SecondFactor::kNotAsked;
}

Result<void, AuthorizationFault> check_form(const AskedAuthorization& asked, const Application& application,
                                            PkceFor pkce) {
    const bool has_pkce = !asked.code_challenge.empty() || !asked.code_challenge_method.empty();
    // What an operator lets older applications leave out is none of what those ask for that are held to more.
    const auto& definition = application.definition;
    const bool is_held_to_more =
        definition.pushed_requests == PushedRequests::kRequired || definition.token_binding == TokenBinding::kDpop;
    const bool needs_pkce = pkce == PkceFor::kAll || application.is_public() || is_held_to_more;
    Result<void, AuthorizationFault> good;
    const auto refuse = [&](std::string_view error, std::string_view description) {
        good = Unexpected(AuthorizationFault{error, description});
    };
    if (asked.fault) refuse("invalid_request", "A parameter is too long, or given twice.");
    else if (!asked.request.empty()) refuse("request_not_supported", "Send parameters, or push them (RFC 9126).");
    else if (!asked.request_uri.empty()) refuse("request_uri_not_supported", "This 'request_uri' is not known here.");
    else if (asked.response_type.empty()) refuse("invalid_request", "'response_type' is missing: send 'code'.");
    else if (asked.response_type != "code") refuse("unsupported_response_type", "Use the response type 'code'.");
    else if (!asked.response_mode.empty() && !stored_value<ResponseMode>(asked.response_mode))
        refuse("invalid_request", "Use the response mode 'query' or 'form_post'.");
    else if (!application.definition.has(GrantType::kAuthorizationCode))
        refuse("unauthorized_client", "The application was not registered for authorization codes.");
    else if (!asked.dpop_jkt.empty() && !is_digest(asked.dpop_jkt))
        refuse("invalid_request", "'dpop_jkt' is the SHA-256 thumbprint of a key (RFC 9449 section 10).");
    else if (asked.code_challenge.empty() && (needs_pkce || has_pkce))
        refuse("invalid_request", "'code_challenge' is missing: PKCE is for every application (RFC 9700).");
    else if (has_pkce && (asked.code_challenge_method != "S256" || !is_digest(asked.code_challenge)))
        refuse("invalid_request", "Use 'code_challenge_method=S256' and the challenge that belongs to it.");
    return good;
}

// What is asked of somebody, and of whom: `scope`, `acr_values`, `claims`, `id_token_hint`.
Result<void, AuthorizationFault> read_whom_and_what(const AskedAuthorization& asked, const Application& application,
                                                    commands::Tokens& tokens, AuthorizationRequest& request) {
    const auto claims = read_claims_parameter(asked.claims);
    if (!claims)
        return Unexpected(AuthorizationFault{"invalid_request", "'claims' is no JSON of OpenID Connect Core 5.5."});
    if (claims->is_beyond)
        return Unexpected(AuthorizationFault{"unmet_authentication_requirements", "There is no such 'acr' here."});
    std::string scope = asked.scope;
    const auto words = words_of(scope);
    // They are of OpenID Connect: without `openid` they ask for nothing.
    if (std::ranges::find(words, kScopeOpenid) != words.end())
        for (const std::string& more : claims->scope) scope += " " + more;
    request.scope = scope_of(scope, application);
    request.second_factor = std::max(wanted_by(asked.acr_values), claims->second_factor);
    request.user = claims->user;
    if (asked.id_token_hint.empty()) return {};
    const auto shown = tokens.read_id_token(asked.id_token_hint);
    if (!shown)
        return Unexpected(AuthorizationFault{"invalid_request", "'id_token_hint' is no ID token of this issuer."});
    const bool is_another = request.user && *request.user != shown->user_id;
    request.user = is_another ? UserId{} : shown->user_id;
    return {};
}

}  // namespace

AskedAuthorization read_authorization(FormFields& fields) {
    AskedAuthorization asked;
    const auto text = [&](std::string_view name, std::size_t most = kMaxParameterBytes) {
        return fields.optional_string(name, most).value_or("");
    };
    asked.client_id = text("client_id");
    asked.redirect_uri = text("redirect_uri");
    asked.response_type = text("response_type");
    asked.response_mode = text("response_mode");
    asked.scope = text("scope");
    asked.state = text("state", kMaxStateBytes);
    asked.nonce = text("nonce");
    asked.code_challenge = text("code_challenge");
    asked.code_challenge_method = text("code_challenge_method");
    asked.dpop_jkt = text("dpop_jkt");
    asked.prompt = text("prompt");
    asked.max_age = text("max_age");
    asked.acr_values = text("acr_values");
    asked.claims = text("claims", kMaxClaimsBytes);
    asked.id_token_hint = text("id_token_hint", kMaxIdTokenBytes);
    asked.login_hint = text("login_hint");
    asked.ui_locales = text("ui_locales");
    asked.request = text("request", 1 << 16);
    asked.request_uri = text("request_uri", commands::kMaxRequestUriBytes);
    asked.resources = fields.string_list("resource", kMaxResources, kMaxResourceUriBytes);
    asked.fault = fields.fault();
    return asked;
}

Result<AuthorizationRequest, AuthorizationFault> checked_authorization(const AskedAuthorization& asked,
                                                                       const Application& application,
                                                                       commands::Tokens& tokens, Instant now,
                                                                       PkceFor pkce) {
    KEYLEDGER_TRY(good, check_form(asked, application, pkce));
    KEYLEDGER_TRY(prompts, prompts_of(asked.prompt));
    KEYLEDGER_TRY(max_age, max_age_of(asked.max_age));
    AuthorizationRequest request;
    request.redirect_uri = asked.redirect_uri;
    request.state = asked.state;
    request.nonce = asked.nonce;
    request.code_challenge = asked.code_challenge;
    request.key_thumbprint = asked.dpop_jkt;
    request.resources = asked.resources;
    request.prompts = std::move(*prompts);
    request.max_age = *max_age;
    request.login_hint = asked.login_hint;
    request.ui_locales = asked.ui_locales;
    request.response_mode = stored_value<ResponseMode>(asked.response_mode).value_or(ResponseMode::kQuery);
    request.made_at = now;
    KEYLEDGER_TRY(read, read_whom_and_what(asked, application, tokens, request));
    if (request.scope.empty())
        return Unexpected(AuthorizationFault{"invalid_scope", "Ask for a 'scope' that the application may have."});
    if (!may_have(application, request.scope, request.resources))
        return Unexpected(AuthorizationFault{"invalid_target", "Ask for a 'resource' of the application's own."});
    return request;
}

}  // namespace keyledger::api::routes
