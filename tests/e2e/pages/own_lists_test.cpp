// One's own account: devices, and what applications may have.
#include "tests/e2e/pages/own_account.hpp"
#include "tests/e2e/world/watch.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kDevices = "/account/devices";
constexpr const char* kForget = "/account/devices/forget";
constexpr const char* kApplicationsPage = "/account/applications";
constexpr const char* kWithdraw = "/account/applications/withdraw";
constexpr const char* kNobodysId = "01890a5d-ac96-774b-bcce-b302099a8057";
constexpr const char* kFirefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
constexpr const char* kChrome = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36";

// ---- devices ---------------------------------------------------------------------------------------------------
TEST(OwnDevices, AreListedAndForgottenWithTheirSessions) {
    const Person ann = register_somebody(api());
    Browser laptop(api().with("User-Agent", kFirefox)), phone(api().with("User-Agent", kChrome));
    logged_in(laptop, ann);
    logged_in(phone, ann);
    const Answer page = laptop.get(kDevices);
    EXPECT_TRUE(has(page, "Firefox on Linux")) << page.body;
    EXPECT_TRUE(has(page, "Chrome on Windows")) << page.body;
    EXPECT_TRUE(has(page, "This device")) << page.body;
    EXPECT_TRUE(has(page, "Last seen in the week of ")) << page.body;
    const std::string device = hidden(page, "device");
    ASSERT_NE(device, "") << page.body;
    EXPECT_EQ(page.body.find("name=\"device\""), page.body.rfind("name=\"device\"")) << "this one has no button";
    const Answer done = laptop.post(kForget, own_form(page, {{"device", device}}));
    ASSERT_EQ(Browser::location(done), "/account/devices?done=forgotten") << done.body;
    const Answer after = laptop.follow(done);
    EXPECT_TRUE(has(after, "role=\"status\"")) << after.body;
    EXPECT_FALSE(has(after, "Chrome on Windows")) << after.body;
    EXPECT_EQ(phone.get(kAccount).status, 303) << "its session has ended";
    for (const std::string& none : {device, std::string(kNobodysId), std::string("x"), std::string()}) {
        const Answer again = laptop.post(kForget, own_form(page, {{"device", none}}));
        EXPECT_EQ(again.status, 400) << none;
        EXPECT_TRUE(has(again, "not in the list any more")) << none << again.body;
    }
}

TEST(OwnDevices, ShowWhatTheyAreCalledAsText) {
    const Person ann = register_somebody(api());
    Browser browser(api().with("User-Agent", kFirefox));
    logged_in(browser, ann);
    ApiClient client = api().as(log_in(api().with("User-Agent", kChrome), ann).access);
    const std::string devices = "/api/v1/auth/devices";
    for (const char* id : {"/items/0/id", "/items/1/id"})
        EXPECT_EQ(client
                      .put(devices + "/" + client.get(devices).text(id),
                           json_object({{"name", "<script>{{title}}</script>"}}))
                      .status,
                  204);
    const Answer page = browser.get(kDevices);
    EXPECT_FALSE(has(page, "<script")) << page.body;
    EXPECT_TRUE(has(page, "&lt;script&gt;{{title}}")) << page.body;
    EXPECT_TRUE(has(page, "Firefox on Linux")) << "what it is stands beside what it is called";
}

// ---- applications ----------------------------------------------------------------------------------------------
TEST(OwnApplications, AreListedAndTheirConsentIsWithdrawn) {
    const Person ann = register_somebody(api());
    Browser browser;
    logged_in(browser, ann);
    EXPECT_TRUE(has(browser.get(kApplicationsPage), "nothing that you allowed"));
    const std::string shop = application();
    Browser at_shop;
    const Answer back = authorized(at_shop, shop, ann);
    const Answer tokens = redeem(shop, parameter(Browser::location(back), "code"));
    ASSERT_EQ(tokens.status, 200) << tokens.body;
    const std::string access = tokens.text("/access_token");

    const Answer page = browser.get(kApplicationsPage);
    for (const char* told :
         {"Shop", "At https://shop.example", "Since ", "know that it is you", "see your e-mail address"})
        EXPECT_TRUE(has(page, told)) << told << page.body;
    EXPECT_FALSE(has(page, "see your name")) << "it was not asked for";
    EXPECT_EQ(api().as(access).get("/oauth2/userinfo").status, 200);
    const std::string withdraws = own_form(page, {{"application", hidden(page, "application")}});
    const Answer done = browser.post(kWithdraw, withdraws);
    ASSERT_EQ(Browser::location(done), "/account/applications?done=withdrawn") << done.body;
    const Answer after = browser.follow(done);
    EXPECT_TRUE(has(after, "role=\"status\"")) << after.body;
    EXPECT_TRUE(has(after, "nothing that you allowed")) << after.body;
    EXPECT_EQ(api().as(access).get("/oauth2/userinfo").status, 401) << "its sessions are over";
    EXPECT_TRUE(Browser::location(at_shop.get(request(shop))).starts_with("/consent")) << "it has to ask again";
    EXPECT_EQ(browser.post(kWithdraw, withdraws).status, 303) << "done before is done";
    Browser another;
    authorized(another, shop, ann);
    EXPECT_TRUE(has(browser.get(kApplicationsPage), "At https://shop.example")) << "given again it is there again";
}

