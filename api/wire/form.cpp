#include "api/wire/form.hpp"

#include <algorithm>
#include <charconv>

#include "api/requests/target.hpp"
#include "api/wire/text.hpp"

namespace keyledger::api {
namespace {

// An unknown parameter's name is sent back, but not a whole body of it.
constexpr std::size_t kMaxEchoedBytes = 64;

// What follows the scheme in Authorization, when the scheme is the wanted one.
Result<std::string_view, AuthorizationError> credentials_of(const Request& request, std::string_view scheme) {
    auto value = request.header("Authorization");
    if (!value) return Unexpected(AuthorizationError::kMissing);
    std::string_view text = trimmed(*value);
    std::size_t space = std::min(text.find(' '), text.size());
    if (!equal_ignoring_case(text.substr(0, space), scheme)) return Unexpected(AuthorizationError::kOtherScheme);
    std::string_view credentials = trimmed(text.substr(space));
    if (credentials.empty()) return Unexpected(AuthorizationError::kMalformed);
    return credentials;
}

// b64token of RFC 6750 section 2.1.
bool is_b64token(std::string_view text) {
    static constexpr std::string_view kMarks = "-._~+/";
    while (text.ends_with('=')) text.remove_suffix(1);
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               kMarks.find(c) != kMarks.npos;
    });
}

Result<std::string_view, AuthorizationError> token_of(const Request& request, std::string_view scheme) {
    auto token = credentials_of(request, scheme);
    if (!token) return token;
    if (!is_b64token(*token)) return Unexpected(AuthorizationError::kMalformed);
    return token;
}

}  // namespace

FormFields FormFields::of_body(const Request& request, std::string_view repeatable) {
    FormFields form(request, Unasked::kIgnored);
    if (!has_media_type(request, "application/x-www-form-urlencoded")) {
        form.broken_ = problem(request, problems::kUnsupportedMediaType,
                               "Send the body as a form, with Content-Type: application/x-www-form-urlencoded.");
        return form;
    }
    form.broken_ = refuse_coding(request);
    if (form.broken_) return form;
    auto parameters = parse_parameters(request.body, kMaxFormParameters, repeatable);
    if (parameters) {
        form.parameters_ = *std::move(parameters);
    } else {
        form.malformed_ = "The form is malformed: " + parameters.error();
        form.broken_ = problem(request, problems::kBadRequest, *form.malformed_);
    }
    return form;
}

FormFields FormFields::of_query(const Request& request) {
    FormFields form(request, Unasked::kRefused);
    form.parameters_ = request.query;
    return form;
}

FormFields FormFields::of_query_as_form(const Request& request) {
    FormFields form(request, Unasked::kIgnored);
    form.parameters_ = request.query;
    return form;
}

const std::string* FormFields::ask(std::string_view name, std::size_t max_bytes) {
    // Where nobody minds what was not asked for, nobody looks for it.
    if (unasked_ == Unasked::kRefused) asked_.emplace_back(name);
    auto at = std::ranges::find(parameters_, name, &Parameter::name);
    if (at == parameters_.end()) return nullptr;
    if (at->value.empty()) {
        if (unasked_ == Unasked::kRefused) refuse(name, "must not be empty");
        return nullptr;
    }
    if (at->value.size() <= max_bytes) return &at->value;
    refuse(name, "must have at most " + std::to_string(max_bytes) + " bytes");
    return nullptr;
}

std::string FormFields::required_string(std::string_view name, std::size_t max_bytes) {
    std::size_t before = errors_.size();
    const std::string* value = ask(name, max_bytes);
    if (value == nullptr && errors_.size() == before) refuse(name, "is required");
    return value != nullptr ? *value : std::string{};
}

std::optional<std::string> FormFields::optional_string(std::string_view name, std::size_t max_bytes) {
    const std::string* value = ask(name, max_bytes);
    return value != nullptr ? std::optional(*value) : std::nullopt;
}

