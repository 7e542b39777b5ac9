#pragma once
// What of a log-in at a browser is handed out and taken back: sealed under a purpose of its own, naming the log, so
// that nothing of it is stored. Any thread.
#include <optional>
#include <string>
#include <string_view>

#include "commands/authorization/authorization_code.hpp"
#include "commands/authorization/device_code.hpp"
#include "commands/runtime/caller.hpp"
#include "commands/sessions/tokens.hpp"
#include "domain/authorization/authorization_request.hpp"

namespace keyledger::commands {

struct SealedBy {
    Cursors& cursors;
    const Uuid& log_id;
};

// ---- an authorization request on its way through the pages -----------------------------------------------------
inline constexpr Duration kFlowLasts = hours(1);
// What is sealed of a request; a longer one is refused.
inline constexpr std::size_t kMaxFlowClearBytes = 4000;

// Bound to the browser in which it began, by a cookie of its own: nobody can make somebody else's browser go on with a
// request of theirs (log-in CSRF, RFC 9700 section 4.7).
struct AuthorizationFlow {
    AuthorizationRequest request;
    std::string browser{};  // digest of the cookie; empty: not bound yet
    // For pages; empty: none.
    std::string application_name{};
    std::string accent_color{};
    std::string accent_color_dark{};
    std::string logo_uri{};
    // Where it leads where it is on its way to no application: a path of this service; empty: to the own account.
    std::string leads_to{};
    std::optional<SessionId> chosen{};  // as whose session its user said to go on
};
// nullopt: the request is too long to be carried along.
std::optional<std::string> seal_flow(const SealedBy& by, const AuthorizationFlow& flow);
// nullopt: not ours, or too old.
std::optional<AuthorizationFlow> open_flow(const SealedBy& by, std::string_view sealed, Instant now);
std::string digest_of_flow_cookie(std::string_view cookie);

// ---- a pushed request (RFC 9126) -------------------------------------------------------------------------------
// 4 KiB with what an address needs: it travels in one.
inline constexpr std::size_t kMaxRequestUriBytes = 4 * 1024;
inline constexpr std::string_view kRequestUriPrefix = "urn:ietf:params:oauth:request_uri:";

// The `request_uri` of a request that says when it was pushed. nullopt: it is too long.
std::optional<std::string> seal_pushed(const SealedBy& by, const AuthorizationRequest& request);
// nullopt: not ours. Whether it is still good, and whose it is, is not asked here.
std::optional<AuthorizationRequest> open_pushed(const SealedBy& by, std::string_view request_uri);

// ---- codes -----------------------------------------------------------------------------------------------------
std::string seal_code(const SealedBy& by, const AuthorizationCode& code);
// nullopt: not ours. Whether it is still good, its exchange says.
std::optional<AuthorizationCode> open_code(const SealedBy& by, std::string_view sealed);

// Of a device, in two forms that are not good for each other: what it asks by, and what the code that people type leads
// to.
std::string seal_device_code(const SealedBy& by, const DeviceCode& device);
std::optional<DeviceCode> open_device_code(const SealedBy& by, std::string_view sealed);
std::string seal_asked_device(const SealedBy& by, const DeviceCode& device);
std::optional<DeviceCode> open_asked_device(const SealedBy& by, std::string_view sealed);

// ---- the session of a browser ----------------------------------------------------------------------------------
// A cookie says what an access token says, and is not moved on by events.
std::string seal_browser(const SealedBy& by, const Bearer& bearer);
std::optional<Bearer> open_browser(const SealedBy& by, std::string_view sealed);

}  // namespace keyledger::commands
