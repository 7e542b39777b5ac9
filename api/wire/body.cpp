#include "api/wire/body.hpp"

#include <algorithm>

#include "api/wire/field_values.hpp"
#include "api/wire/text.hpp"

namespace keyledger::api {

bool has_media_type(const Request& request, std::string_view wanted) {
    const auto value = request.header("Content-Type");
    if (value == wanted) return true;  // as nearly everybody writes it
    const auto type = value ? parse_media_type(*value) : std::nullopt;
    return type && type->name == wanted;
}

std::optional<Response> refuse_coding(const Request& request) {
    const auto codings = list_elements(request.headers, "Content-Encoding");
    const auto is_none = [](std::string_view coding) { return equal_ignoring_case(coding, "identity"); };
    if (std::ranges::all_of(codings, is_none)) return std::nullopt;
    Response refusal = problem(request, problems::kUnsupportedMediaType,
                               "Send the body as it is: no Content-Encoding but identity is undone here.");
    refusal.headers.add("Accept-Encoding", "identity");  // RFC 9110 section 12.5.3
    return refusal;
}

}  // namespace keyledger::api
