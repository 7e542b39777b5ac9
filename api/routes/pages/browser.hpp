#pragma once
// What a browser keeps for this service, in cookies that no script reads and no form of another site sends: who is
// logged in there, and by what a flow knows it again.
#include <optional>

#include "api/pages/page.hpp"
#include "api/routes/call.hpp"
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
// Beside the cookie, which no other site's form brings (SameSite=Lax), every form that acts for a session has a field
// that no other page than one shown in that session has: of a sibling of this site, for which browsers send the cookie,
// or one that was opened by whoever was logged in before.
HiddenField form_token(Context& context, const commands::Bearer& browser);
bool has_form_token(Context& context, FormFields& form, const commands::Bearer& browser);

// ---- flows -----------------------------------------------------------------------------------------------------
struct FlowCookie {
    std::string value;
    bool is_new = false;
};
// What the browser has, or what it is to be given.
FlowCookie flow_cookie_of(Context& context, const Request& request);
Response with_flow_cookie(Response response, const FlowCookie& cookie);
// What is shown where there is none.
Response took_too_long(const Call& call);
// Puts the page into the colours of the application to which the flow leads, and shows its picture.
void dress(Page& page, const commands::AuthorizationFlow& flow);
// The flow that a page was sent with, if it began in this browser.
std::optional<commands::AuthorizationFlow> flow_of(Context& context, const Request& request, std::string_view sealed);

}  // namespace keyledger::api::routes
