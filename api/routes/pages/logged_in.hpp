#pragma once
// What follows where somebody logs in at a browser, whatever by: a session of the browser, or what is missing of one.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/pages/page.hpp"
#include "api/routes/call.hpp"

namespace keyledger::api::routes {

// Browsers keep cookies of 4096 bytes, name and attributes among them (RFC 6265 section 6.1).
inline constexpr std::size_t kMaxKeptIdentityBytes = 3'900;

// The session that the browser had before does not go on behind the new one's back: nobody could log out of it here.
// Where it can't be ended just now they are in all the same: what they spent to get in can't be had back.
Reply logged_in(Call& call, Response response, const commands::Grant& grant);

// To the page that asks for a second factor, or has one set up: of an error that says how to go on; nullopt of others.
// `flow`: as it is sealed.
std::optional<Response> to_what_is_missing(const commands::CommandError& error, const std::string& flow);
// Of this request alone: whoever begins another one in the same browser does not go on with it.
std::optional<std::string_view> half_log_in_of(const Request& request, std::string_view flow);
// Takes away what somebody left in the browser who got half way in, or came back from another provider, and went no
// further: whoever begins to log in after them, or gets in, is not they.
Response without_what_was_left(const Request& request, Response response);

// Who came back from another provider, and has no account yet (commands/providers/kept_identity.hpp).
Response with_kept_identity(Response response, const std::string& sealed);  // empty: it goes
std::optional<std::string_view> kept_identity_of(const Request& request);

// Links to the other providers by which somebody may log in.
std::vector<Link> ways_by_providers(const Call& call, const std::string& flow);

}  // namespace keyledger::api::routes
