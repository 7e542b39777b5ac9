#pragma once
// An application that people log in with, and a browser without script: redirects, forms and cookies.
#include <initializer_list>
#include <map>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "security/primitives/base64url.hpp"
#include "tests/e2e/clients/applications.hpp"
#include "tests/e2e/oauth/endpoints.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {

inline constexpr const char* kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";  // RFC 7636 appendix B
inline constexpr const char* kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
inline constexpr const char* kCallback = "https://shop.example/callback";

// `more`: further members.
inline std::string application(const std::string& consent = "required", const std::string& more = "") {
    const Answer made = administrator(api()).post(
        kApplications, R"({"name":"Shop","application_type":"spa","authentication":"none","consent":")" + consent +
                           R"(","grant_types":["authorization_code","refresh_token"],"scopes":["openid","email",)"
                           R"("profile","offline_access"],"audiences":["https://stock.example"],)"
                           R"("redirect_uris":["https://shop.example/callback"],)"
                           R"("post_logout_redirect_uris":["https://shop.example/bye"])" +
                           more + "}");
    if (made.status != 201) throw std::runtime_error(made.body);
    return made.text("/id");
}

// Keeps cookies, and follows nothing by itself.
class Browser {
public:
    explicit Browser(ApiClient client = api()) : client_(client) {}

    Answer get(const std::string& target) { return kept(client_.get(target, cookies())); }
    Answer post(const std::string& target, std::string_view body) {
        HttpHeaders headers = cookies();
        headers.push_back({"Sec-Fetch-Site", "same-origin"});
        return kept(client_.form(target, body, headers));
    }
    // To where the answer sends it, on this service.
    Answer follow(const Answer& answer) { return get(location(answer)); }
    static std::string location(const Answer& answer) { return answer.header("Location").value_or(""); }

    std::map<std::string, std::string> jar;

    HttpHeaders cookies() const {
        std::string all;
        for (const auto& [name, value] : jar) all += (all.empty() ? "" : "; ") + name + "=" + value;
        return all.empty() ? HttpHeaders{} : HttpHeaders{{"Cookie", all}};
    }

private:
    Answer kept(Answer answer) {
        for (const auto& [name, value] : answer.headers) {
            if (name != "Set-Cookie") continue;
            const auto equals = value.find('=');
            jar[value.substr(0, equals)] = value.substr(equals + 1, value.find(';') - equals - 1);
            if (value.find("Max-Age=0") != std::string::npos) jar.erase(value.substr(0, equals));
        }
        return answer;
    }
    ApiClient client_;
};

inline std::string parameter(const std::string& location, const std::string& name) {
    std::smatch found;
    const std::regex wanted("[?&]" + name + "=([^&]*)");
    return std::regex_search(location, found, wanted) ? found[1].str() : "";
}
inline std::string hidden(const Answer& page, const std::string& name) {
    std::smatch found;
    const std::regex wanted("name=\"" + name + "\" value=\"([^\"]*)\"");
    return std::regex_search(page.body, found, wanted) ? found[1].str() : "";
}
inline std::string request(const std::string& client_id, const std::string& more = "") {
    return "/oauth2/authorize?response_type=code&scope=openid%20email&state=af0ifjsldkj&nonce=n-0S6_WzA2Mj&client_id=" +
           client_id + "&redirect_uri=https%3A%2F%2Fshop.example%2Fcallback&code_challenge=" + kChallenge +
           "&code_challenge_method=S256" + more;
}
// The same as a form, for whoever pushes it, and where the browser is sent then.
inline std::string request_form(const std::string& client_id, const std::string& more = "") {
    const std::string target = request(client_id, more);
    return target.substr(target.find('?') + 1);
}
inline std::string pushed_target(const std::string& client_id, const std::string& request_uri) {
    return "/oauth2/authorize?" + form_body({{"client_id", client_id}, {"request_uri", request_uri}});
}
// Every field of the page's first form, and what somebody types.
inline std::string filled(const Answer& page,
                          std::initializer_list<std::pair<std::string_view, std::string_view>> typed) {
    std::string body = form_body(typed);
    for (const char* name : {"flow", "csrf", "decision"})
        if (const std::string value = hidden(page, name); !value.empty()) body += "&" + form_body({{name, value}});
    return body;
}
inline Answer log_in(Browser& browser, const Answer& page, const Person& person, const std::string& password) {
    return browser.post("/login", filled(page, {{"identifier", person.email}, {"password", password}}));
}
// All the way, for somebody who is not logged in: the answer that goes back to the application.
inline Answer authorized(Browser& browser, const std::string& client_id, const Person& person,
                         const std::string& more = "") {
    const Answer page = browser.follow(browser.get(request(client_id, more)));
    const Answer consent = browser.follow(log_in(browser, page, person, person.password));
    if (!Browser::location(consent).starts_with("/consent")) return consent;
    const Answer asked = browser.follow(consent);
    return browser.follow(browser.post("/consent", filled(asked, {})));
}
inline Answer redeem(const std::string& client_id, const std::string& code, ApiClient client = api()) {
    return client.form(kToken, form_body({{"grant_type", "authorization_code"},
                                          {"client_id", client_id},
                                          {"code", code},
                                          {"redirect_uri", kCallback},
                                          {"code_verifier", kVerifier}}));
}
inline std::string claims_of(const std::string& jwt) {
    const auto first = jwt.find('.') + 1;
    return security::base64url_decode(jwt.substr(first, jwt.find('.', first) - first)).value_or("");
}

}  // namespace keyledger::test
