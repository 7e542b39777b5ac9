#include "security/factors/key_uri.hpp"

#include <gtest/gtest.h>

using namespace keyledger;
using namespace keyledger::security;

namespace {

std::string uri(std::string_view issuer, std::string_view account, const TotpParameters& parameters = {}) {
    return std::string(totp_key_uri(issuer, account, Secret("12345678901234567890"), parameters).reveal());
}

}  // namespace

TEST(KeyUri, SaysWhatAnAppHasToKnow) {
    EXPECT_EQ(uri("Example", "ann@example.com"),
              "otpauth://totp/Example:ann%40example.com?issuer=Example&algorithm=SHA1&digits=6&period=30"
              "&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    EXPECT_EQ(uri("Example", "ann", {TotpHash::kSha512, 8}),
              "otpauth://totp/Example:ann?issuer=Example&algorithm=SHA512&digits=8&period=30"
              "&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

// Nothing in a name ends the label, adds a parameter, or becomes another character on the way.
TEST(KeyUri, EncodesNames) {
    const std::string made = uri("Blå & Co?", "a+b/%?#&=\"<@é.example");
    EXPECT_EQ(made.substr(0, made.find("&algorithm")),
              "otpauth://totp/Bl%C3%A5%20%26%20Co%3F:a%2Bb%2F%25%3F%23%26%3D%22%3C%40%C3%A9.example"
              "?issuer=Bl%C3%A5%20%26%20Co%3F");
}

// The label is told apart at its colon: another one would move the border between issuer and account.
TEST(KeyUri, HasOneColonInItsLabel) {
    const std::string made = uri("localhost:8080", "a:b");
    EXPECT_TRUE(made.starts_with("otpauth://totp/localhost-8080:a-b?issuer=localhost-8080&")) << made;
}
