// The request target, parameters and hosts.
#include "api/requests/target.hpp"

#include <algorithm>

#include "security/primitives/utf8.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace keyledger::fuzz {
namespace {

void check_text(const std::string& text) {
    promise(security::code_points_of(text).has_value(), "what is decoded is UTF-8");
    promise(text.find('\0') == text.npos, "what is decoded has no NUL");
}

void check_parameters(const api::Parameters& parameters, std::size_t most) {
    promise(parameters.size() <= most, "parameters are bounded");
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        check_text(parameters[i].name);
        check_text(parameters[i].value);
        for (std::size_t j = 0; j < i; ++j)
            promise(parameters[i].name != parameters[j].name, "no parameter comes twice");
    }
}

}  // namespace

void target(std::string_view text) {
    if (const auto target = api::parse_target(text)) {
        promise(target->segments.size() <= api::kMaxPathSegments, "segments are bounded");
        for (const std::string& segment : target->segments) {
            check_text(segment);
            promise(segment != "." && segment != "..", "no dot segment passes");
        }
        check_parameters(target->query, api::kMaxQueryParameters);
    }
    if (const auto parameters = api::parse_parameters(text, api::kMaxQueryParameters))
        check_parameters(*parameters, api::kMaxQueryParameters);
    if (api::valid_host(text))
        promise(std::ranges::none_of(text, [](char c) { return c <= ' ' || c == '/' || c == '@'; }),
                "a host has no separators");
}

}  // namespace keyledger::fuzz