Secret FormFields::required_secret(std::string_view name, std::size_t max_bytes) {
    const std::size_t before = errors_.size();
    const std::string* value = ask(name, max_bytes);
    if (value == nullptr && errors_.size() == before) refuse(name, "is required");
    return value != nullptr ? Secret(*value) : Secret();  // no copy of it is left behind
}

std::vector<std::string> FormFields::string_list(std::string_view name, std::size_t max_items, std::size_t max_bytes) {
    if (unasked_ == Unasked::kRefused) asked_.emplace_back(name);
    std::vector<std::string> items;
    for (const Parameter& parameter : parameters_)
        if (parameter.name == name && !parameter.value.empty()) items.push_back(parameter.value);
    const bool fit = std::ranges::all_of(items, [&](const std::string& item) { return item.size() <= max_bytes; });
    if (items.size() > max_items || !fit)
        refuse(name, "must be given at most " + std::to_string(max_items) + " times, with at most " +
                         std::to_string(max_bytes) + " bytes each");
    return items;
}

std::optional<std::int64_t> FormFields::optional_integer(std::string_view name, std::int64_t min, std::int64_t max) {
    static constexpr std::size_t kMaxDigits = 20;
    const std::string* text = ask(name, kMaxDigits);
    if (text == nullptr) return std::nullopt;
    std::int64_t value = 0;
    auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error == std::errc{} && end == text->data() + text->size() && value >= min && value <= max) return value;
    refuse(name, "must be an integer from " + std::to_string(min) + " to " + std::to_string(max));
    return std::nullopt;
}

void FormFields::refuse(std::string_view name, std::string detail) {
    errors_.push_back({std::string(name), std::move(detail)});
}

std::optional<std::string> FormFields::fault() const {
    if (broken_) return malformed_;
    std::string faults;
    for (const FieldError& error : errors_)
        faults.append(faults.empty() ? "" : "; ").append("'").append(error.field).append("' ").append(error.detail);
    return faults.empty() ? std::nullopt : std::optional(faults);
}

Result<void, Response> FormFields::finish() {
    if (broken_) return Unexpected(std::move(*broken_));
    std::size_t known = errors_.size();
    if (unasked_ == Unasked::kRefused)
        for (const Parameter& parameter : parameters_)
            if (std::ranges::find(asked_, parameter.name) == asked_.end())
                refuse(shortened(parameter.name, kMaxEchoedBytes), "is not a parameter of this request");
    if (errors_.empty()) return {};
    Problem what{.type = known == 0 ? problems::kUnknownField : problems::kInvalidFields,
                 .detail = "Mend the parameters listed in errors and send the request again.",
                 .retry_after = {},
                 .errors = std::move(errors_),
                 .members = {}};
    return Unexpected(problem(*request_, what));
}

Result<BasicCredentials, AuthorizationError> basic_credentials(const Request& request) {
    auto credentials = credentials_of(request, "Basic");
    if (!credentials) return Unexpected(credentials.error());
    auto clear = base64_decoded(*credentials);
    if (!clear) return Unexpected(AuthorizationError::kMalformed);
    Secret both = Secret::take(std::move(*clear));
    std::size_t colon = both.reveal().find(':');
    if (colon == std::string_view::npos) return Unexpected(AuthorizationError::kMalformed);
    auto id = percent_decoded(both.reveal().substr(0, colon), PlusSign::kSpace);
    auto secret = percent_decoded(both.reveal().substr(colon + 1), PlusSign::kSpace);
    if (!id || !secret || id->empty()) return Unexpected(AuthorizationError::kMalformed);
    return BasicCredentials{std::move(*id), Secret::take(std::move(*secret))};
}

Result<std::string_view, AuthorizationError> bearer_token(const Request& request) {
    return token_of(request, "Bearer");
}

Result<std::string_view, AuthorizationError> dpop_token(const Request& request) { return token_of(request, "DPoP"); }

}  // namespace keyledger::api
