// Parameters of AWS Systems Manager, by pages, and what is said where there are none.
#include "integrations/aws/parameter_store.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "tests/integrations/aws/asked_server.hpp"

using namespace keyledger;
using namespace keyledger::integrations::aws;
using namespace std::chrono_literals;
using test::AskedRequest;
using test::AskedServer;
using test::http_answer;

namespace {

constexpr const char* kJson = "application/x-amz-json-1.1";

Credentials keys() { return {"AKIDEXAMPLE", Secret("hunter2-key"), Secret("")}; }

Result<std::vector<Parameter>, std::string> fetch(const AskedServer& server, std::chrono::milliseconds within = 10s) {
    const Credentials credentials = keys();
    return fetch_parameters({"/keyledger/prod", "eu-central-1", server.url()}, credentials,
                            std::chrono::steady_clock::now() + within);
}
// What is said of a server that always answers so.
std::string refusal(const std::string& status, const std::string& body, std::chrono::milliseconds within = 10s) {
    AskedServer server([&](const auto&) { return http_answer(status, kJson, body); });
    const auto fetched = fetch(server, within);
    return fetched ? "" : fetched.error();
}
std::string page(const std::string& name, const std::string& value, const std::string& next) {
    return R"({"Parameters":[{"Name":"/keyledger/prod/)" + name + R"(","Type":"SecureString","Value":")" + value +
           R"("}])" + (next.empty() ? "" : R"(,"NextToken":")" + next + "\"") + "}";
}

TEST(ParameterStore, IsReadPageByPage) {
    AskedServer server([](const AskedRequest& asked) {
        const bool is_second = asked.body.find(R"("NextToken":"more \" please")") != std::string::npos;
        return http_answer("200 OK", kJson, is_second ? page("B", "two", "") : page("A", "one", R"(more \" please)"));
    });
    const auto fetched = fetch(server);
    ASSERT_TRUE(fetched) << fetched.error();
    ASSERT_EQ(fetched->size(), 2U);
    EXPECT_EQ((*fetched)[0].name, "A");
    EXPECT_EQ((*fetched)[1].value, "two");
    const AskedRequest first = server.requests().front();
    EXPECT_EQ(first.line(), "POST / HTTP/1.1");
    EXPECT_EQ(first.field("X-Amz-Target"), "AmazonSSM.GetParametersByPath");
    EXPECT_EQ(first.field("Content-Type"), kJson);
    EXPECT_EQ(first.body, R"({"Path":"/keyledger/prod","WithDecryption":true,"MaxResults":10})");
    const std::string authorization = first.field("Authorization");
    EXPECT_NE(authorization.find("/eu-central-1/ssm/aws4_request"), std::string::npos) << authorization;
    EXPECT_NE(authorization.find("SignedHeaders=content-type;host;x-amz-date;x-amz-target"), std::string::npos)
        << authorization;
    EXPECT_EQ(first.head.find("hunter2"), std::string::npos);
}

TEST(ParameterStore, IsAskedAgainWhereAwsIsBusy) {
    std::atomic<int> asked = 0;
    AskedServer server([&](const AskedRequest&) {
        ++asked;
        if (asked == 1) return http_answer("400 Bad Request", kJson, R"({"__type":"ThrottlingException"})");
        if (asked == 2) return http_answer("503 Service Unavailable", "text/plain", "");
        return http_answer("200 OK", kJson, page("A", "one", ""));
    });
    const auto fetched = fetch(server);
    ASSERT_TRUE(fetched) << fetched.error();
    EXPECT_EQ(asked, 3);
}

TEST(ParameterStore, IsGivenUpInTime) {
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_NE(refusal("503 Service Unavailable", "", 500ms).find("AWS answered 503"), std::string::npos);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
}

