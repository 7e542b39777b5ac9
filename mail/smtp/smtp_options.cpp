#include "mail/smtp/smtp_options.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "mail/message/address.hpp"

namespace keyledger::mail {
namespace {

using Url = std::unique_ptr<CURLU, void (*)(CURLU*)>;

std::string part_of(CURLU* url, CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
    const std::unique_ptr<char, void (*)(void*)> owner(text, curl_free);
    return text;
}

Url parsed(const std::string& text) {
    Url url(curl_url(), curl_url_cleanup);
    if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) url.reset();
    return url;
}

bool is_this_machine(std::string_view host) {
    return host == "localhost" || host == "[::1]" ||
           (host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos);
}

bool has_nothing_else(CURLU* url) {
    const std::string path = part_of(url, CURLUPART_PATH);
    return (path.empty() || path == "/") && part_of(url, CURLUPART_USER).empty() &&
           part_of(url, CURLUPART_PASSWORD).empty() && part_of(url, CURLUPART_QUERY).empty() &&
           part_of(url, CURLUPART_FRAGMENT).empty();
}

bool is_credential(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

}  // namespace

std::vector<OptionFault> check_smtp_options(const SmtpOptions& options) {
    std::vector<OptionFault> faults;
    const auto fault = [&](std::string_view option, std::string sentence) {
        faults.push_back({option, std::move(sentence)});
    };
    const Url url = parsed(options.url);
    const std::string scheme = url ? part_of(url.get(), CURLUPART_SCHEME) : "";
    const bool is_off = options.tls == SmtpTls::kOff;
    if ((scheme != "smtp" && scheme != "smtps") || options.url.find("://") == options.url.npos)
        fault("url", "give smtp://host:587 or smtps://host:465");
    else if (!has_nothing_else(url.get()))
        fault("url", "give smtp://host:587 or smtps://host:465 alone; user and password have settings of their own");
    else if (is_off && scheme == "smtps") fault("tls", "smtps:// is TLS, and can't be without");
    else if (is_off && !options.user.empty() && !is_this_machine(part_of(url.get(), CURLUPART_HOST)))
        fault("tls", "a password would go to another machine in plain text: leave TLS on");
    if (options.user.empty() != options.password.empty())
        fault("user", "user and password go together: set both or none");
    if (!is_credential(options.user)) fault("user", "it has control characters");
    if (!is_credential(options.password.reveal())) fault("password", "it has control characters");
    if (!options.greet_with.empty() && ascii_host(options.greet_with) != options.greet_with)
        fault("greet_with", "give a host name in ASCII");
    if (options.connections < 1 || options.connections > kMostConnections)
        fault("connections", "give 1 to " + std::to_string(kMostConnections));
    if (options.queue < 1 || options.queue > kMostQueuedMails)
        fault("queue", "give 1 to " + std::to_string(kMostQueuedMails));
    return faults;
}

bool needs_tls(const SmtpOptions& options) {
    const Url url = parsed(options.url);
    switch (options.tls) {
        case SmtpTls::kAuto: return !is_this_machine(part_of(url.get(), CURLUPART_HOST));
        case SmtpTls::kRequired: return true;
        case SmtpTls::kOff: return false;
    }
    return true;
}

}  // namespace keyledger::mail
