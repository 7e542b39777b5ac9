// Whoever another provider knows, and of whose address it says nothing that is believed: an address is asked for and
// proven, and what somebody may try instead.
#include <gtest/gtest.h>

#include "tests/e2e/oauth/other_provider.hpp"
#include "tests/e2e/world/watch.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kAddressPage = "/register/provider";
constexpr const char* kCodePage = "/register/provider/confirm";
constexpr const char* kIdentityCookie = "__Host-keyledger-identity";
constexpr const char* kSession = "__Host-keyledger-session";

class ProviderRegistration : public testing::Test {
protected:
    static void SetUpTestSuite() {
        with_ = new WithOtherProvider();
        Environment environment = with_->environment();
        environment["KEYLEDGER_EMAIL_VERIFICATION"] = "required";
        node_ = new RunningService(deployment(), environment);
    }
    static void TearDownTestSuite() {
        delete node_;
        delete with_;
    }
    ~ProviderRegistration() override { with_->there.lies = {}; }

    static ApiClient node() { return ApiClient(node_->port()); }
    static std::string new_address() { return watch_personal(unique("newcomer") + "@people.keyledger.test"); }
    // Somebody new, whose address there nobody vouches for, back from there.
    std::string arrive(Browser& browser) {
        const std::string subject = watch_personal(unique("subject"));
        arrive_as(browser, subject);
        return subject;
    }
    void arrive_as(Browser& browser, const std::string& subject) {
        be(*with_, subject, new_address(), "false");
        const Answer arrived = travel(*with_, browser, "open", shop_);
        ASSERT_EQ(arrived.status, 303) << arrived.body;
        ASSERT_TRUE(Browser::location(arrived).starts_with("/register/provider?flow=")) << Browser::location(arrived);
        EXPECT_EQ(browser.jar.count(kIdentityCookie), 1U);
        EXPECT_EQ(browser.jar.count(kSession), 0U);
        EXPECT_EQ(browser.jar.count("__Host-keyledger-provider"), 0U) << "the trip is over";
        flow_ = parameter(Browser::location(arrived), "flow");
    }
    Answer ask(Browser& browser, const std::string& address) const {
        return browser.post(kAddressPage, form_body({{"email", address}, {"flow", flow_}}));
    }
    Answer confirm(Browser& browser, const Answer& asks, const std::string& code) const {
        return browser.post(kCodePage,
                            form_body({{"handle", hidden(asks, "handle")}, {"code", code}, {"flow", flow_}}));
    }
    // What the application is told of whoever is logged in at the browser.
    std::string who(Browser& browser, const Answer& logged_in) const {
        Answer back = browser.follow(logged_in);
        if (Browser::location(back).starts_with("/consent"))
            back = browser.follow(browser.post("/consent", filled(browser.follow(back), {})));
        return claims_of(redeem(shop_, parameter(Browser::location(back), "code"), node()).text("/id_token"));
    }
    static std::string user_of(const std::string& claims) { return claims.substr(claims.find("\"sub\":\"") + 7, 36); }

    static WithOtherProvider* with_;
    static RunningService* node_;
    const std::string shop_ = application();
    std::string flow_;
};
WithOtherProvider* ProviderRegistration::with_ = nullptr;
RunningService* ProviderRegistration::node_ = nullptr;

std::string code_mailed_to(const std::string& address) { return mailbox().await_mail(address, "is your code").code(); }
bool says(const Answer& page, const std::string& words) { return page.body.find(words) != std::string::npos; }

}  // namespace

TEST_F(ProviderRegistration, AsksForAnAddressAndLogsInOnceItIsProven) {
    Browser browser(node());
    const std::string subject = arrive(browser);
    const std::string address = new_address();
    const Answer page = browser.get(std::string(kAddressPage) + "?flow=" + flow_);
    ASSERT_EQ(page.status, 200) << page.body;
    EXPECT_TRUE(says(page, "The open one told no e-mail address that can be trusted")) << page.body;
    EXPECT_TRUE(says(page, "To go on to Shop"));
    EXPECT_TRUE(says(page, "inputmode=\"email\""));
    const Answer nowhere = ask(browser, "nowhere");
    EXPECT_EQ(nowhere.status, 400);
    EXPECT_TRUE(says(nowhere, "href=\"#email\"") && says(nowhere, "value=\"nowhere\"")) << nowhere.body;
    const Answer asks = ask(browser, address);
    ASSERT_EQ(asks.status, 200) << asks.body;
    const ReceivedMail mail = mailbox().await_mail(address, "is your code");
    EXPECT_TRUE(mail.links.empty()) << "there is no password for the page behind a link: " << mail.text;
    const std::string code = mail.code();
    const Answer wrong = confirm(browser, asks, code == "000000" ? "000001" : "000000");
    EXPECT_EQ(wrong.status, 400);
    EXPECT_TRUE(says(wrong, "The code is wrong")) << wrong.body;
    EXPECT_EQ(browser.jar.count(kSession), 0U);
    const auto jar = browser.jar;
    const Answer in = confirm(browser, wrong, code);
    ASSERT_EQ(in.status, 303) << in.body;
    EXPECT_EQ(browser.jar.count(kSession), 1U);
    EXPECT_EQ(browser.jar.count(kIdentityCookie), 0U);
    const std::string claims = who(browser, in);
    EXPECT_TRUE(claims.find("\"amr\":[\"fed\"]") != std::string::npos) << claims;
    const Answer identities = administrator(node()).get(std::string(kUsers) + "/" + user_of(claims) + "/identities");
    EXPECT_EQ(identities.text("/items/0/linked_by"), "registration") << identities.body;
    const Answer user = administrator(node()).get(std::string(kUsers) + "/" + user_of(claims));
    EXPECT_EQ(user.text("/email"), address);
    EXPECT_TRUE(user.boolean("/email_verified"));
    // From now on there is nothing to ask for.
    be(*with_, subject, new_address(), "false");
    Browser later(node());
    const Answer again = travel(*with_, later, "open", shop_);
    ASSERT_TRUE(Browser::location(again).starts_with("/oauth2/authorize/continue")) << Browser::location(again);
    EXPECT_EQ(user_of(who(later, again)), user_of(claims));
    // Once: neither the code nor who came back is good for another session.
    Browser copy(node());
    copy.jar = jar;
    EXPECT_EQ(confirm(copy, wrong, code).status, 400);
    EXPECT_EQ(copy.jar.count(kSession), 0U);
}

