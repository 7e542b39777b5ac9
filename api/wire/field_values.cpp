#include "api/wire/field_values.hpp"

#include <algorithm>

#include "api/wire/text.hpp"
#include "domain/base/language_tag.hpp"

namespace keyledger::api {
namespace {

constexpr int kWholeWeight = 1000;
constexpr int kInFullExactness = 2;

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return lower;
}

// Behind the quoted string that starts at `at`; npos: it has no end.
std::size_t end_of_quoted(std::string_view text, std::size_t at) {
    for (++at; at < text.size(); ++at) {
        if (text[at] == '"') return at + 1;
        if (text[at] == '\\') ++at;
    }
    return text.npos;
}

// The first `mark` outside quoted strings, or the end.
std::size_t find_unquoted(std::string_view text, char mark) {
    std::size_t at = 0;
    while (at < text.size() && text[at] != mark) at = text[at] == '"' ? end_of_quoted(text, at) : at + 1;
    return std::min(at, text.size());
}

// qdtext and quoted-pair of section 5.6.4: no control character but the tab.
bool may_be_quoted(char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F); }

std::optional<std::string> unquoted(std::string_view text) {
    if (end_of_quoted(text, 0) != text.size()) return std::nullopt;
    std::string clear;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        if (text[i] == '\\') ++i;
        if (!may_be_quoted(text[i])) return std::nullopt;
        clear += text[i];
    }
    return clear;
}

std::optional<FieldParameter> parse_one(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == text.npos || !is_token(text.substr(0, equals))) return std::nullopt;
    FieldParameter parameter{lower_case(text.substr(0, equals)), {}};
    const std::string_view value = text.substr(equals + 1);
    if (!value.starts_with('"')) {
        if (!is_token(value)) return std::nullopt;
        parameter.value = value;
        return parameter;
    }
    auto clear = unquoted(value);
    if (!clear) return std::nullopt;
    parameter.value = std::move(*clear);
    return parameter;
}

// How exactly a range is about a media type, from "*/*" on; nullopt: it is about others.
std::optional<int> exactness(const MediaType& range, std::string_view media_type) {
    if (range.name == media_type) return kInFullExactness;
    const std::size_t slash = media_type.find('/');
    if (range.name == std::string(media_type.substr(0, slash)) + "/*") return 1;
    return range.name == "*/*" ? std::optional(0) : std::nullopt;
}

std::optional<std::string_view> first_of(const std::vector<FieldParameter>& parameters, std::string_view name) {
    const auto at = std::ranges::find(parameters, name, &FieldParameter::name);
    return at == parameters.end() ? std::nullopt : std::optional<std::string_view>(at->value);
}

// Of a range; nullopt where it is malformed.
std::optional<int> weight_in(const std::vector<FieldParameter>& parameters) {
    const auto given = first_of(parameters, "q");
    return given ? parse_weight(*given) : kWholeWeight;
}

}  // namespace

std::vector<std::string_view> list_elements(std::string_view value) {
    std::vector<std::string_view> elements;
    while (!value.empty() && elements.size() < kMaxListElements) {
        const std::size_t comma = find_unquoted(value, ',');
        const std::string_view element = trimmed(value.substr(0, comma));
        if (!element.empty()) elements.push_back(element);
        value.remove_prefix(std::min(comma + 1, value.size()));
    }
    return elements;
}

std::vector<std::string_view> list_elements(const Headers& headers, std::string_view name) {
    std::vector<std::string_view> all;
    for (std::size_t i = 0; i < headers.size(); ++i) {
        const Headers::Field field = headers.at(i);
        if (!equal_ignoring_case(field.name, name)) continue;
        const auto elements = list_elements(field.value);
        all.insert(all.end(), elements.begin(), elements.end());
    }
    all.resize(std::min(all.size(), kMaxListElements));
    return all;
}

