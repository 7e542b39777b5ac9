#pragma once
// Values of header fields by their grammar (RFC 9110 section 5.6): lists, parameters, weights, media types.
// Whoever reads such a field reads it with these. Not for what frames a message: Content-Length and
// Transfer-Encoding are stricter (api/http/messages/message.cpp). Pure; names and media types come out in
// lower case, quoted strings unquoted.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/wire/headers.hpp"

namespace keyledger::api {

struct FieldParameter {
    std::string name;
    std::string value;
    bool operator==(const FieldParameter&) const = default;
};

inline constexpr std::size_t kMaxListElements = 256;  // of one field; what comes behind is not looked at

// The elements of a list, without blanks around them, views into `value` (section 5.6.1). Empty ones are
// ignored; a comma in a quoted string is none. An open quoted string goes to the end of the value.
std::vector<std::string_view> list_elements(std::string_view value);
// The same of all fields of that name in their order: they are one list (section 5.3).
std::vector<std::string_view> list_elements(const Headers& headers, std::string_view name);

// *( OWS ";" OWS [ parameter ] ) of section 5.6.6: empty ones are ignored, values are tokens or quoted
// strings.
std::optional<std::vector<FieldParameter>> parse_field_parameters(std::string_view text);

// A weight in thousandths (section 12.4.2): "0.25" is 250, "1" and "1.000" are 1000.
std::optional<int> parse_weight(std::string_view text);

// Section 8.3.1, and a media range of section 12.5.1, whose halves may be "*".
struct MediaType {
    std::string name;  // "application/json"
    std::vector<FieldParameter> parameters;

    std::optional<std::string_view> parameter(std::string_view name) const;  // the first of that name
};
std::optional<MediaType> parse_media_type(std::string_view text);

// How much the caller of a request wants an answer of this media type, in thousandths, by its `Accept`: the
// most specific range counts, a range that is not well-formed does not. nullopt: it says nothing of it.
enum class MediaRangeMatch { kByAnyRange, kInFull };
std::optional<int> preference_for(const Headers& headers, std::string_view media_type, MediaRangeMatch named);

// Whether an answer that there is as it is and in gzip is better sent in gzip, by `Accept-Encoding` (section 12.5.3):
// it is accepted, and at least as welcome as what is not coded, which is the least welcome where nothing is said of it.
// Who takes neither is sent it as it is (section 15.5.7 lets one), and so is who sends no such field.
bool prefers_gzip(const Headers& headers);

// The tag (domain/base/language_tag.hpp) of most weight in `Accept-Language` (section 12.5.4), of several the first.
// What is no tag, as "*", or not well-formed counts for nothing. nullopt: there is none.
std::optional<std::string> preferred_language(const Headers& headers);

}  // namespace keyledger::api
