#include "app/config/clients_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

using keyledger::Secret;
using keyledger::app::FileClients;
using keyledger::commands::EvaluationRight;
using keyledger::commands::IntrospectionRight;
using keyledger::commands::RevocationRight;

namespace {

// SHA-256 of "s3cret".
constexpr const char* kDigest = "1ec1c26b50d5d3c58d9583181af8076655fe00756bf7285940ba3670f99fcba0";

std::string file_with(const std::string& text, mode_t mode = 0600) {
    const std::string path =
        testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name() + ".json";
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
}

std::string one_client(const std::string& more = "") {
    return R"({"clients":[{"client_id":"shop","client_secret_sha256":")" + std::string(kDigest) + "\"" + more + "}]}";
}

std::string all_of(const keyledger::Result<FileClients, std::vector<std::string>>& clients) {
    std::string all;
    if (!clients)
        for (const std::string& sentence : clients.error()) all += sentence + '\n';
    return all;
}

}  // namespace

TEST(FileClients, AuthenticatesByTheDigestOfTheSecret) {
    auto clients = FileClients::load(file_with(one_client(R"(,"audiences":["https://a"],"introspect":"all")")));
    ASSERT_TRUE(clients) << all_of(clients);
    const auto shop = clients->authenticate("shop", Secret("s3cret"));
    ASSERT_TRUE(shop);
    EXPECT_EQ(shop->audiences, std::vector<std::string>{"https://a"});
    EXPECT_EQ(shop->evaluation_right, EvaluationRight::kNobody);
    EXPECT_FALSE(clients->authenticate("shop", Secret("s3cret ")));
    EXPECT_FALSE(clients->authenticate("shop", Secret("")));
    EXPECT_FALSE(clients->authenticate("nobody", Secret("s3cret")));
}

TEST(FileClients, AskWhatOthersMayOnlyWhereTheyWereGrantedIt) {
    auto clients = FileClients::load(file_with(one_client(R"(,"evaluate":"all")")));
    ASSERT_TRUE(clients) << all_of(clients);
    EXPECT_EQ(clients->find("shop")->evaluation_right, EvaluationRight::kAnybody);
    EXPECT_EQ(clients->find("keyledger")->evaluation_right, EvaluationRight::kNobody);
    EXPECT_FALSE(FileClients::load(file_with(one_client(R"(,"evaluate":true)"))));
}

// Until there was `revoke`, `introspect` gave both.
TEST(FileClients, RevokeEveryTokenOnlyWhereTheyWereGrantedThat) {
    auto clients = FileClients::load(file_with(one_client(R"(,"introspect":"all")")));
    ASSERT_TRUE(clients) << all_of(clients);
    EXPECT_EQ(clients->find("shop")->introspection_right, IntrospectionRight::kAllTokens);
    EXPECT_EQ(clients->find("shop")->revocation_right, RevocationRight::kOwnTokens);
    clients = FileClients::load(file_with(one_client(R"(,"revoke":"all")")));
    ASSERT_TRUE(clients) << all_of(clients);
    EXPECT_EQ(clients->find("shop")->introspection_right, IntrospectionRight::kOwnTokens);
    EXPECT_EQ(clients->find("shop")->revocation_right, RevocationRight::kAllTokens);
    EXPECT_EQ(clients->find("keyledger")->revocation_right, RevocationRight::kOwnTokens);
    EXPECT_FALSE(FileClients::load(file_with(one_client(R"(,"revoke":"some")"))));
}

TEST(FileClients, TheFirstPartyClientCanNotAuthenticate) {
    auto clients = FileClients::load("");
    ASSERT_TRUE(clients);
    EXPECT_TRUE(clients->find("keyledger"));
    EXPECT_FALSE(clients->authenticate("keyledger", Secret("")));
    EXPECT_FALSE(clients->authenticate("keyledger", Secret(std::string(32, '\0'))));
}

TEST(FileClients, RefusesAFileThatOthersMayRead) {
    const auto clients = FileClients::load(file_with(one_client(), 0644));
    ASSERT_FALSE(clients);
    EXPECT_NE(all_of(clients).find("chmod 600"), std::string::npos);
}

TEST(FileClients, SaysWhatIsWrongAndWhere) {
    for (const char* text : {"", "[]", R"({"clients":{}})", R"({"clients":[{"client_id":"a"}]})",
                             R"({"clients":[{"client_id":"a","client_secret_sha256":"12"}]})",
                             R"({"clients":[{"client_id":7,"client_secret_sha256":"12"}]})"})
        EXPECT_FALSE(FileClients::load(file_with(text))) << text;
    EXPECT_FALSE(FileClients::load(file_with(one_client(R"(,"introspect":"some")"))));
    const auto missing = FileClients::load("/nowhere/clients.json");
    ASSERT_FALSE(missing);
    EXPECT_NE(all_of(missing).find("/nowhere/clients.json"), std::string::npos);
}

TEST(FileClients, RefuseWhatNobodyWouldRead) {
    struct {
        std::string text;
        std::string said;
    } const cases[] = {
        {one_client(R"(,"introspekt":"all")"), "did you mean 'introspect'?"},
        {one_client(R"(,"audience":["https://a"])"), "did you mean 'audiences'?"},
        {one_client(R"(,"Evaluate":"all")"), "did you mean 'evaluate'?"},
        {one_client(R"(,"note":"ours")"), "client 1: there is no member 'note'"},
        {one_client(R"(,"revoke":"own","revoke":"all")"), "twice: 'revoke'"},
        {R"({"clients":[],"first_party_audience":[]})", "did you mean 'first_party_audiences'?"},
        {R"({"clients":[],"frist_party":[]})", "there is no member 'frist_party'"},
        {R"({"clients":[],"a\u0000b":[]})", "there is no member"},
    };
    for (const auto& one : cases) {
        const auto clients = FileClients::load(file_with(one.text));
        ASSERT_FALSE(clients) << one.text;
        EXPECT_NE(all_of(clients).find(one.said), std::string::npos) << all_of(clients);
        EXPECT_EQ(all_of(clients).find(kDigest), std::string::npos);
    }
}

TEST(FileClients, AreToldOfRolesOfTheirOwnUnlessTheFileSaysOtherwise) {
    using keyledger::commands::RoleDisclosure;
    const auto shop = [](const std::string& more) {
        auto clients = FileClients::load(file_with(one_client(more)));
        EXPECT_TRUE(clients) << all_of(clients);
        return *clients->find("shop");
    };
    EXPECT_EQ(shop("").role_disclosure, RoleDisclosure::kOwn);
    EXPECT_EQ(shop("").namespaces, std::vector<std::string>{"shop"});
    EXPECT_EQ(shop(R"(,"namespaces":["todos","lists"])").namespaces, (std::vector<std::string>{"todos", "lists"}));
    EXPECT_EQ(shop(R"(,"introspect":"all")").role_disclosure, RoleDisclosure::kAll) << "it may ask about every token";
    EXPECT_EQ(shop(R"(,"introspect":"all","roles":"own")").role_disclosure, RoleDisclosure::kOwn);
    EXPECT_EQ(shop(R"(,"roles":"all")").role_disclosure, RoleDisclosure::kAll);
    for (const char* bad : {R"(,"roles":"some")", R"(,"roles":true)", R"(,"namespaces":"shop")"})
        EXPECT_FALSE(FileClients::load(file_with(one_client(bad)))) << bad;
}

// Who mends a file sees in one round what is left to mend, and where.
TEST(FileClients, TellAllFaultsOfAFileWithTheirLines) {
    const std::string path = file_with(R"({
  "clients": [
    {"client_id": "shop", "client_secret_sha256": ")" +
                                       std::string(kDigest) + R"("},
    {"client_id": "",
     "client_secret_sha256": "12",
     "audiences": "https:\/\/a",
     "introspect": "some",
     "namespaces": ["a", 1]},
    7,
    {"client_id": "shop", "client_secret_sha256": ")" +
                                       std::string(kDigest) + R"(", "evalute": null}
  ],
  "first_party_audiences": null
})");
    const std::string where = "'" + path + "', line ";
    const auto clients = FileClients::load(path);
    ASSERT_FALSE(clients);
    EXPECT_EQ(clients.error(), (std::vector<std::string>{
                                   where + "4, client 2: has no 'client_id'",
                                   where + "6, client 2: 'audiences' is not an array of strings",
                                   where + "7, client 2: 'introspect' is 'all' or 'own'",
                                   where + "8, client 2: 'namespaces' is not an array of strings",
                                   where + "5, client 2: 'client_secret_sha256' is not the 64 hex digits of a SHA-256",
                                   where + "9, client 3: is not an object",
                                   where + "10, client 4: there is no member 'evalute'; did you mean 'evaluate'?",
                                   where + "10, client 4: 'shop' occurs twice",
                                   where + "12: 'first_party_audiences' is not an array of strings",
                               }));
}

TEST(FileClients, ThatAreNoJsonAreToldWithTheLine) {
    const struct {
        std::string text;
        std::string said;
    } cases[] = {
        {"{\n\"clients\": [\n]", "line 3: "},
        {"{\n\"clients\": []\n}\n{}", "line 4: "},
        {"{\"clients\": [\"\xff\"]}", "line 1: Invalid encoding"},
        {std::string(100'000, '['), "line 1: nested more than 16 deep"},
        {"[" + std::string(200'000, '0') + "]", "line 1: "},
        {"", "line 1: "},
    };
    for (const auto& one : cases) {
        const auto got = all_of(FileClients::load(file_with(one.text)));
        EXPECT_NE(got.find(one.said), std::string::npos) << got;
    }
}
