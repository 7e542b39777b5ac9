#include "app/config/kafka_security.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

using namespace keyledger::app;

namespace {

using SettingSource = std::map<std::string, std::string, std::less<>>;

// Names without their beginning; what is not given has its default.
keyledger::Result<KafkaSecurity, std::vector<std::string>> read(const SettingSource& given) {
    return read_kafka_security([&](std::string_view name) {
        const auto at = given.find(name.substr(std::string_view("KEYLEDGER_KAFKA_").size()));
        if (at != given.end()) return at->second;
        if (name.ends_with("SECURITY_PROTOCOL")) return std::string("plaintext");
        return std::string(name.ends_with("ENDPOINT_IDENTIFICATION") ? "https" : "");
    });
}

SettingSource with(SettingSource given, const SettingSource& more) {
    for (const auto& [name, value] : more) given[name] = value;
    return given;
}

const SettingSource kScram{{"SECURITY_PROTOCOL", "sasl_ssl"},
                           {"SASL_MECHANISM", "SCRAM-SHA-512"},
                           {"SASL_USERNAME", "keyledger"},
                           {"SASL_PASSWORD", "hunter2"},
                           {"SSL_CA_FILE", "/ca.pem"}};
const SettingSource kCertificate{{"SECURITY_PROTOCOL", "ssl"},
                                 {"SSL_CERTIFICATE_FILE", "/me.crt"},
                                 {"SSL_KEY_FILE", "/me.key"},
                                 {"SSL_KEY_PASSWORD", "hunter2"}};
const SettingSource kToken{
    {"SECURITY_PROTOCOL", "sasl_ssl"}, {"SASL_MECHANISM", "OAUTHBEARER"}, {"SASL_TOKEN_FILE", "/token"}};

std::map<std::string, std::string> properties_of(const SettingSource& given) {
    const auto security = read(given);
    EXPECT_TRUE(security);
    std::map<std::string, std::string> all;
    if (security) all.insert(security->properties.begin(), security->properties.end());
    return all;
}

}  // namespace

TEST(KafkaSecurity, IsPlainTextUnlessToldOtherwise) {
    EXPECT_EQ(properties_of({}), (std::map<std::string, std::string>{{"security.protocol", "plaintext"}}));
}

TEST(KafkaSecurity, SpeaksScramOverTlsAndChecksTheBrokersName) {
    EXPECT_EQ(properties_of(kScram),
              (std::map<std::string, std::string>{{"security.protocol", "sasl_ssl"},
                                                  {"sasl.mechanism", "SCRAM-SHA-512"},
                                                  {"sasl.username", "keyledger"},
                                                  {"sasl.password", "hunter2"},
                                                  {"ssl.ca.location", "/ca.pem"},
                                                  {"ssl.endpoint.identification.algorithm", "https"}}));
    EXPECT_EQ(properties_of(with(kScram, {{"SSL_ENDPOINT_IDENTIFICATION", "none"}}))
                  .at("ssl.endpoint.identification.algorithm"),
              "none");
}

TEST(KafkaSecurity, ShowsTheServicesOwnCertificate) {
    const auto properties = properties_of(kCertificate);
    EXPECT_EQ(properties.at("ssl.certificate.location"), "/me.crt");
    EXPECT_EQ(properties.at("ssl.key.location"), "/me.key");
    EXPECT_EQ(properties.at("ssl.key.password"), "hunter2");
    EXPECT_FALSE(properties.contains("sasl.mechanism"));
}

TEST(KafkaSecurity, TakesATokenFromAFile) {
    const auto security = read(kToken);
    ASSERT_TRUE(security);
    EXPECT_EQ(security->oauth_token_file, "/token");
}

TEST(KafkaSecurity, RefusesWhatDoesNotFitAndSaysWhatToSet) {
    struct Case {
        SettingSource given;
        std::string names;
    };
    const std::vector<Case> cases{
        {{{"SECURITY_PROTOCOL", "tls"}}, "SECURITY_PROTOCOL"},
        {{{"SASL_PASSWORD", "hunter2"}}, "SASL_PASSWORD"},
        {{{"SASL_MECHANISM", "PLAIN"}}, "SASL_MECHANISM"},
        {{{"SSL_CA_FILE", "/ca.pem"}}, "SSL_CA_FILE"},
        {with(kScram, {{"SASL_MECHANISM", "GSSAPI"}}), "SASL_MECHANISM"},
        {with(kScram, {{"SASL_MECHANISM", ""}}), "SASL_MECHANISM"},
        {with(kScram, {{"SASL_PASSWORD", ""}}), "SASL_PASSWORD"},
        {with(kScram, {{"SASL_USERNAME", ""}}), "SASL_USERNAME"},
        {with(kScram, {{"SASL_TOKEN_FILE", "/token"}}), "SASL_TOKEN_FILE"},
        {with(kScram, {{"SSL_ENDPOINT_IDENTIFICATION", "off"}}), "SSL_ENDPOINT_IDENTIFICATION"},
        {{{"SECURITY_PROTOCOL", "sasl_plaintext"},
          {"SASL_MECHANISM", "PLAIN"},
          {"SASL_USERNAME", "keyledger"},
          {"SASL_PASSWORD", "hunter2"}},
         "SASL_MECHANISM"},
        {with(kToken, {{"SECURITY_PROTOCOL", "sasl_plaintext"}}), "SASL_MECHANISM"},
        {with(kToken, {{"SASL_TOKEN_FILE", ""}}), "SASL_TOKEN_FILE"},
        {with(kToken, {{"SASL_PASSWORD", "hunter2"}}), "SASL_PASSWORD"},
        {with(kCertificate, {{"SSL_KEY_FILE", ""}}), "SSL_KEY_FILE"},
        {with(kCertificate, {{"SSL_CERTIFICATE_FILE", ""}}), "SSL_CERTIFICATE_FILE"},
        {with(kCertificate, {{"SASL_USERNAME", "keyledger"}}), "SASL_USERNAME"}};
    for (const Case& one : cases) {
        const auto security = read(one.given);
        ASSERT_FALSE(security) << one.names;
        const auto& sentences = security.error();
        EXPECT_TRUE(std::ranges::any_of(sentences,
                                        [&](const std::string& sentence) {
                                            return sentence.find("KEYLEDGER_KAFKA_" + one.names) != sentence.npos;
                                        }))
            << one.names << ": " << sentences.front();
        for (const std::string& sentence : sentences) EXPECT_EQ(sentence.find("hunter2"), sentence.npos) << sentence;
    }
}
