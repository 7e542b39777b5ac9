#pragma once
// Forms that a script fills with what a passkey answers (api/pages/assets/passkeys.js), and what is read of them.
#include "api/pages/page.hpp"
#include "api/wire/form.hpp"
#include "commands/passkeys/register_passkey.hpp"

namespace keyledger::api::routes {

// Proves by a passkey what the form's action asks for; its page is prepare_for_passkeys()'s. `id`: of the form.
Form passkey_form(std::string id, std::string action, Phrase button, const commands::AskedPasskey& asked,
                  std::vector<HiddenField> hidden);
void prepare_for_passkeys(Page& page, const commands::AskedPasskey& asked);
// Beside what else the page has; `hidden` goes with it.
void add_passkey_form(Page& page, std::string action, const commands::AskedPasskey& asked,
                      std::vector<HiddenField> hidden);
// A page of its own.
Page making_page(std::string action, const commands::BegunPasskey& begun, HiddenField token);

commands::PasskeyAnswer read_passkey_form(FormFields& form);
// Whether the form was sent by a passkey, where it may be sent without one, too.
bool brings_passkey(FormFields& form);
// With its handle.
struct MadeByForm {
    Secret handle;
    commands::MadePasskey made;
};
MadeByForm read_made_passkey_form(FormFields& form);

}  // namespace keyledger::api::routes
