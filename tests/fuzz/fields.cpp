// Header fields that have a grammar: lists, weights, media types and what is preferred of them. Each line of
// the input is a field.
#include "api/wire/field_values.hpp"

#include <algorithm>

#include "api/wire/body.hpp"
#include "api/wire/text.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace keyledger::fuzz {
namespace {

bool is_lower(std::string_view text) {
    return std::ranges::none_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

void check_list(std::string_view text) {
    const auto elements = api::list_elements(text);
    promise(elements.size() <= api::kMaxListElements, "a list is bounded");
    for (const std::string_view element : elements) {
        promise(!element.empty() && api::trimmed(element) == element, "an element is neither empty nor blank");
        promise(element.data() >= text.data() && element.data() + element.size() <= text.data() + text.size(),
                "an element is a part of the list");
        const auto again = api::list_elements(element);
        promise(again.size() == 1 && again.front() == element, "an element is no list of several");
    }
}

void check_type(const api::MediaType& type) {
    promise(is_lower(type.name), "a media type has one form");
    promise(std::ranges::count(type.name, '/') == 1, "a media type has two halves");
    std::string written = type.name;
    for (const auto& [name, value] : type.parameters) {
        promise(api::is_token(name) && is_lower(name), "a parameter's name is a token in lower case");
        written.append("; ").append(name).append("=\"");
        for (const char c : value) {
            promise(c != '\0' && c != '\r' && c != '\n', "a value has no control character");
            if (c == '"' || c == '\\') written += '\\';
            written += c;
        }
        written += '"';
    }
    const auto again = api::parse_media_type(written);
    promise(again && again->name == type.name && again->parameters == type.parameters, "what is read can be written");
}

}  // namespace

void fields(std::string_view text) {
    api::Request request;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        check_list(line);
        if (const auto type = api::parse_media_type(line)) check_type(*type);
        if (const auto weight = api::parse_weight(line)) promise(*weight >= 0 && *weight <= 1000, "a weight is 0 to 1");
        if (line.find_first_of(std::string_view("\r\0", 2)) != line.npos) continue;  // Beast refuses it
        for (const char* name : {"Accept", "Content-Encoding", "Content-Type"}) request.headers.add(name, line);
    }
    for (const auto named : {api::MediaRangeMatch::kByAnyRange, api::MediaRangeMatch::kInFull})
        if (const auto weight = api::preference_for(request.headers, "application/json", named))
            promise(*weight >= 0 && *weight <= 1000, "a preference is 0 to 1");
    const auto type = request.header("Content-Type");
    if (api::has_media_type(request, "application/json"))
        promise(api::equal_ignoring_case(api::trimmed(*type).substr(0, 16), "application/json"),
                "a body is taken for JSON only where it says so");
    const auto refused = api::refuse_coding(request);
    promise(!refused || refused->status == 415, "a coding is refused in one way");
}

}  // namespace keyledger::fuzz
