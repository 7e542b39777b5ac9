#include "app/config/applications_file.hpp"

#include <gtest/gtest.h>

using namespace keyledger;
using namespace keyledger::app;

namespace {

constexpr const char* kFile = R"(
applications:
  0190f3a2-6d1c-7c1e-9a57-3f0c5b1d2e4f:
    name: Orders
    application_type: spa
    authentication: none
    grant_types: [authorization_code, refresh_token]
    scopes: [openid, email]
    redirect_uris: ["https://orders.example/callback"]
    session_lifetime: 3600
    userinfo_algorithm: ES256
    status: disabled
  0190f3a2-6d1c-7c1e-9a57-3f0c5b1d2e50: null
  0190f3a2-6d1c-7c1e-9a57-3f0c5b1d2e51: {state: absent}
)";

std::string error_of(const std::string& text) {
    const auto read = read_applications_file(text);
    return read ? "none" : read.error();
}
std::string error_of_one(const std::string& members) {
    return error_of("applications: {0190f3a2-6d1c-7c1e-9a57-3f0c5b1d2e4f: {name: a, " + members + "}}");
}

TEST(ApplicationsFileTest, ReadsApplications) {
    const auto entries = read_applications_file(kFile);
    ASSERT_TRUE(entries) << entries.error();
    ASSERT_EQ(entries->size(), 3U);
    const auto& orders = (*entries)[0];
    EXPECT_EQ(orders.id.to_string(), "0190f3a2-6d1c-7c1e-9a57-3f0c5b1d2e4f");
    EXPECT_EQ(orders.line, 4U);
    const ApplicationDefinition& definition = orders.wanted->definition;
    EXPECT_EQ(definition.name, "Orders");
    EXPECT_EQ(definition.type, ApplicationType::kSpa);
    EXPECT_EQ(definition.grant_types, (std::vector{GrantType::kAuthorizationCode, GrantType::kRefreshToken}));
    EXPECT_EQ(definition.session_lifetime, seconds(3600));
    EXPECT_EQ(definition.access_token_lifetime, std::nullopt);
    EXPECT_EQ(definition.userinfo_algorithm, KeyAlgorithm::kEs256);
    EXPECT_EQ(definition.consent, ConsentRule::kRequired) << "left out";
    EXPECT_EQ(orders.wanted->status, ApplicationStatus::kDisabled);
    EXPECT_FALSE((*entries)[1].wanted);
    EXPECT_FALSE((*entries)[2].wanted);
}

TEST(ApplicationsFileTest, WritesWhatItReads) {
    const auto entries = read_applications_file(kFile);
    commands::WantedApplication quoted = *(*entries)[0].wanted;
    quoted.definition.name = "Ä \"quoted\"\\ : # name";
    for (const auto& wanted : {*(*entries)[0].wanted, quoted}) {
        const auto again = read_applications_file("applications:\n" + text_of_application((*entries)[0].id, wanted));
        ASSERT_TRUE(again) << again.error();
        EXPECT_EQ((*again)[0].wanted->definition, wanted.definition);
        EXPECT_EQ((*again)[0].wanted->status, wanted.status);
    }
}

TEST(ApplicationsFileTest, SaysWhatIsWrong) {
    EXPECT_EQ(error_of("apps: {}"), "line 1: a file of applications has one member, 'applications'");
    EXPECT_EQ(error_of("applications: {orders: {name: a}}"),
              "line 1: 'orders' is no client id: write a UUID, such as uuidgen makes");
    EXPECT_EQ(error_of_one("grant_types: [implicit]"),
              "line 1: an item of grant_types is one of: authorization_code, device_code, refresh_token");
    EXPECT_EQ(error_of_one("session_lifetime: 1h"), "line 1: session_lifetime is not a number of seconds");
    EXPECT_EQ(error_of_one("scopes: openid"), "line 1: scopes is not a list; write [] for none");
    EXPECT_NE(
        error_of("applications:\n  0190f3a2-6d1c-7c1e-9a57-3f0c5b1d2e4f:\n    name: a\n    accent_color: #0b57d0\n")
            .find("accent_color has no value; write null for none, and a value that begins with # in quotation marks"),
        std::string::npos)
        << "what is behind # is a comment";
    EXPECT_EQ(error_of_one("status: on"), "line 1: status is 'enabled' or 'disabled'");
    EXPECT_NE(error_of_one("redirect_uri: a").find("has a member 'redirect_uri'; known are: accent_color, "),
              std::string::npos);
    EXPECT_NE(error_of("applications: {0190f3a2-6d1c-7c1e-9a57-3f0c5b1d2e4f: {consent: required}}").find("has no name"),
              std::string::npos);
    EXPECT_NE(error_of("applications: {0190f3a2-6d1c-7c1e-9a57-3f0c5b1d2e4f: {name: a}, "
                       "0190F3A2-6D1C-7C1E-9A57-3F0C5B1D2E4F: {name: b}}"),
              "none")
        << "one id, written in two ways";
}

// A value that was forgotten, or lost by whatever wrote the file, deletes nothing.
TEST(ApplicationsFileTest, DeletesOnlyWhatItSaysIsAbsent) {
    EXPECT_NE(error_of("applications:\n  0190f3a2-6d1c-7c1e-9a57-3f0c5b1d2e4f:\n").find("has no value"),
              std::string::npos);
    EXPECT_NE(error_of_one("state: absent").find("is to be absent, and has other members"), std::string::npos);
}

}  // namespace