TEST(ParameterStore, SaysWhatToDo) {
    struct Case {
        const char* type;
        const char* said;
    };
    for (const auto& [type, said] :
         {Case{"AccessDeniedException", "allow ssm:GetParametersByPath on "
                                        "arn:aws:ssm:eu-central-1:*:parameter/keyledger/prod"},
          Case{"com.amazonaws.ssm#AccessDeniedException", "kms:Decrypt"},
          Case{"UnrecognizedClientException", "check AWS_ACCESS_KEY_ID"}, Case{"InvalidSignatureException", "clock"},
          Case{"ExpiredTokenException", "renew AWS_SESSION_TOKEN"}}) {
        const std::string told =
            refusal("400 Bad Request", R"({"__type":")" + std::string(type) + R"(","message":"You may not"})");
        EXPECT_NE(told.find(said), std::string::npos) << told;
        EXPECT_NE(told.find("'You may not'"), std::string::npos) << told;
        EXPECT_EQ(told.find("hunter2"), std::string::npos) << told;
    }
    const std::string mute = refusal("403 Forbidden", "<ErrorResponse/>");
    EXPECT_NE(mute.find("check AWS_ACCESS_KEY_ID"), std::string::npos) << mute;
    EXPECT_NE(mute.find("or allow ssm:GetParametersByPath"), std::string::npos) << mute;
    const std::string none = refusal("200 OK", R"({"Parameters":[]})");
    EXPECT_NE(none.find("no parameter directly below '/keyledger/prod' in eu-central-1"), std::string::npos) << none;
}

TEST(ParameterStore, TakesNothingElseForAnAnswer) {
    for (const std::string& body :
         {std::string("{}"), std::string(R"({"Parameters":[7]})"), std::string(R"({"Parameters":[{"Name":"/x/A"}]})"),
          std::string(R"({"Parameters":[{"Name":"/elsewhere/A","Value":"hunter2"}]})"),
          page("A", "hunter2", "the same again")}) {
        const std::string told = refusal("200 OK", body);
        EXPECT_NE(told.find("is not a list"), std::string::npos) << body << told;
        EXPECT_EQ(told.find("hunter2"), std::string::npos) << told;
    }
}

// Region and prefix become parts of a host name, of a signature's scope and of a question.
TEST(ParameterStore, LooksAtThePathFirst) {
    using Of = PathFault::Of;
    EXPECT_EQ(fault_of({"/keyledger/prod", "eu-central-1", ""}).sentence, "");
    EXPECT_EQ(fault_of({"/k", "eu-central-1", "http://localhost:5000"}).sentence, "");
    EXPECT_EQ(fault_of({"/k", "eu-central-1", "https://vpce-1.ssm.eu-central-1.vpce.amazonaws.com"}).sentence, "");
    for (const char* prefix : {"", "/", "keyledger", "/keyledger/", "/key ledger", "/a\"b"}) {
        const auto fault = fault_of({prefix, "eu-central-1", ""});
        EXPECT_TRUE(fault.of == Of::kPrefix && !fault.sentence.empty()) << prefix;
    }
    for (const char* region : {"", "eu central", "eu:central", "evil.example.com/"}) {
        const auto fault = fault_of({"/k", region, ""});
        EXPECT_TRUE(fault.of == Of::kRegion && !fault.sentence.empty()) << region;
    }
    for (const char* endpoint : {"http://example.com", "https://user@example.com", "ssm.example.com"}) {
        const auto fault = fault_of({"/k", "eu-central-1", endpoint});
        EXPECT_TRUE(fault.of == Of::kEndpoint && !fault.sentence.empty()) << endpoint;
    }
}

// AWS repeats the request by which it was asked, with all of its fields.
TEST(ParameterStore, DoNotRepeatWhatWasSent) {
    const std::string told =
        refusal("403 Forbidden",
                R"({"__type":"InvalidSignatureException","message":"It does not match.\n\nThe Canonical String )"
                R"(should have been\n'POST\n/\n\nx-amz-security-token:hunter2-token\n"})");
    EXPECT_NE(told.find("It does not match."), std::string::npos) << told;
    EXPECT_EQ(told.find("hunter2"), std::string::npos) << told;
}

// A token that ends in a line break is a mistake of whoever set it, and nothing to end a service that reloads.
TEST(ParameterStore, RefuseASessionTokenThatCanNotBeSent) {
    AskedServer server([](const auto&) { return http_answer("200 OK", kJson, page("A", "one", "")); });
    for (const char* token : {"hunter2\n", "hunter2\r\nX-Other: 1"}) {
        const Credentials credentials{"AKIDEXAMPLE", Secret("hunter2-key"), Secret(token)};
        const auto fetched = fetch_parameters({"/keyledger/prod", "eu-central-1", server.url()}, credentials,
                                              std::chrono::steady_clock::now() + 250ms);
        ASSERT_FALSE(fetched);
        EXPECT_NE(fetched.error().find("line break"), std::string::npos) << fetched.error();
        EXPECT_EQ(fetched.error().find("hunter2"), std::string::npos) << fetched.error();
    }
    EXPECT_TRUE(server.requests().empty());
}

}  // namespace
