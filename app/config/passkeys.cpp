#include "app/config/passkeys.hpp"

#include <algorithm>
#include <string_view>

namespace keyledger::app {
namespace {

std::string in_small_letters(std::string_view text) {
    std::string small(text);
    for (char& c : small)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return small;
}

struct Origin {
    std::string scheme;
    std::string host;
    std::string text;  // as browsers write it (RFC 6454 section 6.1)
};
Origin origin_of(const std::string& url) {
    Origin origin;
    const std::size_t scheme = std::min(url.find("://"), url.size());
    origin.scheme = in_small_letters(url.substr(0, scheme));
    std::string rest = in_small_letters(url.substr(std::min(scheme + 3, url.size())));
    rest = rest.substr(0, rest.find('/'));
    const std::size_t colon = rest.find(':', rest.find(']') == std::string::npos ? 0 : rest.find(']'));
    origin.host = rest.substr(0, colon);
    const std::string port = colon == std::string::npos ? "" : rest.substr(colon + 1);
    const bool is_usual = port.empty() || port == (origin.scheme == "https" ? "443" : "80");
    origin.text = origin.scheme + "://" + origin.host + (is_usual ? "" : ":" + port);
    return origin;
}

// No address, of either version, and nothing but letters, digits and hyphens between its dots.
bool is_domain(std::string_view host) {
    if (host.empty() || host.front() == '.' || host.back() == '.') return false;
    const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
    const auto is_fine = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.'; };
    const std::string_view last = host.substr(host.rfind('.') == host.npos ? 0 : host.rfind('.') + 1);
    return std::ranges::all_of(host, is_fine) && std::ranges::any_of(last, is_letter);
}

bool is_within(const std::string& host, const std::string& domain) {
    return host == domain || host.ends_with("." + domain);
}

// What browsers let a page do with passkeys: on a secure origin, which this machine's own name is, too.
bool may_ask(const Origin& origin, const std::string& domain) {
    const bool is_local = origin.host == "localhost" || origin.host.ends_with(".localhost");
    return is_within(origin.host, domain) && (origin.scheme == "https" || (origin.scheme == "http" && is_local));
}

}  // namespace

std::vector<std::string> complete_passkeys(PasskeySettings& passkeys, const std::string& issuer) {
    const Origin own = origin_of(issuer);
    std::vector<std::string> faults;
    if (passkeys.domain.empty()) {
        if (!passkeys.origins.empty() && !is_domain(own.host))
            faults.emplace_back("KEYLEDGER_PASSKEY_ORIGINS: set KEYLEDGER_PASSKEY_DOMAIN, too: the issuer's host is an "
                                "address");
        if (!is_domain(own.host)) return faults;
        passkeys.domain = own.host;
        // Of an issuer that browsers let ask for none, as http on another machine, none are offered.
        if (passkeys.origins.empty() && !may_ask(own, own.host)) passkeys.domain.clear();
        if (passkeys.domain.empty()) return faults;
    }
    if (!is_domain(passkeys.domain)) {
        faults.emplace_back("KEYLEDGER_PASSKEY_DOMAIN: give a domain in small letters, such as example.org, and no "
                            "address, port or URL");
        return faults;
    }
    if (passkeys.origins.empty()) passkeys.origins.push_back(own.text);
    for (const std::string& text : passkeys.origins)
        if (!may_ask(origin_of(text), passkeys.domain))
            faults.push_back("KEYLEDGER_PASSKEY_ORIGINS: '" + text + "' is no https:// origin on " + passkeys.domain +
                             " or below it (http:// for localhost alone)");
    return faults;
}

}  // namespace keyledger::app
