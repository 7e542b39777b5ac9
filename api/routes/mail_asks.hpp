#pragma once
// What the routes that send a mail have in common, and the pages behind its links.
#include "api/routes/call.hpp"
#include "api/routes/pages/showing.hpp"
#include "commands/challenges/challenges.hpp"

namespace keyledger::api::routes {

inline constexpr std::size_t kMaxHandleBytes = 2048;
inline constexpr std::size_t kMaxCodeBytes = 16;
// What is called `token` in the address of a link.
inline constexpr std::size_t kMaxLinkTokenBytes = 2048;

// The fields `email` and `handle`, and the language that the caller reads first.
commands::ChallengeAsk read_ask(JsonFields& body, ChallengePurpose purpose, const Request& request);
// 202 with the handle: the same for every address. There is no position, which would tell what it set off.
Response asked(const Request& request, const Result<commands::AskedChallenge, commands::CommandError>& outcome);

// A link's `token`, or `handle` and `code`. A body that has neither, or both, is refused.
commands::Presented read_presented(JsonFields& body, ChallengePurpose purpose);

// What the token of a link does by itself, sent in JSON: 204, or why not.
using ByLink = commands::Answer<commands::Receipt> (*)(commands::Services&, const Secret& link, commands::Caller);
Reply answer_link(Call& call, ByLink act);

// ---- pages -----------------------------------------------------------------------------------------------------
// Instead of a problem (RFC 9457), for somebody who looks at it; what they can do nothing about stays one.
Response show_refusal(const Call& call, const commands::CommandError& error);
// The same by the button of its page: `done`, or why not.
Reply press_button(Call& call, ByLink act, Page done);
// The page of a link as it is opened: `page` with a form that posts the token to where it stands. It asks nobody
// whether the token is good: that is for the button.
Response show_link_page(const Call& call, Page page, Form form);
}  // namespace keyledger::api::routes
