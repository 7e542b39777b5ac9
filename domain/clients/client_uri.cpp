#include "domain/clients/client_uri.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace keyledger {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_small_letter(char c) { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) { return is_small_letter(c) || (c >= 'A' && c <= 'Z'); }
bool is_of_scheme(char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; }
// Of RFC 3986, beside letters and digits; no '#'.
bool is_of_uri(char c) {
    constexpr std::string_view kMarks = "_~:/?[]@!$&'()*,;=%";
    return is_of_scheme(c) || kMarks.find(c) != std::string_view::npos;
}
bool is_of_host(char c) { return is_small_letter(c) || is_digit(c) || c == '-' || c == '.'; }
bool is_of_ipv6(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || c == ':' || c == '.'; }

struct WebUri {
    std::string_view host;  // an IPv6 address in its brackets
    std::string_view port;  // empty: none is said
    std::string_view rest;  // path and query: empty, or from '/' or '?' on
};

bool is_host(std::string_view host) {
    if (host.starts_with('['))
        return host.size() > 2 && host.ends_with(']') && std::all_of(host.begin() + 1, host.end() - 1, is_of_ipv6);
    const bool has_ends = !host.empty() && host.front() != '.' && host.front() != '-';
    return has_ends && std::all_of(host.begin(), host.end(), is_of_host);
}

bool is_port(std::string_view port) {
    return !port.empty() && port.size() <= 5 && port.front() != '0' && std::all_of(port.begin(), port.end(), is_digit);
}

std::optional<WebUri> parse(std::string_view text, std::string_view scheme_and_slashes) {
    if (text.size() > kMaxUriBytes || !text.starts_with(scheme_and_slashes)) return std::nullopt;
    if (!std::all_of(text.begin(), text.end(), is_of_uri)) return std::nullopt;
    text.remove_prefix(scheme_and_slashes.size());
    WebUri uri;
    const auto end_of_authority = std::min(text.find_first_of("/?"), text.size());
    uri.rest = text.substr(end_of_authority);
    const auto authority = text.substr(0, end_of_authority);
    const auto end_of_brackets = authority.find(']');
    const auto colon = authority.find(':', end_of_brackets == std::string_view::npos ? 0 : end_of_brackets);
    uri.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) {
        uri.port = authority.substr(colon + 1);
        if (!is_port(uri.port)) return std::nullopt;
    }
    return is_host(uri.host) ? std::optional(uri) : std::nullopt;
}

bool is_loopback_address(std::string_view host) { return host == "127.0.0.1" || host == "[::1]"; }

}  // namespace

bool is_audience(std::string_view text) {
    const auto colon = text.find(':');
    if (text.size() > kMaxAudienceBytes || colon == std::string_view::npos || colon + 1 == text.size()) return false;
    if (!is_letter(text.front())) return false;
    const auto scheme = text.substr(0, colon);
    return std::all_of(scheme.begin(), scheme.end(), is_of_scheme) && std::all_of(text.begin(), text.end(), is_of_uri);
}

bool is_https_uri(std::string_view text) { return parse(text, "https://").has_value(); }

bool is_loopback_uri(std::string_view text) {
    const auto uri = parse(text, "http://");
    return uri && (is_loopback_address(uri->host) || uri->host == "localhost");
}

bool is_private_use_uri(std::string_view text) {
    const auto colon = text.find(':');
    if (!is_audience(text) || text.size() > kMaxUriBytes) return false;
    const auto scheme = text.substr(0, colon);
    const bool is_small = std::none_of(scheme.begin(), scheme.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    return is_small && scheme.find('.') != std::string_view::npos && !scheme.ends_with('.');
}

std::string web_origin_of(std::string_view text) {
    const bool is_https = is_https_uri(text);
    if (!is_https && !is_loopback_uri(text)) return {};
    const std::string_view scheme = is_https ? "https://" : "http://";
    const auto uri = parse(text, scheme);
    std::string origin = std::string(scheme).append(uri->host);
    if (!uri->port.empty() && uri->port != (is_https ? "443" : "80")) origin.append(":").append(uri->port);
    return origin;
}

bool differ_in_loopback_port(std::string_view a, std::string_view b) {
    const auto one = parse(a, "http://");
    const auto other = parse(b, "http://");
    return one && other && is_loopback_address(one->host) && one->host == other->host && one->rest == other->rest;
}

}  // namespace keyledger
