// What browsers are told for later.
#include <gtest/gtest.h>

#include "tests/api/http/http_fixture.hpp"

using namespace keyledger;
using namespace keyledger::test;

// RFC 6797: of a client that spoke https with a proxy, and only if that proxy is one of ours.
TEST(HttpHsts, IsToldToWhoeverATrustedProxySaysSpokeHttps) {
    api::ServerOptions options;
    options.trusted_proxies = {*api::Cidr::parse("127.0.0.0/8")};
    options.hsts_seconds = 600;
    TestServer trusting(options);
    const auto told = [](const TestServer& server, const HttpHeaders& headers) {
        return HttpClient(server.port()).get("/hello", headers).header("Strict-Transport-Security");
    };
    EXPECT_EQ(told(trusting, {{"X-Forwarded-Proto", "https"}}), "max-age=600");
    EXPECT_EQ(told(trusting, {{"X-Forwarded-Proto", "HTTPS"}}), "max-age=600");
    EXPECT_EQ(told(trusting, {{"X-Forwarded-Proto", "http, https"}}), "max-age=600") << "the last is our proxy's";
    for (const char* other : {"http", "https, http", "", "httpsx", "\"https\""})
        EXPECT_FALSE(told(trusting, {{"X-Forwarded-Proto", other}})) << other;
    EXPECT_FALSE(told(trusting, {}));
    options.hsts_seconds = 0;
    TestServer silent(options);
    EXPECT_FALSE(told(silent, {{"X-Forwarded-Proto", "https"}}));
    TestServer strangers;
    EXPECT_FALSE(told(strangers, {{"X-Forwarded-Proto", "https"}}));
}
