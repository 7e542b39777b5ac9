// AWS Signature Version 4 as libcurl computes it, held against the vectors that AWS publishes for it (its
// aws-sig-v4-test-suite: key AKIDEXAMPLE, region us-east-1, service "service", 2015-08-30T12:36:00Z).
#include <gtest/gtest.h>

#include "integrations/aws/http_call.hpp"
#include "tests/integrations/aws/asked_server.hpp"

using namespace keyledger;
using namespace keyledger::integrations::aws;
using namespace std::chrono_literals;
using test::AskedServer;

namespace {

constexpr const char* kToken =
    "AQoDYXdzEPT//////////"
    "wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx"
    "7mSEI/qkPpKPi/"
    "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6"
    "d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

struct Vector {
    const char* name;
    const char* method;
    const char* content_type;
    const char* body;
    const char* session_token;
    const char* signed_fields;
    const char* signature;
};
constexpr Vector kVectors[] = {
    {"get-vanilla", "GET", "", "", "", "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"post-vanilla", "POST", "", "", "", "host;x-amz-date",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-x-www-form-urlencoded", "POST", "application/x-www-form-urlencoded", "Param1=value1", "",
     "content-type;host;x-amz-date", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
    {"post-sts-header-before", "POST", "", "", kToken, "host;x-amz-date;x-amz-security-token",
     "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
};

TEST(AwsSignature, IsThatOfThePublishedVectors) {
    AskedServer server([](const auto&) { return test::http_answer("200 OK", "text/plain", ""); });
    for (const Vector& vector : kVectors) {
        Credentials credentials{"AKIDEXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                                Secret(vector.session_token)};
        const Signing signing{credentials, "us-east-1", "service"};
        HttpCall what{vector.method, server.url("/")};
        what.fields.push_back({"Host", Secret("example.amazonaws.com")});
        what.fields.push_back({"X-Amz-Date", Secret("20150830T123600Z")});
        if (*vector.content_type != '\0') what.fields.push_back({"Content-Type", Secret(vector.content_type)});
        what.body = vector.body;
        what.signing = &signing;
        const auto answer = call(what, std::chrono::steady_clock::now() + 10s);
        ASSERT_TRUE(answer) << vector.name << ": " << answer.error();
        const auto sent = server.requests().back();
        EXPECT_EQ(sent.body, vector.body) << vector.name;
        EXPECT_EQ(sent.field("X-Amz-Security-Token"), vector.session_token) << vector.name;
        EXPECT_EQ(sent.field("Authorization"),
                  std::string("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                              "SignedHeaders=") +
                      vector.signed_fields + ", Signature=" + vector.signature)
            << vector.name;
    }
}

// libcurl would sign a field without a value and not send it: the request would be refused.
TEST(AwsSignature, NoFieldIsEmptyOrHasALineBreak) {
    for (const char* value : {"", "a\r\nX-Evil: b"}) {
        HttpCall what{"GET", "http://127.0.0.1:1/"};
        what.fields.push_back({"X-Amz-Target", Secret(value)});
        const auto answer = call(what, std::chrono::steady_clock::now() + 1s);
        ASSERT_FALSE(answer) << value;
        EXPECT_NE(answer.error().find("line break"), std::string::npos) << answer.error();
    }
}

TEST(AwsHttpCall, EndsInTimeAndTakesNoMoreThanAMebibyte) {
    AskedServer large(
        [](const auto&) { return test::http_answer("200 OK", "text/plain", std::string(kMostAnswerBytes + 1, 'a')); });
    const auto too_much = call({"GET", large.url("/")}, std::chrono::steady_clock::now() + 10s);
    ASSERT_FALSE(too_much);
    EXPECT_NE(too_much.error().find("1 MiB"), std::string::npos);

    test::RawServer silent([](test::RawConnection& connection) { connection.wait_for_end(); });
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_FALSE(call({"GET", silent.url()}, begun + 200ms));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
    EXPECT_FALSE(call({"GET", silent.url()}, begun)) << "no time is left";
}

// A role's keys go nowhere else because somebody answers with another place.
TEST(AwsHttpCall, FollowsNobody) {
    AskedServer elsewhere([](const auto&) { return test::http_answer("200 OK", "text/plain", "secret"); });
    AskedServer server([&](const auto&) {
        return "HTTP/1.1 302 Found\r\nLocation: " + elsewhere.url("/") + "\r\nContent-Length: 0\r\n\r\n";
    });
    const auto answer = call({"GET", server.url("/")}, std::chrono::steady_clock::now() + 10s);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 302);
    EXPECT_TRUE(elsewhere.requests().empty());
}

TEST(AwsHttpCall, KnowsThisMachineByItsNames) {
    for (const char* url : {"http://127.0.0.1", "http://localhost:5000/a", "http://[::1]:5000"})
        EXPECT_TRUE(is_plain_to_this_machine(url)) << url;
    for (const char* url : {"https://127.0.0.1", "http://127.0.0.1.example.com", "http://localhost@example.com",
                            "http://localhost:1@example.com", "http://example.com/?127.0.0.1", "http://127.0.0.10"})
        EXPECT_FALSE(is_plain_to_this_machine(url)) << url;
}

}  // namespace
