// The page of one's own account: what people do there without an application.
#include <gtest/gtest.h>

#include "tests/e2e/pages/own_account.hpp"
#include "tests/e2e/world/authenticator_app.hpp"
#include "tests/e2e/world/watch.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kAppPage = "/account/factors";
constexpr const char* kAppCode = "/account/factors/confirm";
constexpr const char* kNoApps = "/account/factors/remove";
constexpr const char* kNewCodes = "/account/recovery-codes";
constexpr const char* kEnd = "/account/sessions/end";
constexpr const char* kErase = "/account/erase";

std::string form(const Answer& page, std::initializer_list<std::pair<std::string_view, std::string_view>> typed) {
    return own_form(page, typed);
}
std::string text_in(const Answer& page, const std::string& begins) {
    const auto from = page.body.find(begins);
    if (from == std::string::npos) return "";
    const auto at = from + begins.size();
    return page.body.substr(at, page.body.find('<', at) - at);
}

TEST(AccountPage, LeadsToTheLogInPageAndBack) {
    const Person ann = register_somebody(api());
    Browser browser;
    const Answer page = logged_in(browser, ann);
    ASSERT_EQ(page.status, 200) << page.body;
    EXPECT_NE(page.body.find(ann.email), std::string::npos);
    EXPECT_NE(page.body.find("This session"), std::string::npos);
    Browser nobody;
    EXPECT_TRUE(Browser::location(nobody.get(kAccount)).starts_with("/login?flow="));
    nobody.jar["__Host-keyledger-session"] = "made-up";
    EXPECT_TRUE(Browser::location(nobody.get(kAccount)).starts_with("/login?flow="));
    const std::string flow = parameter(Browser::location(nobody.get(kAccount)), "flow");
    EXPECT_EQ(nobody.get("/consent?flow=" + flow).status, 303) << "there is nobody to agree to";
    EXPECT_EQ(browser.post("/consent", form(page, {{"flow", flow}, {"decision", "allow"}})).status, 400);
}

TEST(AccountPage, ChangesThePassword) {
    const Person ann = register_somebody(api());
    Browser browser, other;
    const Answer page = logged_in(browser, ann);
    logged_in(other, ann);
    const std::string password = watch_secret("fifteen " + somebody().password);
    const auto change = [&](const std::string& current, const std::string& chosen) {
        return browser.post("/account/password", form(page, {{"current_password", current}, {"new_password", chosen}}));
    };
    const Answer wrong = change("not it at all", password);
    EXPECT_EQ(wrong.status, 400);
    EXPECT_NE(wrong.body.find("href=\"#password-current_password\""), std::string::npos) << wrong.body;
    const Answer weak = change(ann.password, "short");
    EXPECT_NE(weak.body.find("href=\"#password-new_password\""), std::string::npos) << weak.body;
    EXPECT_EQ(browser.post("/account/password", form(page, {})).status, 400);
    const Answer done = change(ann.password, password);
    ASSERT_EQ(Browser::location(done), "/account?done=password") << done.body;
    EXPECT_NE(browser.follow(done).body.find("role=\"status\""), std::string::npos);
    EXPECT_EQ(other.get(kAccount).status, 303) << "the other session has ended";
    ApiClient client = api();
    EXPECT_EQ(try_log_in(client, ann.email, password).status, 200);
}

