#include "app/config/passkeys.hpp"

#include <gtest/gtest.h>

namespace keyledger::app {
namespace {

using Sentences = std::vector<std::string>;

struct Completed {
    PasskeySettings passkeys;
    Sentences faults;
};
Completed completed(const std::string& issuer, std::string domain = {}, std::vector<std::string> origins = {}) {
    Completed result{{std::move(domain), "Keyledger", std::move(origins)}, {}};
    result.faults = complete_passkeys(result.passkeys, issuer);
    return result;
}

TEST(Passkeys, AreOfTheIssuersHost) {
    const auto [passkeys, faults] = completed("https://Auth.example.org:443/some/path");
    EXPECT_EQ(passkeys.domain, "auth.example.org");
    EXPECT_EQ(passkeys.origins, Sentences{"https://auth.example.org"}) << "as browsers write it";
    EXPECT_EQ(faults, Sentences{});
    EXPECT_EQ(completed("https://auth.example.org:8443").passkeys.origins, Sentences{"https://auth.example.org:8443"});
    EXPECT_EQ(completed("http://localhost:8080").passkeys.domain, "localhost");
}

TEST(Passkeys, AreNotOfferedWhereBrowsersMakeNone) {
    for (const char* issuer :
         {"http://127.0.0.1:8080", "https://192.0.2.1", "https://[2001:db8::1]:8443", "http://auth.example.org"}) {
        const auto [passkeys, faults] = completed(issuer);
        EXPECT_EQ(passkeys.domain, "") << issuer;
        EXPECT_EQ(faults, Sentences{}) << issuer;
    }
}

TEST(Passkeys, CanBeOfTheDomainAbove) {
    const auto [passkeys, faults] =
        completed("https://auth.example.org", "example.org", {"https://auth.example.org", "https://shop.example.org"});
    EXPECT_EQ(passkeys.domain, "example.org");
    EXPECT_EQ(faults, Sentences{});
}

TEST(Passkeys, SayWhatIsWrongWithTheSettings) {
    for (const char* domain : {"127.0.0.1", "Example.org", "https://example.org", "example.org:443", ".example.org"})
        EXPECT_TRUE(completed("https://auth.example.org", domain).faults.at(0).starts_with("KEYLEDGER_PASSKEY_DOMAIN:"))
            << domain;
    for (const char* origin : {"https://example.com", "https://evilexample.org", "http://auth.example.org"})
        EXPECT_TRUE(completed("https://auth.example.org", "example.org", {origin})
                        .faults.at(0)
                        .starts_with("KEYLEDGER_PASSKEY_ORIGINS: '" + std::string(origin)))
            << origin;
    EXPECT_EQ(completed("https://auth.example.com", "example.org").faults.size(), 1u) << "not the issuer's";
    EXPECT_EQ(completed("http://127.0.0.1:8080", "", {"http://localhost:8080"}).faults.size(), 1u);
}

}  // namespace
}  // namespace keyledger::app
