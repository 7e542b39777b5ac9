#pragma once
// What the script of the pages does with passkeys: fills a form with what a browser and an authenticator answer.
#include "tests/e2e/oauth/browser.hpp"
#include "tests/e2e/world/passkeys.hpp"

namespace keyledger::test {

// Of the page's options, which stand in an attribute.
inline std::string option_of(const Answer& page, const std::string& name) {
    std::smatch found;
    const std::regex wanted("&quot;" + name + "&quot;:&quot;([A-Za-z0-9_-]*)&quot;");
    return std::regex_search(page.body, found, wanted) ? found[1].str() : "";
}
inline std::string decoded_option(const Answer& page, const std::string& name) {
    return security::base64url_decode(option_of(page, name)).value_or("");
}
inline std::string encoded(const std::string& bytes) { return security::base64url_encode(bytes); }

// For the page to log in by, or that of the second factor.
inline std::string proving_form(SoftwareAuthenticator& by, const Answer& page) {
    const auto made = by.sign(decoded_option(page, "challenge"));
    return form_body({{"flow", hidden(page, "flow")},
                      {"handle", hidden(page, "handle")},
                      {"credential_id", encoded(by.credential_id)},
                      {"client_data_json", encoded(made.client_data_json)},
                      {"authenticator_data", encoded(made.authenticator_data)},
                      {"signature", encoded(made.signature)},
                      {"user_handle", encoded(by.user_handle)}});
}
// For the page on which one is made. The id of the account is the first one that its options name.
inline std::string making_form(SoftwareAuthenticator& by, const Answer& page) {
    const std::string user = page.body.substr(std::min(page.body.find("&quot;user&quot;"), page.body.size()));
    Answer of_user;
    of_user.body = user;
    by.user_handle = decoded_option(of_user, "id");
    const auto made = by.make(decoded_option(page, "challenge"));
    return form_body({{"csrf", hidden(page, "csrf")},
                      {"handle", hidden(page, "handle")},
                      {"client_data_json", encoded(made.client_data_json)},
                      {"attestation_object", encoded(made.attestation_object)}});
}

}  // namespace keyledger::test
