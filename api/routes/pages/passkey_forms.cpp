#include "api/routes/pages/passkey_forms.hpp"

#include "api/routes/factors/read_passkey.hpp"
#include "api/routes/passkeys/passkey_json.hpp"

namespace keyledger::api::routes {
namespace {

constexpr const char* kScript = "passkeys.js";

}  // namespace

Form passkey_form(std::string id, std::string action, Phrase button, const commands::AskedPasskey& asked,
                  std::vector<HiddenField> hidden) {
    Form form{std::move(action), std::move(button), std::move(hidden)};
    form.hidden.push_back({"handle", asked.handle});
    form.look = Form::Look::kOther;
    form.id = std::move(id);
    form.passkey = Form::Passkey::kProve;
    form.passkey_options = request_options(asked);
    return form;
}

void prepare_for_passkeys(Page& page, const commands::AskedPasskey& asked) {
    page.scripts = {kScript};
    page.passkey_domain = asked.relying_party_id;
}

void add_passkey_form(Page& page, std::string action, const commands::AskedPasskey& asked,
                      std::vector<HiddenField> hidden) {
    page.more_forms.push_back(passkey_form("passkey", std::move(action), Text::kUsePasskey, asked, std::move(hidden)));
    // What there is nothing else beside is what the page is for.
    if (!page.form) page.more_forms.back().look = Form::Look::kMain;
    prepare_for_passkeys(page, asked);
}

Page making_page(std::string action, const commands::BegunPasskey& begun, HiddenField token) {
    Page page{Text::kMakePasskey, {Text::kMakePasskeyMeans}};
    page.form = Form{std::move(action), Text::kMakePasskey, {std::move(token), {"handle", begun.asked.handle}}};
    page.form->id = "passkey";
    page.form->passkey = Form::Passkey::kMake;
    page.form->passkey_options = creation_options(begun);
    page.links = {{"/account", Text::kCancel}};
    prepare_for_passkeys(page, begun.asked);
    return page;
}

commands::PasskeyAnswer read_passkey_form(FormFields& form) {
    commands::PasskeyAnswer answer;
    answer.handle = form.required_secret("handle", kMaxPasskeyHandleBytes);
    answer.credential_id = form.required_string("credential_id", kMaxCredentialIdBytes);
    answer.client_data_json = form.required_string("client_data_json", kMaxClientDataTextBytes);
    answer.authenticator_data = form.required_string("authenticator_data", kMaxAuthenticatorDataTextBytes);
    answer.signature = form.required_string("signature", kMaxSignatureTextBytes);
    answer.user_handle = form.optional_string("user_handle", kMaxUserHandleTextBytes).value_or("");
    return answer;
}

bool brings_passkey(FormFields& form) {
    return form.optional_string("credential_id", kMaxCredentialIdBytes).has_value();
}

MadeByForm read_made_passkey_form(FormFields& form) {
    return {form.required_secret("handle", kMaxPasskeyHandleBytes),
            {form.required_string("client_data_json", kMaxClientDataTextBytes),
             form.required_string("attestation_object", kMaxAttestationTextBytes)}};
}

}  // namespace keyledger::api::routes