TEST(AccountPage, AddsASecondFactorShowsItsCodesOnceAndRemovesIt) {
    const Person ann = register_somebody(api());
    Browser browser;
    const Answer page = logged_in(browser, ann);
    EXPECT_EQ(browser.post(kAppPage, form(page, {{"current_password", "not it at all"}})).status, 400);
    const Answer shown = browser.post(kAppPage, form(page, {{"current_password", ann.password}}));
    ASSERT_EQ(shown.status, 200) << shown.body;
    EXPECT_NE(shown.body.find("<svg class=\"picture\" viewBox=\"0 0 "), std::string::npos) << shown.body;
    const std::string secret = watch_secret(text_in(shown, "<p class=\"secret\">"));
    ASSERT_NE(secret, "");
    EXPECT_EQ(browser.post(kAppCode, form(shown, {{"code", "000000"}})).status, 400);
    const Answer codes = browser.post(kAppCode, form(shown, {{"code", code_of(secret)}}));
    ASSERT_EQ(codes.status, 200) << codes.body;
    const std::string recovery_code = watch_secret(text_in(codes, "<li>"));
    ASSERT_NE(recovery_code, "");
    EXPECT_EQ(browser.post(kAppCode, form(page, {{"code", "000000"}})).status, 400) << "it is on";

    const Answer with = browser.get(kAccount);
    EXPECT_NE(with.body.find("left: 10."), std::string::npos) << with.body;
    const auto proof = [&](const std::string& factor) {
        return form(with, {{"current_password", ann.password}, {"factor_code", factor}});
    };
    EXPECT_EQ(browser.post(kNewCodes, proof("")).status, 400) << "a factor has to be shown";
    EXPECT_EQ(browser.post(kNewCodes, proof("000000")).status, 400);
    const Answer renewed = browser.post(kNewCodes, proof(recovery_code));
    ASSERT_EQ(renewed.status, 200) << renewed.body;
    const std::string fresh = watch_secret(text_in(renewed, "<li>"));
    EXPECT_EQ(browser.post(kNoApps, proof(recovery_code)).status, 400) << "it is void";
    const Answer second = browser.post(kAppPage, proof(fresh));
    ASSERT_EQ(second.status, 200) << second.body;
    const std::string another = watch_secret(text_in(second, "<p class=\"secret\">"));
    EXPECT_EQ(Browser::location(browser.post(kAppCode, form(second, {{"code", code_of(another)}}))),
              "/account?done=factors")
        << "the codes stay as they are";
    const Answer removed = browser.post(kNoApps, proof(code_of(another, 1)));
    EXPECT_EQ(Browser::location(removed), "/account?done=factors") << removed.body;
    ApiClient client = api();
    EXPECT_EQ(try_log_in(client, ann.email, ann.password).status, 200) << "without it";
}

TEST(AccountPage, EndsSessions) {
    const Person ann = register_somebody(api());
    Browser browser, second, third;
    logged_in(browser, ann);
    logged_in(second, ann);
    logged_in(third, ann);
    const Answer page = browser.get(kAccount);
    const std::string session = hidden(page, "session");
    ASSERT_NE(session, "") << page.body;
    EXPECT_EQ(Browser::location(browser.post(kEnd, form(page, {{"session", session}}))), "/account?done=sessions");
    EXPECT_EQ((second.get(kAccount).status == 303) + (third.get(kAccount).status == 303), 1) << "one of the two";
    EXPECT_EQ(Browser::location(browser.post(kEnd, form(page, {{"session", "x"}}))), kAccount);
    EXPECT_EQ(browser.post(kEnd, form(page, {{"session", ann.id}})).status, 400) << "nobody's session";
    EXPECT_EQ(Browser::location(browser.post(kEnd, form(page, {}))), "/account?done=sessions");
    EXPECT_EQ(second.get(kAccount).status, 303);
    EXPECT_EQ(third.get(kAccount).status, 303);
    EXPECT_EQ(browser.get(kAccount).status, 200);
}

// A page of them is what somebody reads; those before it are behind a link.
TEST(AccountPage, ListsSessionsAPageAtATime) {
    const Person ann = register_somebody(api());
    Browser browser;
    logged_in(browser, ann);
    for (int i = 0; i < 51; ++i) log_in(api(), ann);
    const Answer first = browser.get(kAccount);
    EXPECT_FALSE(has(first, "This session")) << "it is the oldest";
    const std::string older = first.body.substr(std::min(first.body.find("/account?before="), first.body.size()));
    ASSERT_FALSE(older.empty()) << first.body;
    const Answer second = browser.get(older.substr(0, older.find('"')));
    EXPECT_TRUE(has(second, "This session")) << second.body;
    EXPECT_FALSE(has(second, "/account?before=")) << second.body;
    for (const char* nonsense : {"x", "-1", "0", "99999999999999999999"})
        EXPECT_EQ(browser.get(std::string(kAccount) + "?before=" + nonsense).status, 200) << nonsense;
}

