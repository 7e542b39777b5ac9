#pragma once
// A device without a browser (RFC 8628), and somebody who lets it in.
#include "tests/e2e/oauth/browser.hpp"

namespace keyledger::test {

inline constexpr const char* kDevicePage = "/device";
inline constexpr const char* kDeviceAnswer = "/device/answer";
inline constexpr const char* kDeviceGrantType = "urn:ietf:params:oauth:grant-type:device_code";

// `more`: further members.
inline std::string device_application(
    const std::string& more = R"(,"application_type":"native","authentication":"none")") {
    const Answer made = administrator(api()).post(
        kApplications,
        R"({"name":"Television","grant_types":["device_code","refresh_token"],"scopes":["openid","email",)"
        R"("offline_access"],"audiences":["https://stock.example"],"redirect_uris":[],"post_logout_redirect_uris":[])" +
            more + "}");
    if (made.status != 201) throw std::runtime_error(made.body);
    return made.text("/id");
}
inline Answer ask_for_code(const std::string& client_id, ApiClient client = api(), const std::string& more = "") {
    return client.form(kDeviceAuthorization, form_body({{"client_id", client_id}, {"scope", "openid email"}}) + more);
}
inline std::string poll_form(const std::string& client_id, const std::string& device_code) {
    return form_body({{"grant_type", kDeviceGrantType}, {"client_id", client_id}, {"device_code", device_code}});
}
inline Answer poll(const std::string& client_id, const std::string& device_code, ApiClient client = api()) {
    return client.form(kToken, poll_form(client_id, device_code));
}

// Logs in on the way to a page for whoever is, and comes back to it.
inline Answer logged_in_at(Browser& browser, const std::string& target, const Person& person) {
    const Answer page = browser.follow(browser.get(target));
    return browser.follow(browser.follow(log_in(browser, page, person, person.password)));
}
inline Answer typed(Browser& browser, const std::string& user_code) {
    const std::string csrf = hidden(browser.get(kDevicePage), "csrf");
    return browser.post(kDevicePage, form_body({{"user_code", user_code}, {"csrf", csrf}}));
}
// What the page that `typed` shows sends with one of its buttons.
inline Answer answered(Browser& browser, const Answer& page, const std::string& decision) {
    return browser.post(
        kDeviceAnswer,
        form_body({{"device", hidden(page, "device")}, {"csrf", hidden(page, "csrf")}, {"decision", decision}}));
}

}  // namespace keyledger::test
