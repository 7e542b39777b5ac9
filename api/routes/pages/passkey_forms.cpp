#include "api/routes/pages/passkey_forms.hpp"

#include "api/routes/factors/read_passkey.hpp"
#include "api/routes/passkeys/passkey_json.hpp"

namespace keyledger::api::routes {
namespace {

constexpr const char* kScript = "passkeys.js";

}  // namespace

void add_passkey_form(Page& page, std::string action, const commands::AskedPasskey& asked,
                      std::vector<HiddenField> hidden) {
    Form form{std::move(action), Text::kUsePasskey, std::move(hidden)};
    form.hidden.push_back({"handle", asked.handle});
    form.look = Form::Look::kOther;
    form.id = "passkey";
    form.passkey = Form::Passkey::kProve;
    form.passkey_options = request_options(asked);
    page.more_forms.push_back(std::move(form));
    page.scripts = {kScript};
}

Page making_page(std::string action, const commands::BegunPasskey& begun, HiddenField token) {
    Page page{Text::kMakePasskey, {Text::kMakePasskeyMeans}};
    page.form = Form{std::move(action), Text::kMakePasskey, {std::move(token), {"handle", begun.asked.handle}}};
    page.form->id = "passkey";
    page.form->passkey = Form::Passkey::kMake;
    page.form->passkey_options = creation_options(begun);
    page.links = {{"/account", Text::kCancel}};
    page.scripts = {kScript};
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

MadeByForm read_made_passkey_form(FormFields& form) {
    return {form.required_secret("handle", kMaxPasskeyHandleBytes),
            {form.required_string("client_data_json", kMaxClientDataTextBytes),
             form.required_string("attestation_object", kMaxAttestationTextBytes)}};
}

}  // namespace keyledger::api::routes
