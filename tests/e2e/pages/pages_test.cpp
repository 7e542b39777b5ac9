// Pages as a browser gets them: their language, their policy, and what they load.
#include <gtest/gtest.h>

#include <regex>

#include "tests/e2e/oauth/browser.hpp"

namespace keyledger::test {
namespace {

Answer log_in_page(Browser& browser, const std::string& more = "") {
    return browser.follow(browser.get(request(application(), more)));
}
Answer log_in_page(ApiClient client, const std::string& more = "") {
    Browser browser(std::move(client));
    return log_in_page(browser, more);
}

std::string language_of(const Answer& page) {
    std::smatch found;
    static const std::regex kLang("<html lang=\"([^\"]*)\">");
    return std::regex_search(page.body, found, kLang) ? found[1].str() : "";
}

TEST(Pages, LoadWhatIsServedHere) {
    Browser browser;
    const Answer page = log_in_page(browser);
    ASSERT_EQ(page.status, 200);
    static const std::regex kHref("<link [^>]*href=\"([^\"]*)\"");
    int loaded = 0;
    for (std::sregex_iterator at(page.body.begin(), page.body.end(), kHref), end; at != end; ++at, ++loaded) {
        const Answer asset = api().get("/" + (*at)[1].str());
        EXPECT_EQ(asset.status, 200) << (*at)[1];
        EXPECT_EQ(asset.header("Cache-Control"), "public, max-age=31536000, immutable");
        EXPECT_TRUE(asset.header("ETag"));
    }
    EXPECT_EQ(loaded, 2);
    const Answer deeper = browser.get("/login/factor?flow=" + hidden(page, "flow"));
    EXPECT_NE(deeper.body.find("href=\"../assets/style-"), std::string::npos) << deeper.body;
}

// A bookmark of the page is on the way to no application.
TEST(Pages, LeadToTheOwnAccountWithoutAFlow) {
    Browser browser;
    const Answer bookmarked = browser.get("/login");
    EXPECT_EQ(bookmarked.status, 303) << bookmarked.body;
    EXPECT_EQ(Browser::location(bookmarked), "/account");
    EXPECT_EQ(browser.follow(browser.follow(bookmarked)).status, 200);
    for (const char* broken : {"/login?flow=", "/login?flow=made-up"}) {
        const Answer over = browser.get(broken);
        EXPECT_EQ(over.status, 400) << broken;
        EXPECT_NE(over.body.find("account\">Your account</a>"), std::string::npos) << over.body;
    }
}

TEST(Pages, ForbidAllThatTheyDoNotNeed) {
    const Answer page = api().get("/register");
    std::size_t policies = 0;
    for (const auto& [name, value] : page.headers) policies += name == "Content-Security-Policy" ? 1 : 0;
    EXPECT_EQ(policies, 1U) << "of two, browsers hold to both";
    EXPECT_EQ(page.header("Content-Security-Policy"),
              "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; "
              "base-uri 'none'");
    EXPECT_EQ(page.header("Cache-Control"), "no-store");
    EXPECT_EQ(page.header("Referrer-Policy"), "no-referrer");
    EXPECT_EQ(page.body.find("<script"), std::string::npos) << page.body;
    // A form that leads to an application in the end; passkeys take a script of the service's own.
    const Answer log_in = log_in_page(api());
    const std::string policy = log_in.header("Content-Security-Policy").value_or("");
    EXPECT_NE(policy.find("; form-action 'self' https://shop.example;"), std::string::npos) << policy;
    EXPECT_EQ(policy.find("unsafe"), std::string::npos) << policy;
    for (const Answer* any : {&page, &log_in})
        for (const char* inline_code : {"<script>", "<style", " style=", "onclick"})
            EXPECT_EQ(any->body.find(inline_code), std::string::npos) << inline_code;
}

TEST(Pages, SpeakTheLanguageThatIsAskedFor) {
    const auto browser = [](const char* accepts) { return api().with("Accept-Language", accepts); };
    EXPECT_EQ(language_of(log_in_page(api())), "en");
    EXPECT_EQ(language_of(log_in_page(browser("de-AT,de;q=0.9,en;q=0.8"))), "de");
    EXPECT_EQ(language_of(log_in_page(browser("fr, en;q=0.2, de;q=0.7"))), "de") << "the best of those that there are";
    EXPECT_EQ(language_of(log_in_page(browser("de;q=0, en;q=0.1"))), "en");
    EXPECT_EQ(language_of(log_in_page(browser("*, xx;;;=, \""))), "en") << "what is not well-formed says nothing";
    EXPECT_EQ(language_of(log_in_page(api(), "&ui_locales=fr%20de-CH%20en")), "de");
    EXPECT_EQ(language_of(log_in_page(browser("de"), "&ui_locales=en")), "en") << "the application knows better";
    const Answer german = log_in_page(browser("de"));
    EXPECT_NE(german.body.find(">Passwort<"), std::string::npos) << german.body;
    const Answer by_mail = browser("de").get("/account/unlock?token=x");
    EXPECT_EQ(language_of(by_mail), "de");
}

TEST(Pages, SayWhereTheyLead) {
    const Answer page = log_in_page(api());
    EXPECT_NE(page.body.find("To go on to Shop"), std::string::npos) << page.body;
    EXPECT_NE(page.body.find("<title>Log in – Keyledger</title>"), std::string::npos);
}

constexpr const char* kTheme = R"(,"accent_color":"#7A1FA2","logo_uri":"https://cdn.shop.example/logo.png?a=1;b")";
constexpr const char* kLogo = R"(<img src="https://cdn.shop.example/logo.png?a=1;b" alt="">)";

TEST(Pages, AreInTheColoursOfTheApplicationThatTheyLeadTo) {
    const std::string shop = application("first_party", kTheme);
    Browser browser;
    const Answer page = browser.follow(browser.get(request(shop, "&prompt=consent")));
    ASSERT_EQ(page.status, 200) << page.body;
    static const std::regex kSheet("href=\"(assets/theme-7a1fa2-[0-9a-f]{6}\\.css)\"");
    std::smatch theme;
    ASSERT_TRUE(std::regex_search(page.body, theme, kSheet)) << page.body;
    EXPECT_EQ(api().get("/" + theme[1].str()).status, 200) << "the darker one follows, and can be read";
    EXPECT_NE(page.body.find(kLogo), std::string::npos) << page.body;
    const std::string policy = page.header("Content-Security-Policy").value_or("");
    EXPECT_NE(policy.find("; img-src 'self' https://cdn.shop.example; "), std::string::npos) << policy;
    EXPECT_EQ(policy.find("unsafe"), std::string::npos) << policy;
    const std::string flow = hidden(page, "flow");
    for (const std::string target : {"/register?flow=", "/forgot-password?flow=", "/login/factor?flow="}) {
        const Answer other = browser.get(target + flow);
        EXPECT_NE(other.body.find("assets/theme-7a1fa2-"), std::string::npos) << target << other.body;
    }
    const Person ann = register_somebody(api());
    const Answer consent = browser.follow(browser.follow(log_in(browser, page, ann, ann.password)));
    EXPECT_NE(consent.body.find("name=\"decision\" value=\"allow\""), std::string::npos) << consent.body;
    EXPECT_NE(consent.body.find("assets/theme-7a1fa2-"), std::string::npos);
    EXPECT_EQ(browser.get("/register").body.find("assets/theme-"), std::string::npos) << "it leads nowhere";
}

// Whoever registers an application with another's name and picture has people type no password below it, and learns of
// nobody who has not logged in.
TEST(Pages, ShowThePictureOfAStrangerToWhoeverIsLoggedInAlone) {
    const std::string shop = application("required", kTheme);
    Browser browser;
    const Answer page = browser.follow(browser.get(request(shop)));
    const std::string flow = hidden(page, "flow");
    for (const std::string target :
         {"/login?flow=", "/register?flow=", "/forgot-password?flow=", "/login/factor?flow="}) {
        const Answer other = browser.get(target + flow);
        EXPECT_NE(other.body.find("assets/theme-7a1fa2-"), std::string::npos) << target << other.body;
        EXPECT_EQ(other.body.find("<img"), std::string::npos) << target << other.body;
        EXPECT_EQ(other.header("Content-Security-Policy").value_or("").find("cdn.shop"), std::string::npos) << target;
    }
    const Person ann = register_somebody(api());
    const Answer consent = browser.follow(browser.follow(log_in(browser, page, ann, ann.password)));
    EXPECT_NE(consent.body.find(kLogo), std::string::npos) << consent.body;
    EXPECT_NE(consent.body.find("you go on to https://shop.example."), std::string::npos) << consent.body;
    const Answer again = browser.follow(browser.get(request(shop, "&prompt=login")));
    EXPECT_EQ(again.body.find("<img"), std::string::npos) << again.body;
}

// An application's members are text, whatever stands in them.
TEST(Pages, TakeNoMarkupFromAnApplication) {
    ApiClient admin = administrator(api());
    const Answer made =
        admin.post(kApplications, R"({"name":"<b>\"};@import url(//evil.example);'","application_type":"spa",)"
                                  R"("authentication":"none","grant_types":["authorization_code"],"scopes":["openid",)"
                                  R"("email"],"audiences":[],"redirect_uris":["https://shop.example/callback"],)"
                                  R"("post_logout_redirect_uris":[],"accent_color":"#0b57d0"})");
    ASSERT_EQ(made.status, 201) << made.body;
    Browser browser;
    const Answer page = browser.follow(browser.get(request(made.text("/id"))));
    EXPECT_EQ(page.body.find("<b>"), std::string::npos) << page.body;
    EXPECT_NE(page.body.find("&lt;b&gt;&quot;};@import"), std::string::npos) << page.body;
    EXPECT_EQ(page.header("Content-Security-Policy").value_or("").find("evil"), std::string::npos);
}

// What was wrong stands first, names the field, and is said by the field, too (WCAG 2.2, 3.3.1 and 1.3.1).
TEST(Pages, TellWhatIsWrongWhereItIs) {
    Browser browser;
    const Answer page = log_in_page(browser);
    const Answer wrong = log_in(browser, page, somebody(), "not the password at all");
    EXPECT_NE(wrong.body.find("id=\"fault\" role=\"alert\">"), std::string::npos) << wrong.body;
    EXPECT_NE(wrong.body.find("<title>Error: Log in"), std::string::npos);
    EXPECT_NE(wrong.body.find("aria-describedby=\"fault\" aria-invalid=\"true\""), std::string::npos);
    EXPECT_NE(wrong.body.find("href=\"#password\""), std::string::npos);
}

}  // namespace
}  // namespace keyledger::test
