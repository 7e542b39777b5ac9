#pragma once
// Pages as answers of a call: in the language that was asked for, else the one that the browser asks for
// (`Accept-Language`), else the service's.
#include <optional>
#include <string_view>

#include "api/pages/page.hpp"
#include "api/routes/call.hpp"
#include "commands/runtime/errors.hpp"

namespace keyledger::api::routes {

Response show(const Call& call, int status, const Page& page);

// Of `ui_locales` (OpenID Connect Core section 3.1.2.1): the first that there are words in.
std::optional<Language> language_of_locales(std::string_view ui_locales);

// Of a form in which somebody chooses one: how long it has to be stands beside it.
FormField new_password_field(const Call& call, std::string name);

// ---- what a refusal says to somebody who looks at a page -------------------------------------------------------
Phrase title_of(const commands::CommandError& error);
Phrase advice_of(const Call& call, const commands::CommandError& error);

}  // namespace keyledger::api::routes
