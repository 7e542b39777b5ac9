#include "integrations/outgoing/destination.hpp"

#include <curl/curl.h>

#include <algorithm>

namespace keyledger::integrations {
namespace {

constexpr std::size_t kMostUrlBytes = 2048;

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
    const std::unique_ptr<char, void (*)(void*)> owner(text, curl_free);
    return text;
}

bool is_visible_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string lower_case(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return text;
}

bool calls_itself_this_machine(std::string_view host) {
    return host == "localhost" || host == "[::1]" ||
           (host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos);
}

std::unique_ptr<CURLU, FreeUrl> parsed(const std::string& text) {
    std::unique_ptr<CURLU, FreeUrl> url(curl_url());
    if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_DISALLOW_USER) != CURLUE_OK) return nullptr;
    return url;
}

}  // namespace

void FreeUrl::operator()(Curl_URL* url) const noexcept { curl_url_cleanup(url); }

std::optional<NamedHost> NamedHost::parse(std::string_view text) {
    const auto url = is_visible_ascii(text) ? parsed("https://" + std::string(text)) : nullptr;
    if (!url || text.find_first_of("/?#@") != text.npos) return std::nullopt;
    NamedHost named{lower_case(part_of(url.get(), CURLUPART_HOST)), part_of(url.get(), CURLUPART_PORT)};
    const bool is_whole = text.size() == named.host.size() + (named.port.empty() ? 0 : named.port.size() + 1);
    return is_whole && is_visible_ascii(named.host) ? std::optional(std::move(named)) : std::nullopt;
}

std::optional<Destination> read_destination(const std::string& text, const std::vector<NamedHost>& named) {
    if (text.size() > kMostUrlBytes || !is_visible_ascii(text) || text.find("://") == text.npos) return std::nullopt;
    Destination to;
    to.url = parsed(text);
    if (!to.url || !part_of(to.url.get(), CURLUPART_FRAGMENT).empty()) return std::nullopt;
    const std::string scheme = part_of(to.url.get(), CURLUPART_SCHEME);
    const std::string host = lower_case(part_of(to.url.get(), CURLUPART_HOST));
    const std::string port = part_of(to.url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
    if (host.empty() || !is_visible_ascii(host)) return std::nullopt;
    to.is_named = std::ranges::any_of(
        named, [&](const NamedHost& one) { return one.host == host && (one.port.empty() || one.port == port); });
    to.is_plain = scheme == "http";
    if (to.is_plain ? !to.is_named || !calls_itself_this_machine(host) : scheme != "https") return std::nullopt;
    to.place = host + ":" + port;
    return to;
}

}  // namespace keyledger::integrations