// No form names another user's consent: it names the application, and the user is who is logged in.
TEST(OwnApplications, AreTakenFromTheirOwnUserAlone) {
    const Person ann = register_somebody(api());
    const Person bob = register_somebody(api());
    const std::string shop = application();
    Browser anns, bobs;
    const Answer back = authorized(anns, shop, ann);
    const std::string access = redeem(shop, parameter(Browser::location(back), "code")).text("/access_token");
    logged_in(bobs, bob);
    const Answer page = bobs.get(kApplicationsPage);
    EXPECT_FALSE(has(page, "shop.example")) << page.body;
    ASSERT_EQ(page.status, 200);
    const Answer with_forms = bobs.get(kAccount);
    for (const std::string& id : {shop, std::string(kNobodysId), std::string("x"), std::string()}) {
        const Answer none = bobs.post(kWithdraw, own_form(with_forms, {{"application", id}}));
        EXPECT_EQ(none.status, 400) << id;
        EXPECT_TRUE(has(none, "not in the list any more")) << none.body;
    }
    EXPECT_EQ(api().as(access).get("/oauth2/userinfo").status, 200);
}

// What an application is called, whoever registered it chose.
TEST(OwnApplications, AreCalledWhatTheyChoseAsTextAlone) {
    const Person ann = register_somebody(api());
    const Answer made = administrator(api()).post(
        kApplications, R"({"name":"<img src=x>{{title}}","application_type":"spa","authentication":"none",)"
                       R"("consent":"required","grant_types":["authorization_code"],"scopes":["openid","email"],)"
                       R"("audiences":[],"redirect_uris":["https://shop.example/callback"],)"
                       R"("post_logout_redirect_uris":[]})");
    ASSERT_EQ(made.status, 201) << made.body;
    const std::string shop = made.text("/id");
    Browser browser;
    authorized(browser, shop, ann);
    const Answer page = browser.get(kApplicationsPage);
    EXPECT_FALSE(has(page, "<img")) << page.body;
    EXPECT_TRUE(has(page, "&lt;img src=x&gt;{{title}}")) << page.body;
    EXPECT_EQ(administrator(api()).del(std::string(kApplications) + "/" + shop).status, 204);
    EXPECT_TRUE(has(browser.get(kApplicationsPage), "nothing that you allowed")) << "one that is gone has nothing";
}

TEST(OwnApplications, AreListedAPageAtATime) {
    const Person ann = register_somebody(api());
    Browser browser;
    logged_in(browser, ann);
    for (int i = 0; i < 21; ++i) {
        const Answer asked = browser.follow(browser.get(request(application())));
        ASSERT_EQ(browser.post("/consent", filled(asked, {})).status, 303) << asked.body;
    }
    const auto count = [](const Answer& page) {
        int forms = 0;
        for (auto at = page.body.find(kWithdraw); at != std::string::npos; at = page.body.find(kWithdraw, at + 1))
            ++forms;
        return forms;
    };
    const Answer first = browser.get(kApplicationsPage);
    EXPECT_EQ(count(first), 20);
    const auto at = first.body.find("/account/applications?before=");
    ASSERT_NE(at, std::string::npos) << first.body;
    const Answer second = browser.get(first.body.substr(at, first.body.find('"', at) - at));
    EXPECT_EQ(count(second), 1);
    EXPECT_FALSE(has(second, "?before=")) << second.body;
}

TEST(OwnLists, AreChangedByFormsOfTheirSessionAlone) {
    const Person ann = register_somebody(api());
    const std::string shop = application();
    Browser browser, thief;
    const Answer back = authorized(browser, shop, ann);
    const std::string access = redeem(shop, parameter(Browser::location(back), "code")).text("/access_token");
    Browser phone(api().with("User-Agent", kChrome));
    logged_in(phone, ann);
    const Answer others = logged_in(thief, register_somebody(api()));
    const std::string device = hidden(browser.get(kDevices), "device");
    ASSERT_NE(device, "");
    expect_nothing_by_others_forms(browser, kForget, form_body({{"device", device}}), others);
    expect_nothing_by_others_forms(browser, kWithdraw, form_body({{"application", shop}}), others);
    EXPECT_EQ(thief.post(kForget, own_form(others, {{"device", device}})).status, 400) << "somebody else's";
    EXPECT_EQ(phone.get(kAccount).status, 200);
    EXPECT_EQ(api().as(access).get("/oauth2/userinfo").status, 200);
}

}  // namespace
}  // namespace keyledger::test
