#pragma once
// Somebody in the middle of all the pages, and one call of each.
#include <functional>
#include <utility>
#include <vector>

#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "tests/e2e/oauth/browser.hpp"
#include "tests/e2e/oauth/devices.hpp"

namespace keyledger::test {

// What a browser keeps of a log-in that is half way there, for this request alone.
inline std::string half_log_in(const std::string& mfa_token, const std::string& flow) {
    const auto digest = security::sha256({"way of a half log-in", flow});
    return mfa_token + "." + security::base64url_encode(security::view_of(digest));
}

// Their browser is logged in, and on the way to an application that it went to before.
struct OnTheWay {
    std::string shop;
    HttpHeaders cookies;
    std::string flow;
    std::string csrf;
    std::string reset;   // the handle of an ask for a new password
    std::string change;  // of one for another address
    std::string access;  // of the application
    std::string television;
    std::string device;  // that it shows the code of, sealed
    std::string device_code;
    std::string link;  // that logs in, of a mail
};
inline OnTheWay on_the_way(ApiClient client, const Person& person, const std::string& mfa_token) {
    OnTheWay way;
    way.shop = application();
    Browser browser(client);
    const Answer back = authorized(browser, way.shop, person);
    way.access = redeem(way.shop, parameter(Browser::location(back), "code"), client).text("/access_token");
    way.flow = parameter(Browser::location(browser.get(request(way.shop, "&prompt=consent"))), "flow");
    way.csrf = hidden(browser.get("/consent?flow=" + way.flow), "csrf");
    way.television = device_application();
    const Answer asked = ask_for_code(way.television, client);
    way.device_code = asked.text("/device_code");
    way.device = hidden(typed(browser, asked.text("/user_code")), "device");
    way.reset = hidden(browser.post("/forgot-password", form_body({{"email", person.email}})), "handle");
    browser.post("/login/mail/link", form_body({{"email", person.email}, {"flow", way.flow}}));
    way.link = mailbox().await_mail(person.email, "Log in to").from_link("token");
    const std::string change =
        form_body({{"csrf", way.csrf}, {"email", somebody().email}, {"current_password", person.password}});
    way.change = hidden(browser.post("/account/email", change), "handle");
    browser.jar["__Host-keyledger-log-in"] = half_log_in(mfa_token, way.flow);
    way.cookies = browser.cookies();
    return way;
}

using PageCall = std::function<Answer(ApiClient&)>;
inline std::vector<std::pair<std::string, PageCall>> page_calls(const OnTheWay& way, const Person& person) {
    const std::string flow = form_body({{"flow", way.flow}});
    const std::string bye = "client_id=" + way.shop + "&post_logout_redirect_uri=https%3A%2F%2Fshop.example%2Fbye";
    const std::string log_in = flow + "&" + form_body({{"identifier", person.email}, {"password", person.password}});
    std::vector<std::pair<std::string, PageCall>> calls;
    const auto get = [&](const std::string& target) {
        calls.emplace_back(target.substr(0, 30),
                           [=, cookies = way.cookies](ApiClient& as) { return as.get(target, cookies); });
    };
    const auto post = [&](const std::string& target, const std::string& form) {
        calls.emplace_back(target,
                           [=, cookies = way.cookies](ApiClient& as) { return as.form(target, form, cookies); });
    };
    get(request(way.shop));
    get("/oauth2/authorize/continue?" + flow);
    get("/oauth2/logout?" + bye);
    get("/login/choose?" + flow);
    post("/login", log_in);
    post("/login/factor", flow + "&code=000000");
    post("/login/enrol", flow);
    post("/login/enrol/confirm", flow + "&code=000000");
    post("/account/log-in", form_body({{"token", way.link}}));
    post("/consent", flow + "&decision=allow&csrf=" + way.csrf);
    post("/oauth2/logout", bye);
    post(kPar, request_form(way.shop));
    post(kDeviceAuthorization, form_body({{"client_id", way.television}, {"scope", "openid"}}));
    post(kToken, poll_form(way.television, way.device_code));
    post(kDevicePage, form_body({{"user_code", "BCDF-GHJK"}, {"csrf", way.csrf}}));
    post(kDeviceAnswer, form_body({{"device", way.device}, {"csrf", way.csrf}, {"decision", "allow"}}));
    post("/logout", bye);
    get("/account");
    const std::string own = "csrf=" + way.csrf + "&" + form_body({{"current_password", person.password}});
    post("/account/password", own + "&" + form_body({{"new_password", "another one, as long as that"}}));
    for (const char* target : {"/account/factors", "/account/factors/remove", "/account/recovery-codes"})
        post(target, own + "&factor_code=000000");
    post("/account/factors/confirm", own + "&code=000000");
    post("/account/passkeys", own);
    post("/account/sessions/end", own);
    post("/account/erase", own);
    for (const char* target : {"/account/profile", "/account/devices", "/account/applications", "/account/providers"})
        get(target);
    const std::string id = "=01890a5d-ac96-774b-bcce-b302099a8057";
    post("/account/profile", own + "&name=Ann");
    post("/account/email", own + "&" + form_body({{"email", somebody().email}}));
    post("/account/email/confirm", own + "&" + form_body({{"handle", way.change}, {"code", "000000"}}));
    post("/account/devices/forget", own + "&device" + id);
    post("/account/applications/withdraw", own + "&application=" + way.shop);
    post("/account/providers/link", own + "&provider=any");
    post("/account/providers/unlink", own + "&identity" + id);
    for (const char* method : {"GET", "POST"})
        calls.emplace_back(std::string(method) + " userinfo", [=, access = way.access](ApiClient& as) {
            return as.as(access).send(method, "/oauth2/userinfo");
        });
    return calls;
}

// Of those that ask for a mail, or take its code: `registration` and `log_in` are handles.
inline std::vector<std::pair<std::string, PageCall>> mail_page_calls(const OnTheWay& way, const Person& person,
                                                                     const std::string& registration,
                                                                     const std::string& log_in) {
    const std::string flow = "&" + form_body({{"flow", way.flow}});
    const std::string address = form_body({{"email", person.email}});
    const std::string code = form_body({{"handle", registration}, {"code", "000000"}});
    const std::string log_in_code = form_body({{"handle", log_in}, {"code", "000000"}});
    const std::string password = form_body({{"password", person.password}});
    const std::string reset_code = form_body({{"handle", way.reset}, {"code", "000000"}});
    std::vector<std::pair<std::string, PageCall>> calls;
    for (const auto& [target, form] :
         std::vector<std::pair<std::string, std::string>>{{"/register", address + "&" + password},
                                                          {"/register/confirm", code},
                                                          {"/register/again", code},
                                                          {"/forgot-password", address},
                                                          {"/forgot-password/code", reset_code + "&new_" + password},
                                                          {"/login/mail", address + flow},
                                                          {"/login/mail/link", address + flow},
                                                          {"/login/mail/code", log_in_code + flow}})
        calls.emplace_back(target,
                           [=, cookies = way.cookies](ApiClient& as) { return as.form(target, form, cookies); });
    return calls;
}

}  // namespace keyledger::test
