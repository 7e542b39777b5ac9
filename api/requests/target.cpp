#include "api/requests/target.hpp"

#include <algorithm>
#include <array>

#include "api/wire/text.hpp"

namespace keyledger::api {
namespace {

constexpr std::size_t kMaxEchoedBytes = 64;
constexpr std::string_view kRepeatable = "resource";  // RFC 8707 section 2; nothing of our own is called so

// Visible ASCII without what RFC 3986 keeps out of paths and queries.
constexpr std::array<bool, 256> kTargetBytes = [] {
    std::array<bool, 256> bytes{};
    for (std::size_t c = 0x21; c < 0x7F; ++c) bytes[c] = true;
    for (const char c : std::string_view("\"<>\\^`{|}#")) bytes[static_cast<std::size_t>(c)] = false;
    return bytes;
}();
bool target_byte(char c) { return kTargetBytes[static_cast<unsigned char>(c)]; }

bool has_control(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

Result<std::vector<std::string>, std::string> parse_path(std::string_view path) {
    std::vector<std::string> segments;
    if (path == "/") return segments;
    segments.reserve(std::min(static_cast<std::size_t>(std::ranges::count(path, '/')), kMaxPathSegments));
    while (!path.empty()) {
        path.remove_prefix(1);
        std::size_t slash = path.find('/');
        auto segment = percent_decoded(path.substr(0, slash), PlusSign::kLiteral);
        if (!segment || has_control(*segment))
            return Unexpected("The path has a bad percent-encoding, a control character, or bytes that are not UTF-8.");
        if (*segment == "." || *segment == "..") return Unexpected("The path has a dot segment; send it resolved.");
        if (segments.size() == kMaxPathSegments) return Unexpected("The path has too many segments.");
        segments.push_back(std::move(*segment));
        path = slash == path.npos ? std::string_view{} : path.substr(slash);
    }
    return segments;
}

}  // namespace

Result<Target, std::string> parse_target(std::string_view raw) {
    Target target;
    if (raw == "*") {
        target.asterisk = true;
        return target;
    }
    if (!std::ranges::all_of(raw, target_byte))
        return Unexpected("The request target has a character that must be percent-encoded.");
    std::size_t scheme = raw.find("://");
    if (!raw.starts_with('/') && scheme != raw.npos) {
        std::string_view name = raw.substr(0, scheme);
        if (!equal_ignoring_case(name, "http") && !equal_ignoring_case(name, "https"))
            return Unexpected("The request target has a scheme other than http and https.");
        raw.remove_prefix(scheme + 3);
        std::size_t path = std::min(raw.find_first_of("/?"), raw.size());
        target.authority = raw.substr(0, path);
        if (!valid_host(target.authority)) return Unexpected("The request target has no valid host.");
        raw.remove_prefix(path);
    }
    std::size_t question = std::min(raw.find('?'), raw.size());
    std::string_view path = raw.substr(0, question);
    if (path.empty() && !target.authority.empty()) path = "/";
    if (!path.starts_with('/')) return Unexpected("The request target must start with a slash.");
    auto segments = parse_path(path);
    if (!segments) return Unexpected(segments.error());
    target.segments = *std::move(segments);
    if (question == raw.size()) return target;
    auto query = parse_parameters(raw.substr(question + 1), kMaxQueryParameters, kRepeatable);
    if (!query) return Unexpected("The query is malformed: " + query.error());
    target.query = *std::move(query);
    return target;
}

Result<Parameters, std::string> parse_parameters(std::string_view text, std::size_t max_parameters,
                                                 std::string_view repeatable) {
    Parameters parameters;
    while (!text.empty()) {
        std::size_t end = text.find('&');
        std::string_view pair = text.substr(0, end);
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
        if (pair.empty()) continue;
        std::size_t equals = pair.find('=');
        auto name = percent_decoded(pair.substr(0, equals), PlusSign::kSpace);
        auto value = equals == pair.npos ? std::optional<std::string>(std::in_place)
                                         : percent_decoded(pair.substr(equals + 1), PlusSign::kSpace);
        if (!name || !value) return Unexpected("bad percent-encoding, U+0000, or bytes that are not UTF-8.");
        const bool may_repeat = !repeatable.empty() && *name == repeatable;
        if (!may_repeat && find(parameters, *name))
            return Unexpected("the parameter " + std::string(shortened(*name, kMaxEchoedBytes)) + " is given twice.");
        if (parameters.size() == max_parameters) return Unexpected("too many parameters.");
        parameters.push_back({std::move(*name), std::move(*value)});
    }
    return parameters;
}

bool valid_host(std::string_view host) noexcept {
    static constexpr std::string_view kMarks = "-._~!$&'()*+,;=";
    std::size_t colon = host.npos;
    if (host.starts_with('[')) {
        std::size_t end = host.find(']');
        if (end == host.npos || !IpAddress::parse(host.substr(1, end - 1))) return false;
        if (end + 1 == host.size()) return true;
        if (host[end + 1] != ':') return false;
        colon = end + 1;
    } else {
        colon = host.find(':');
        std::string_view name = host.substr(0, colon);
        if (name.empty() || name.size() > 255) return false;
        for (std::size_t i = 0; i < name.size(); ++i) {
            const char c = name[i];
            const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            const bool coded =
                c == '%' && i + 2 < name.size() && hex_digit(name[i + 1]) >= 0 && hex_digit(name[i + 2]) >= 0;
            if (!plain && !coded && kMarks.find(c) == kMarks.npos) return false;
        }
        if (colon == host.npos) return true;
    }
    std::string_view port = host.substr(colon + 1);
    return port.size() <= 5 && std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace keyledger::api
