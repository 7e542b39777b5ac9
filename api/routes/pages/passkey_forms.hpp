#pragma once
// Forms that a script fills with what a passkey answers (api/pages/assets/passkeys.js), and what is read of them.
#include "api/pages/page.hpp"
#include "api/wire/form.hpp"
#include "commands/passkeys/register_passkey.hpp"

namespace keyledger::api::routes {

// Beside what else the page has; `hidden` goes with it.
void add_passkey_form(Page& page, std::string action, const commands::AskedPasskey& asked,
                      std::vector<HiddenField> hidden);
// A page of its own.
Page making_page(std::string action, const commands::BegunPasskey& begun, HiddenField token);

commands::PasskeyAnswer read_passkey_form(FormFields& form);
// With its handle.
struct MadeByForm {
    Secret handle;
    commands::MadePasskey made;
};
MadeByForm read_made_passkey_form(FormFields& form);

}  // namespace keyledger::api::routes
