// As whom AWS is asked: keys that are given, a container's role, an instance's role.
#include "integrations/aws/credentials.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <map>

#include "tests/integrations/aws/asked_server.hpp"

using namespace keyledger;
using namespace keyledger::integrations::aws;
using namespace std::chrono_literals;
using test::AskedRequest;
using test::AskedServer;
using test::http_answer;

namespace {

using Given = std::map<std::string, std::string>;

constexpr const char* kOfRole =
    R"({"Code":"Success","AccessKeyId":"ASIAROLE","SecretAccessKey":"role-key","Token":"role-token"})";

Result<Credentials, std::string> find(Given given) {
    return find_credentials(
        [&given](const char* name) -> const char* {
            const auto at = given.find(name);
            return at == given.end() ? nullptr : at->second.c_str();
        },
        std::chrono::steady_clock::now() + 10s);
}
std::string refusal(Given given) {
    const auto found = find(std::move(given));
    return found ? "" : found.error();
}
std::string file(const std::string& text, mode_t mode) {
    std::string path = testing::TempDir() + "/keyledger-aws-XXXXXX";
    ::close(::mkstemp(path.data()));
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
}

// The instance metadata service, version 2: strict, as where version 1 is off.
std::string as_instance(const AskedRequest& asked) {
    const std::string roles = "/latest/meta-data/iam/security-credentials/";
    if (asked.line() == "PUT /latest/api/token HTTP/1.1" &&
        !asked.field("X-aws-ec2-metadata-token-ttl-seconds").empty())
        return http_answer("200 OK", "text/plain", "a-token");
    if (asked.field("X-aws-ec2-metadata-token") != "a-token") return http_answer("401 Unauthorized", "text/plain", "");
    if (asked.line() == "GET " + roles + " HTTP/1.1") return http_answer("200 OK", "text/plain", "node-role\n");
    if (asked.line() == "GET " + roles + "node-role HTTP/1.1") return http_answer("200 OK", "text/plain", kOfRole);
    return http_answer("404 Not Found", "text/plain", "");
}

TEST(AwsCredentials, AreThoseThatAreGiven) {
    const auto found = find({{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "key"}});
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->access_key_id, "AKID");
    EXPECT_EQ(found->secret_access_key.reveal(), "key");
    EXPECT_TRUE(found->session_token.empty());
    const auto temporary =
        find({{"AWS_ACCESS_KEY_ID", "ASIA"}, {"AWS_SECRET_ACCESS_KEY", "key"}, {"AWS_SESSION_TOKEN", "token"}});
    ASSERT_TRUE(temporary);
    EXPECT_EQ(temporary->session_token.reveal(), "token");
    EXPECT_NE(refusal({{"AWS_ACCESS_KEY_ID", "AKID"}}).find("go together"), std::string::npos);
}

TEST(AwsCredentials, MayStandInFilesThatAreClosedToOthers) {
    const std::string closed = file("from-a-file\n", 0600);
    const auto found = find({{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY_FILE", closed}});
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->secret_access_key.reveal(), "from-a-file");
    const std::string open = file("from-a-file\n", 0644);
    const std::string told = refusal({{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY_FILE", open}});
    EXPECT_NE(told.find("AWS_SECRET_ACCESS_KEY_FILE: '" + open + "' is open to others"), std::string::npos) << told;
    EXPECT_EQ(told.find("from-a-file"), std::string::npos);
    EXPECT_NE(
        refusal(
            {{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "key"}, {"AWS_SECRET_ACCESS_KEY_FILE", closed}})
            .find("both set"),
        std::string::npos);
}

TEST(AwsCredentials, AreAnInstancesRoleByATokenThatWasPutFor) {
    AskedServer instance(as_instance);
    const auto found = find({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", instance.url("/")}});
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->access_key_id, "ASIAROLE");
    EXPECT_EQ(found->secret_access_key.reveal(), "role-key");
    EXPECT_EQ(found->session_token.reveal(), "role-token");
}

TEST(AwsCredentials, SayWhatToDoWhereThereAreNone) {
    for (const Given& given : {Given{{"AWS_EC2_METADATA_DISABLED", "true"}},
                               Given{{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1"}}}) {
        const std::string told = refusal(given);
        EXPECT_NE(told.find("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"), std::string::npos) << told;
    }
    AskedServer without([](const AskedRequest& asked) {
        return asked.line().starts_with("PUT ") ? as_instance(asked) : http_answer("404 Not Found", "text/plain", "");
    });
    const std::string told = refusal({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", without.url()}});
    EXPECT_NE(told.find("the instance has no role"), std::string::npos) << told;
}

// What the metadata service says decides which path is asked for next.
TEST(AwsCredentials, TakeNoRoleWithAPathInItsName) {
    AskedServer odd([](const AskedRequest& asked) {
        if (asked.line().starts_with("PUT ")) return as_instance(asked);
        return http_answer("200 OK", "text/plain", "../../user-data");
    });
    EXPECT_NE(refusal({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", odd.url()}}).find("no role"), std::string::npos);
    EXPECT_EQ(odd.requests().size(), 2U);
}

TEST(AwsCredentials, AreAContainersRole) {
    AskedServer container([](const AskedRequest& asked) {
        return asked.field("Authorization") == "pod-token" ? http_answer("200 OK", "application/json", kOfRole)
                                                           : http_answer("401 Unauthorized", "text/plain", "");
    });
    const std::string token = file("pod-token\n", 0644);  // as Kubernetes mounts it
    const auto found = find({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", container.url("/v1/credentials")},
                             {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token}});
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->access_key_id, "ASIAROLE");
    EXPECT_NE(refusal({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", container.url("/v1/credentials")}}).find("answered 401"),
              std::string::npos);
}

// The token would go there.
TEST(AwsCredentials, AskNoOtherHostWithoutTls) {
    for (const char* url :
         {"http://example.com/v1/credentials", "http://169.254.170.2.example.com/", "ftp://127.0.0.1/"})
        EXPECT_NE(refusal({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url}}).find("neither https"), std::string::npos)
            << url;
}

TEST(AwsCredentials, AreNoneWhereTheAnswerLacksThem) {
    for (const char* body : {"", "[]", "{", R"({"AccessKeyId":"a"})", R"({"AccessKeyId":"a","SecretAccessKey":7})"}) {
        AskedServer odd([body](const auto&) { return http_answer("200 OK", "application/json", body); });
        EXPECT_NE(refusal({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", odd.url("/")}}), "") << body;
    }
}

TEST(AwsCredentials, AskNothingWithATokenThatCanNotBeSent) {
    AskedServer odd([](const AskedRequest& asked) {
        return asked.line().starts_with("PUT ") ? http_answer("200 OK", "text/plain", "token\nX-Other: 1")
                                                : as_instance(asked);
    });
    EXPECT_NE(refusal({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", odd.url()}}).find("line break"), std::string::npos);
    EXPECT_EQ(odd.requests().size(), 1U);
}

}  // namespace
