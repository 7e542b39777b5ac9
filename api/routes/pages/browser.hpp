#pragma once
// What a browser keeps for this service, in cookies that no script reads and no form of another site sends: who is
// logged in there, and by what a flow knows it again.
#include <optional>

#include "api/pages/page.hpp"
#include "api/routes/context.hpp"
#include "commands/authorization/sealed.hpp"

namespace keyledger::api::routes {

inline constexpr std::size_t kMaxFlowBytes = 6 * 1024;

commands::SealedBy sealed_by(Context& context);

// ---- who is logged in ------------------------------------------------------------------------------------------
// Whether the session still holds is asked of the log, by every command and answer anew. nullopt: nobody is.
std::optional<commands::Bearer> browser_of(Context& context, const Request& request);
Response with_browser(Context& context, Response response, const commands::Grant& grant);
Response without_browser(Response response);
// Whose sessions they are.
commands::Client browser_client();

// ---- flows -----------------------------------------------------------------------------------------------------
struct FlowCookie {
    std::string value;
    bool is_new = false;
};
// What the browser has, or what it is to be given.
FlowCookie flow_cookie_of(Context& context, const Request& request);
Response with_flow_cookie(Response response, const FlowCookie& cookie);
// What is shown where there is none.
Response took_too_long();
// The flow that a page was sent with, if it began in this browser.
std::optional<commands::AuthorizationFlow> flow_of(Context& context, const Request& request, std::string_view sealed);

}  // namespace keyledger::api::routes
