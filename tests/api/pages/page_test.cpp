#include <gtest/gtest.h>

#include "api/pages/pages.hpp"

namespace keyledger::api {
namespace {

constexpr const char* kMarkup = R"("><script>alert('x')</script>{{title}}&amp;)";

const Pages& pages() {
    static const Pages kPages = std::move(*Pages::load({}));
    return kPages;
}
Response shown(const Page& page, Language language = Language::kEnglish) {
    return pages().show({language, "../"}, 200, page);
}
bool has(const Response& page, std::string_view text) { return page.body.find(text) != std::string::npos; }

TEST(Page, ShowsWhatItIsGivenAsTextAlone) {
    const Phrase markup = Phrase::as_it_is(kMarkup);
    Page page{markup, {markup, Phrase(Text::kAsks, kMarkup)}, {}, markup, {markup}};
    page.form =
        Form{kMarkup, markup, {{kMarkup, kMarkup}}, {{kMarkup, markup, FormField::Kind::kCode, kMarkup, markup}}};
    page.form->fields.front().is_faulty = true;
    page.more_forms = {{kMarkup, markup, {}, {}, Form::Look::kOther, kMarkup}};
    page.links = {{kMarkup, markup}};
    page.application = kMarkup;
    page.theme = kMarkup;
    page.logo = kMarkup;
    page.shown_secret = kMarkup;
    page.sections = {{markup, {markup}, {{markup, kMarkup, page.form, {markup}}}}};
    page.navigation = {{kMarkup, markup}};
    page.here = kMarkup;
    const Response answer = shown(page);
    EXPECT_FALSE(has(answer, "<script")) << answer.body;
    EXPECT_FALSE(has(answer, "\"><s")) << answer.body;
    EXPECT_FALSE(has(answer, "alert('x')")) << "quotes are escaped too, for they end attributes";
    EXPECT_TRUE(has(answer, "{{title}}")) << "a value is no template";
}

TEST(Page, HasNoScriptAndNothingFromElsewhereAndItsFormGoesNowhereElse) {
    Page page{Text::kChooseNewPassword, {Text::kSessionsEndThen}};
    page.form = Form{"/account/x", Text::kSetPassword, {{"token", "abc-_"}}, {{"new_password", Text::kNewPassword}}};
    const Response answer = shown(page);
    EXPECT_EQ(answer.content_type, "text/html; charset=utf-8");
    for (const char* loaded : {"<script", "<img", "style=", "src=", " onclick", "http"})
        EXPECT_FALSE(has(answer, loaded)) << loaded;
    EXPECT_TRUE(has(answer, R"(<form method="post" action="/account/x")")) << answer.body;
    EXPECT_TRUE(has(answer, R"(<input type="hidden" name="token" value="abc-_">)"));
    EXPECT_TRUE(has(answer, R"(type="password" value="" autocomplete="new-password")"));
    EXPECT_TRUE(has(answer, "href=\"../assets/style-"));
    EXPECT_EQ(answer.headers.find("Content-Security-Policy"),
              "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; "
              "base-uri 'none'");
}

TEST(Page, LoadsThePictureOfAnApplicationFromItsOriginAlone) {
    Page page{Text::kLogIn};
    page.logo = "https://shop.example:8443/logo.png?a=b;script-src%20*";
    page.theme = "assets/theme-0b57d0-8ab4f8.css";
    const Response answer = shown(page);
    EXPECT_TRUE(has(answer, R"(src="https://shop.example:8443/logo.png?a=b;script-src%20*" alt="">)")) << answer.body;
    const auto own = answer.body.find("<link rel=\"stylesheet\" href=\"../assets/style-");
    const auto theme = answer.body.find("<link rel=\"stylesheet\" href=\"../assets/theme-0b57d0-8ab4f8.css\">");
    ASSERT_NE(own, std::string::npos);
    EXPECT_GT(theme, own) << "the later one holds";
    EXPECT_EQ(answer.headers.find("Content-Security-Policy"),
              "default-src 'none'; style-src 'self'; img-src 'self' https://shop.example:8443; form-action 'self'; "
              "frame-ancestors 'none'; base-uri 'none'");
}

TEST(Page, AllowsScriptsOfItsOwnWhereItHasThemAlone) {
    Page page{Text::kLogIn};
    page.scripts = {"icon.svg"};  // any asset: there may be no script
    const Response answer = shown(page);
    EXPECT_TRUE(has(answer, "<script src=\"../assets/icon-")) << answer.body;
    EXPECT_NE(answer.headers.find("Content-Security-Policy")->find("; script-src 'self';"), std::string::npos);
}

// Web Authentication sections 5.1.3 and 5.1.4: what a browser throws, by its names. Nobody sees it before the script.
TEST(Page, HasWordsForABrowserThatGivesNoPasskey) {
    Page page{Text::kLogIn};
    EXPECT_FALSE(has(shown(page), "data-passkey-fault"));
    page.passkey_domain = "auth.example";
    const Response answer = shown(page);
    for (const std::string error : {"NotAllowedError", "SecurityError", "InvalidStateError", "none", "other"}) {
        const std::string begins = R"(<p class="fault" role="alert" data-passkey-fault=")" + error + R"(" hidden>)";
        EXPECT_TRUE(has(answer, begins)) << error << answer.body;
        EXPECT_FALSE(has(answer, begins + "<")) << error;
    }
    EXPECT_TRUE(has(answer, "work at auth.example, and this page is at another address")) << answer.body;
}

TEST(Page, LeavesOutWhatThereIsNot) {
    const Response answer = pages().show({}, 401, Page{Text::kCodeOrLinkNotAccepted, {Text::kAskForNewestMail}});
    EXPECT_EQ(answer.status, 401);
    for (const char* part :
         {"<form", "role=\"alert\"", "{{", "<ul", "class=\"application\"", "class=\"secret\"", "Error"})
        EXPECT_FALSE(has(answer, part)) << part;
}

// WCAG 2.2: 1.3.1, 3.3.1, 3.3.2; passwords and codes are filled in by machines (1.3.5, 3.3.8).
TEST(Page, LabelsEveryFieldAndSaysWhatIsWrongWithWhich) {
    Page page{Text::kLogIn, {}, {}, Phrase(Text::kWrongUserOrPassword)};
    page.form = Form{"login", Text::kLogIn};
    page.form->fields = {{"identifier", Text::kIdentifier, FormField::Kind::kUsername, "ann"},
                         {"password", Text::kPassword, FormField::Kind::kPassword},
                         {"code", Text::kCode, FormField::Kind::kCode, {}, Phrase(Text::kEnterCodeOfApp)},
                         {"website_url", Phrase::as_it_is("Website"), FormField::Kind::kTrap}};
    page.form->fields[1].is_faulty = true;
    page.form->fields[2].is_faulty = true;
    const Response answer = shown(page);
    for (const char* part : {
             R"(<html lang="en">)",
             "<title>Error: Log in – Keyledger</title>",
             R"(<main class="page")",
             R"(<label for="identifier">)",
             R"(name="identifier" type="text" value="ann" autocomplete="username")",
             R"(autocomplete="current-password")",
             R"(autocomplete="one-time-code" inputmode="numeric")",
             R"(<p class="fault" id="fault" role="alert">)",
             R"(<a href="#password">Password</a>)",
             R"(aria-describedby="fault" aria-invalid="true" required>)",
             R"(aria-describedby="fault code-hint")",
             R"(<p class="hint" id="code-hint">)",
             R"(<div class="trap" aria-hidden="true">)",
             R"(autocomplete="off")",
             R"(tabindex="-1">)",
         })
        EXPECT_TRUE(has(answer, part)) << part << answer.body;
    page.fault.reset();
    EXPECT_FALSE(has(shown(page), "aria-invalid"));
}

TEST(Page, LeadsToThoseThatItBelongsTo) {
    Page page{Text::kProfile};
    page.navigation = {{"/account", Text::kLogInAndSessions}, {"/account/profile", Text::kProfile}};
    page.here = "/account/profile";
    const Response answer = shown(page);
    EXPECT_TRUE(has(answer, R"(<nav class="parts" aria-label="Parts of your account">)")) << answer.body;
    EXPECT_TRUE(has(answer, R"(<a href="/account">Log-in and sessions</a>)")) << answer.body;
    EXPECT_TRUE(has(answer, R"(<a href="/account/profile" aria-current="page">Profile</a>)")) << answer.body;
    page.navigation.clear();
    EXPECT_FALSE(has(shown(page), "<nav"));
}

TEST(Page, TellsSeveralLinesOfAThing) {
    Page page{Text::kDevices};
    page.sections = {{Text::kDevices,
                      {},
                      {{Phrase::as_it_is("Laptop"), "Berlin", {}, {Text::kThisDevice}}, {Phrase::as_it_is("Phone")}}}};
    const Response answer = shown(page);
    EXPECT_TRUE(has(answer, "<p>Laptop</p>\n<p class=\"about\">Berlin</p>\n<p class=\"about\">This device</p>"))
        << answer.body;
    EXPECT_TRUE(has(answer, "<p>Phone</p>\n\n\n</li>")) << answer.body;
}

TEST(Page, IsInTheLanguageOfItsReaderUnlessAnotherWasAskedFor) {
    Page page{Text::kLogIn};
    EXPECT_TRUE(has(shown(page, Language::kGerman), "<html lang=\"de\">"));
    EXPECT_TRUE(has(shown(page, Language::kGerman), "<h1>Anmelden</h1>"));
    page.language = Language::kEnglish;
    EXPECT_TRUE(has(shown(page, Language::kGerman), "<h1>Log in</h1>"));
}

}  // namespace
}  // namespace keyledger::api
