// Log-in through the service by a provider that somebody else wrote: npm's oidc-provider.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/e2e/oauth/browser.hpp"
#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"
#include "tests/oauth/real_provider.hpp"

namespace keyledger::test {
namespace {

const std::string kWayBack = "/login/providers/real/callback";

// The service's settings for it.
Environment knowing(const RealProvider& there, const std::string& secret) {
    using std::filesystem::perms;
    const auto folder = deployment().folder() / unique("real-provider");
    std::filesystem::create_directory(folder);
    std::ofstream(folder / "secret") << secret << '\n';
    std::ofstream(folder / "providers.yaml")
        << "providers:\n  - name: real\n    issuer: " << there.issuer()
        << "\n    client_id: ES256-client_secret_basic\n    client_secret_file: " << (folder / "secret").string()
        << "\n    register: on\n    link_by_address: on\n";
    for (const char* name : {"secret", "providers.yaml"})
        std::filesystem::permissions(folder / name, perms::owner_read | perms::owner_write);
    return {{"KEYLEDGER_PROVIDERS_FILE", (folder / "providers.yaml").string()},
            {"KEYLEDGER_OUTGOING_ALLOW", "127.0.0.1:" + std::to_string(there.port())}};
}

// From the button to the way back, as the browser goes at the provider.
std::string way_back(const RealProvider& there, Browser& browser, const std::string& shop) {
    const Answer page = browser.follow(browser.get(request(shop)));
    const Answer away = browser.get("/login/providers/real?flow=" + hidden(page, "flow"));
    auto told = browse(there, Browser::location(away));
    return kWayBack + "?" + form_body({{"code", told["code"]}, {"state", told["state"]}, {"iss", told["iss"]}});
}

}  // namespace

TEST(RealProviderAtTheService, LetsPeopleInAndTakesACodeOnce) {
    const std::string secret = watch_secret(unique("secret"));
    auto there = std::make_unique<RealProvider>(RealProviderSettings{kIssuer + kWayBack, secret});
    RunningService node(deployment(), knowing(*there, secret));
    const std::string shop = application("first_party");
    Browser browser{ApiClient(node.port())};
    const std::string back = way_back(*there, browser, shop);
    const auto before = browser.jar;
    const Answer arrived = browser.get(back);
    ASSERT_EQ(arrived.status, 303) << arrived.body;
    const Answer on = browser.follow(arrived);
    const Answer tokens = redeem(shop, parameter(Browser::location(on), "code"));
    const std::string claims = claims_of(tokens.text("/id_token"));
    EXPECT_EQ(api().as(tokens.text("/access_token")).get("/oauth2/userinfo").text("/email"), "ann@example.test");
    EXPECT_NE(claims.find("\"amr\":[\"fed\"]"), std::string::npos) << claims;

    Browser thief{ApiClient(node.port())};
    thief.jar = before;
    EXPECT_EQ(thief.get(back).status, 400) << "whatever of the browser was stolen";
    EXPECT_EQ(thief.jar.count("__Host-keyledger-session"), 0U);

    Browser late{ApiClient(node.port())};
    const std::string unanswered = way_back(*there, late, shop);
    there.reset();
    const Answer away = late.get(unanswered);
    EXPECT_EQ(away.status, 502) << away.body;
}

}  // namespace keyledger::test