TEST_F(ProviderRegistration, SpeaksGerman) {
    Browser browser(node().with("Accept-Language", "de"));
    arrive(browser);
    EXPECT_TRUE(says(browser.get(std::string(kAddressPage) + "?flow=" + flow_), "Ihre E-Mail-Adresse"));
    EXPECT_TRUE(says(ask(browser, new_address()), "Eine andere Adresse angeben"));
}

// I14: whoever has an address, the page is the same, and nothing is linked with what they have.
TEST_F(ProviderRegistration, TellsNobodyWhoseAnAddressIs) {
    const Person known = register_somebody(api());
    Browser browser(node());
    const std::string subject = arrive(browser);
    const auto without_secrets = [&](Answer page) {
        for (const std::string& secret : {hidden(page, "handle"), flow_})
            for (auto at = page.body.find(secret); at != std::string::npos; at = page.body.find(secret))
                page.body.erase(at, secret.size());
        return std::to_string(page.status) + page.body;
    };
    const Answer taken = ask(browser, known.email);
    EXPECT_EQ(without_secrets(taken), without_secrets(ask(browser, new_address())));
    const ReceivedMail mail = mailbox().await_mail(known.email, "You already have an account");
    EXPECT_THROW(mail.code(), std::exception) << mail.text;
    EXPECT_EQ(confirm(browser, taken, "000000").status, 400);
    EXPECT_EQ(node().as(log_in(node(), known).access).get("/api/v1/auth/identities").count(), 0U);
    Browser later(node());
    arrive_as(later, subject);  // nobody is linked with them still
}

TEST_F(ProviderRegistration, GoesOnInTheBrowserAloneThatCameBack) {
    Browser browser(node());
    arrive(browser);
    const std::string address = new_address();
    const Answer asks = ask(browser, address);
    const std::string code = code_mailed_to(address);
    Browser thief(node());
    const Answer page = thief.follow(thief.get(request(shop_)));
    const std::string own_flow = hidden(page, "flow");
    EXPECT_EQ(thief.get(std::string(kAddressPage) + "?flow=" + own_flow).status, 400) << "it brought nobody";
    EXPECT_EQ(ask(thief, address).status, 400);
    thief.jar[kIdentityCookie] = browser.jar[kIdentityCookie];
    EXPECT_EQ(ask(thief, address).status, 400) << "of another browser's request";
    flow_ = own_flow;
    EXPECT_EQ(ask(thief, address).status, 400) << "they came back for another request";
    EXPECT_EQ(confirm(thief, asks, code).status, 400) << "handle and code alone log nobody in";
    EXPECT_EQ(thief.jar.count(kSession), 0U);
    thief.jar[kIdentityCookie] = "made-up";
    EXPECT_EQ(thief.get(std::string(kAddressPage) + "?flow=" + own_flow).status, 400);
}

// Two registrations of one arrival: the second finds its identity linked, and begins no session.
TEST_F(ProviderRegistration, LinksWhoCameBackWithOneAccount) {
    Browser browser(node());
    arrive(browser);
    const std::string first = new_address(), second = new_address();
    const Answer asks_first = ask(browser, first);
    const Answer asks_second = ask(browser, second);
    Browser copy(node());
    copy.jar = browser.jar;
    ASSERT_EQ(confirm(browser, asks_first, code_mailed_to(first)).status, 303);
    const Answer late = confirm(copy, asks_second, code_mailed_to(second));
    EXPECT_EQ(late.status, 400) << late.body;
    EXPECT_EQ(copy.jar.count(kSession), 0U);
}

}  // namespace keyledger::test
