// Form bodies, queries, and the two forms of Authorization. The first line is the header's value, the rest
// the body.
#include "api/wire/form.hpp"

#include "api/requests/target.hpp"
#include "security/primitives/utf8.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace keyledger::fuzz {
namespace {

constexpr std::size_t kMaxBytes = 64;

void check_text(std::string_view text, std::size_t most) {
    promise(text.size() <= most, "a text is bounded");
    promise(security::code_points_of(text).has_value(), "a text is UTF-8");
    promise(text.find('\0') == text.npos, "a text has no NUL");
}

void read_fields(api::FormFields fields) {
    const std::string token = fields.required_string("token", kMaxBytes);
    const auto hint = fields.optional_string("hint", kMaxBytes);
    const auto limit = fields.optional_integer("limit", 1, 200);
    if (!fields.finish()) return;
    promise(!token.empty(), "what is required is there");
    check_text(token, kMaxBytes);
    if (hint) check_text(*hint, kMaxBytes);
    if (limit) promise(*limit >= 1 && *limit <= 200, "an integer is in its range");
}

}  // namespace

void form(std::string_view text) {
    const std::size_t line = std::min(text.find('\n'), text.size());
    api::Request request;
    request.method = api::Method::kPost;
    request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    if (text.substr(0, line).find_first_of(std::string_view("\r\0", 2)) == text.npos)  // else Beast refuses it
        request.headers.add("Authorization", text.substr(0, line));
    request.body.assign(text.substr(std::min(line + 1, text.size())));
    read_fields(api::FormFields::of_body(request));
    if (const auto credentials = api::basic_credentials(request)) {
        check_text(credentials->id, text.size());
        check_text(credentials->secret.reveal(), text.size());
    }
    if (const auto token = api::bearer_token(request))
        promise(token->find_first_of(" \t\",") == token->npos, "a bearer token is one token");
    if (auto parameters = api::parse_parameters(request.body, api::kMaxQueryParameters)) {
        request.query = std::move(*parameters);
        read_fields(api::FormFields::of_query(request));
    }
}

}  // namespace keyledger::fuzz