TEST(AccountPage, LeadsToTheOthers) {
    const Person ann = register_somebody(api());
    Browser browser;
    logged_in(browser, ann);
    for (const char* part :
         {kAccount, "/account/profile", "/account/devices", "/account/applications", "/account/providers"}) {
        const Answer page = browser.get(part);
        ASSERT_EQ(page.status, 200) << part << page.body;
        EXPECT_TRUE(has(page, "<nav class=\"parts\" aria-label=\"Parts of your account\">")) << page.body;
        EXPECT_TRUE(has(page, "<a href=\"" + std::string(part) + "\" aria-current=\"page\">")) << page.body;
        EXPECT_EQ(page.header("Cache-Control"), "no-store") << part;
        EXPECT_FALSE(has(browser.get(std::string(part) + "?done=nothing"), "role=\"status\"")) << part;
        EXPECT_TRUE(Browser::location(Browser().get(part)).starts_with("/login?flow=")) << part;
        Browser with_old_cookie;
        with_old_cookie.jar = browser.jar;
        with_old_cookie.jar["__Host-keyledger-session"] += "x";
        EXPECT_TRUE(Browser::location(with_old_cookie.get(part)).starts_with("/login?flow=")) << part;
        const Answer german =
            api().get(part, {{"Cookie", browser.cookies().front().second}, {"Accept-Language", "de"}});
        EXPECT_TRUE(has(german, "aria-label=\"Teile Ihres Kontos\"")) << part;
    }
}

TEST(AccountPage, ErasesTheAccount) {
    const Person ann = register_somebody(api());
    Browser browser;
    const Answer page = logged_in(browser, ann);
    EXPECT_EQ(browser.post(kErase, form(page, {{"current_password", "not it at all"}})).status, 400);
    const Answer done = browser.post(kErase, form(page, {{"current_password", ann.password}}));
    const RunningService patient(deployment(), {{"KEYLEDGER_OWN_ERASURE_GRACE_HOURS", "168"}});
    const Person bob = register_somebody(api());
    Browser there{ApiClient(patient.port())};
    const Answer his = logged_in(there, bob);
    const Answer later = there.post(kErase, form(his, {{"current_password", bob.password}}));
    ASSERT_EQ(done.status, 200) << done.body;
    EXPECT_EQ(browser.jar.count("__Host-keyledger-session"), 0U);
    EXPECT_EQ(Browser::location(later), "/account?done=erasure") << later.body;
}

// CSRF: SameSite keeps other sites' forms out, and this those of siblings, for which browsers send the cookie.
TEST(AccountPage, DoesNothingByAFormThatItsSessionWasNotShown) {
    const Person ann = register_somebody(api());
    const Person thief = register_somebody(api());
    Browser browser, thiefs;
    logged_in(browser, ann);
    const Answer others = logged_in(thiefs, thief);
    const std::string fields = form_body(
        {{"current_password", ann.password}, {"new_password", "forged, as long as that"}, {"code", "000000"}});
    for (const char* target : {"/account/password", kAppPage, kAppCode, kNoApps, kNewCodes, kEnd, kErase}) {
        EXPECT_EQ(browser.post(target, fields).status, 400) << target;
        const Answer forged = browser.post(target, fields + "&" + form(others, {}));
        EXPECT_EQ(forged.status, 400) << target;
        EXPECT_NE(forged.body.find("was not shown in the session"), std::string::npos) << target;
        EXPECT_TRUE(Browser::location(Browser().post(target, fields)).starts_with("/login")) << target;
    }
    EXPECT_EQ(browser.get(kAccount).status, 200);
    ApiClient client = api();
    EXPECT_EQ(try_log_in(client, ann.email, ann.password).status, 200);
}

}  // namespace
}  // namespace keyledger::test
