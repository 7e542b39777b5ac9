#pragma once
// Another provider of log-ins that tells what a test has it tell, a node that knows it by two names, and a browser that
// goes there and back.
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "tests/e2e/oauth/browser.hpp"
#include "tests/e2e/world/deployment.hpp"
#include "tests/e2e/world/world.hpp"
#include "tests/integrations/providers/lying_provider.hpp"

namespace keyledger::test {

// By the service's clock.
inline Instant now_there() {
    const Visitor one = visitor(api());
    return Instant::at_ms(1000 * introspect(api(), deployment().gateway, one.tokens.access).number("/iat"));
}

// "open" registers people and links them by their address; "closed" does neither. Both are the same provider, so that
// who somebody is there is the same. "away" is nobody.
class WithOtherProvider {
public:
    WithOtherProvider() : file_(deployment().folder() / (unique("providers") + ".yaml")) {
        std::ofstream(file_) << "providers:\n"
                             << entry("open", "on", there.issuer()) << entry("closed", "off", there.issuer())
                             << entry("away", "off", "http://127.0.0.1:1");
        std::filesystem::permissions(file_, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    }
    Environment environment() const {
        return {{"KEYLEDGER_PROVIDERS_FILE", file_.string()}, {"KEYLEDGER_OUTGOING_ALLOW", "127.0.0.1"}};
    }

    LyingProvider there{now_there()};

private:
    static std::string entry(const std::string& name, const std::string& lets_in, const std::string& issuer) {
        return "  - name: " + name + "\n    title: The " + name + " one\n    issuer: " + issuer +
               "\n    client_id: keyledger\n    client_authentication: none\n    register: " + lets_in +
               "\n    link_by_address: " + lets_in + "\n";
    }
    std::filesystem::path file_;
};

// Whom the provider tells of, from now on.
inline void be(WithOtherProvider& with, const std::string& subject, const std::string& email,
               const std::string& verified = "true") {
    with.there.lies.claims = {
        {"sub", "\"" + subject + "\""}, {"email", "\"" + email + "\""}, {"email_verified", verified}};
}

struct Departed {
    Answer answer;
    std::string state;
    std::string back;  // the way back, with all that an honest provider answers
};
inline std::string way_back(const std::string& name) { return "/login/providers/" + name + "/callback"; }
// By the button of the page that an application's request led to.
inline Departed depart(WithOtherProvider& with, Browser& browser, const std::string& name, const Answer& page) {
    Departed departed;
    departed.answer = browser.get("/login/providers/" + name + "?flow=" + hidden(page, "flow"));
    const std::string url = Browser::location(departed.answer);
    departed.state = parameter(url, "state");
    with.there.set_nonce(parameter(url, "nonce"));
    departed.back =
        way_back(name) + "?code=code-1&state=" + departed.state + "&" + form_body({{"iss", with.there.issuer()}});
    return departed;
}
inline Departed depart(WithOtherProvider& with, Browser& browser, const std::string& name, const std::string& shop,
                       const std::string& more = "") {
    return depart(with, browser, name, browser.follow(browser.get(request(shop, more))));
}
// There and back: what the way back answers.
inline Answer travel(WithOtherProvider& with, Browser& browser, const std::string& name, const std::string& shop) {
    const Departed departed = depart(with, browser, name, shop);
    if (departed.answer.status != 303) return departed.answer;
    return browser.get(departed.back);
}

}  // namespace keyledger::test
