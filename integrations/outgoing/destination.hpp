#pragma once
// Where a request goes, and whether it may. Pure; any thread.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct Curl_URL;

namespace keyledger::integrations {

// A host that configuration names, so that it may be at any address: "keys.internal" or "keys.internal:8443".
struct NamedHost {
    std::string host;  // in lower case, IPv6 in brackets
    std::string port;  // empty: every one
    // nullopt: it is neither.
    static std::optional<NamedHost> parse(std::string_view text);
};

struct FreeUrl {
    void operator()(Curl_URL* url) const noexcept;
};

struct Destination {
    std::unique_ptr<Curl_URL, FreeUrl> url;  // as libcurl will go there: nothing is parsed twice
    std::string place;                       // host and port: for so many at once is bounded
    bool is_named = false;                   // by configuration
    bool is_plain = false;                   // http: to this machine alone
};
// nullopt: nobody goes there. https, with a host in ASCII and without user, password or fragment; http where the host
// is one that configuration names and calls itself this machine.
std::optional<Destination> read_destination(const std::string& url, const std::vector<NamedHost>& named);

}  // namespace keyledger::integrations
