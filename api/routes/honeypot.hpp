#pragma once
// A field of forms that people do not see and leave empty, and that machines fill in which fill in every field. Nothing
// comes of such a request, and its answer looks as if all had: whoever wrote the machine learns nothing. Told in
// OpenAPI like any other field; docs/forms.md says how a form hides it.
//
//     const bool is_trapped = fills_honeypot(body);
//     auto read = call.finish(body);
//     if (!read) co_return read.error();
//     if (is_trapped) co_return … as it would be answered … after count_honeypot(call);
#include "api/routes/call.hpp"
#include "commands/credentials/failure_sums.hpp"

namespace keyledger::api::routes {

inline constexpr std::size_t kMaxWebsiteBytes = 2048;

// Asks for the field; with the others, before the body is finished.
inline bool fills_honeypot(JsonFields& body) {
    return !body.optional_string("website_url", kMaxWebsiteBytes).value_or("").empty();
}
// One more of that network: an event a minute tells how many there were.
inline void count_honeypot(Call& call) { commands::count_filled_honeypot(call.services(), caller_of(call.request)); }

}  // namespace keyledger::api::routes