std::optional<std::vector<FieldParameter>> parse_field_parameters(std::string_view text) {
    std::vector<FieldParameter> parameters;
    text = trimmed(text);
    while (!text.empty()) {
        if (!text.starts_with(';')) return std::nullopt;
        text.remove_prefix(1);
        const std::size_t end = find_unquoted(text, ';');
        const std::string_view one = trimmed(text.substr(0, end));
        text.remove_prefix(end);
        if (one.empty()) continue;
        auto parameter = parse_one(one);
        if (!parameter) return std::nullopt;
        parameters.push_back(std::move(*parameter));
    }
    return parameters;
}

std::optional<int> parse_weight(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
    if (text.size() > 1 && text[1] != '.') return std::nullopt;
    int weight = text[0] - '0';
    for (std::size_t i = 2; i < 5; ++i) {
        const char digit = i < text.size() ? text[i] : '0';
        if (digit < '0' || digit > '9') return std::nullopt;
        weight = weight * 10 + (digit - '0');
    }
    return weight <= kWholeWeight ? std::optional(weight) : std::nullopt;
}

std::optional<std::string_view> MediaType::parameter(std::string_view wanted) const {
    return first_of(parameters, wanted);
}

std::optional<MediaType> parse_media_type(std::string_view text) {
    text = trimmed(text);
    const std::size_t semicolon = std::min(text.find(';'), text.size());
    const std::string_view name = trimmed(text.substr(0, semicolon));
    const std::size_t slash = name.find('/');
    if (slash == name.npos || !is_token(name.substr(0, slash)) || !is_token(name.substr(slash + 1)))
        return std::nullopt;
    auto parameters = parse_field_parameters(text.substr(semicolon));
    if (!parameters) return std::nullopt;
    return MediaType{lower_case(name), std::move(*parameters)};
}

std::optional<int> preference_for(const Headers& headers, std::string_view media_type, MediaRangeMatch named) {
    int best = -1;
    std::optional<int> preference;
    for (const std::string_view element : list_elements(headers, "Accept")) {
        const auto range = parse_media_type(element);
        const auto exact = range ? exactness(*range, media_type) : std::nullopt;
        const auto weight = exact ? weight_in(range->parameters) : std::nullopt;
        if (!weight || (named == MediaRangeMatch::kInFull && *exact < kInFullExactness)) continue;
        if (*exact < best || (*exact == best && *weight <= *preference)) continue;
        best = *exact;
        preference = weight;
    }
    return preference;
}

bool prefers_gzip(const Headers& headers) {
    std::optional<int> gzip;
    std::optional<int> identity;
    std::optional<int> any;
    for (const std::string_view element : list_elements(headers, "Accept-Encoding")) {
        const std::size_t semicolon = std::min(element.find(';'), element.size());
        const std::string coding = lower_case(trimmed(element.substr(0, semicolon)));
        const auto parameters = parse_field_parameters(element.substr(semicolon));
        const auto weight = parameters ? weight_in(*parameters) : std::nullopt;
        if (!weight) continue;
        // x-gzip is the same (section 8.4.1.3).
        if (coding == "gzip" || coding == "x-gzip") gzip = std::max(gzip.value_or(0), *weight);
        else if (coding == "identity") identity = weight;
        else if (coding == "*") any = weight;
    }
    const int of_gzip = gzip.value_or(any.value_or(0));
    return of_gzip > 0 && of_gzip >= identity.value_or(0);
}

std::optional<std::string> preferred_language(const Headers& headers) {
    std::optional<std::string> preferred;
    int most = 0;
    for (const std::string_view element : list_elements(headers, "Accept-Language")) {
        const std::size_t semicolon = std::min(element.find(';'), element.size());
        const auto parameters = parse_field_parameters(element.substr(semicolon));
        const int weight = parameters ? weight_in(*parameters).value_or(0) : 0;
        if (weight <= most) continue;
        auto tag = parse_language_tag(trimmed(element.substr(0, semicolon)));
        if (!tag) continue;
        preferred = std::move(tag);
        most = weight;
    }
    return preferred;
}

}  // namespace keyledger::api
