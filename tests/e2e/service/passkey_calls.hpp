#pragma once
// Somebody who has a passkey and is about to prove it, and one call of each route.
#include <functional>
#include <utility>
#include <vector>

#include "tests/e2e/oauth/passkey_pages.hpp"
#include "tests/e2e/world/authenticator_app.hpp"

namespace keyledger::test {

struct AtPasskeys {
    std::string access;
    std::string proof;    // their password
    std::string made;     // another passkey, to be finished
    std::string answer;   // by theirs, to log in
    std::string half;     // a log-in with the password that asks for it
    HttpHeaders cookies;  // of a browser on the way, and what it is about to send
    std::string log_in_form;
    HttpHeaders own_cookies;  // of one that is logged in, and about to make a passkey
    std::string made_form;
    std::string factor_form;
};
inline AtPasskeys at_passkeys(ApiClient client) {
    AtPasskeys at;
    const Person person = register_somebody(api());
    at.access = log_in(client, person).access;
    at.proof = body_of(person, {});
    ApiClient theirs = client.as(at.access);
    Browser own(client);
    const Answer first = own.follow(own.get("/account"));
    const Answer account = own.follow(own.follow(log_in(own, first, person, person.password)));
    SoftwareAuthenticator third = authenticator();
    const std::string csrf = form_body({{"csrf", hidden(account, "csrf")}});
    at.made_form = making_form(
        third, own.post("/account/passkeys", csrf + "&" + form_body({{"current_password", person.password}})));
    at.own_cookies = own.cookies();
    SoftwareAuthenticator other = authenticator();
    at.made = registration_body(other, theirs.post(kBeginPasskey, at.proof));
    SoftwareAuthenticator phone = authenticator();
    make_passkey(theirs, person, phone);
    at.answer = answer_body(phone, client.post(kAskForPasskey, "{}"));
    at.half = json_object({{"mfa_token", try_log_in(client, person.email, person.password).text("/mfa_token")}});
    Browser browser(client);
    at.log_in_form = proving_form(phone, browser.follow(browser.get("/account")));
    const Answer page = browser.follow(browser.get("/account"));
    at.factor_form = proving_form(phone, browser.follow(log_in(browser, page, person, person.password)));
    at.cookies = browser.cookies();
    return at;
}

using PasskeyCall = std::function<Answer(ApiClient)>;
inline std::vector<std::pair<std::string, PasskeyCall>> passkey_calls(const AtPasskeys& at) {
    return {
        {"begin a passkey", [at](ApiClient as) { return as.as(at.access).post(kBeginPasskey, at.proof); }},
        {"make a passkey", [at](ApiClient as) { return as.as(at.access).post(kRegisterPasskey, at.made); }},
        {"ask for one's own", [at](ApiClient as) { return as.as(at.access).post(kAskForOwnPasskey, ""); }},
        {"ask for theirs", [at](ApiClient as) { return as.post(kAskForPasskey, at.half); }},
        {"make one on a page",
         [at](ApiClient as) { return as.form("/account/passkeys/made", at.made_form, at.own_cookies); }},
        {"log in by its page", [at](ApiClient as) { return as.form("/login/passkey", at.log_in_form, at.cookies); }},
        {"prove it on a page",
         [at](ApiClient as) { return as.form("/login/factor/passkey", at.factor_form, at.cookies); }},
        {"log in by it", [at](ApiClient as) { return as.post(kLogInByPasskey, at.answer); }}};
}

}  // namespace keyledger::test
