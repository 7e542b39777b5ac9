#include "app/config/providers_file.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

using namespace keyledger;
using namespace keyledger::app;
using Authentication = integrations::ProviderOptions::Authentication;

namespace {

class ProvidersFile : public testing::Test {
protected:
    ProvidersFile() {
        std::string folder = std::filesystem::temp_directory_path() / "keyledger-providers-XXXXXX";
        if (mkdtemp(folder.data()) != nullptr) folder_ = folder;
        write("secret", "s3cret", 0600);
        write("open", "s3cret", 0644);
    }
    ~ProvidersFile() override { std::filesystem::remove_all(folder_); }

    std::string write(const std::string& name, const std::string& text, mode_t mode) {
        const std::string path = folder_ + "/" + name;
        std::ofstream(path) << text;
        ::chmod(path.c_str(), mode);
        return path;
    }
    // Of one provider, whose members are given without name and secret.
    ProvidersRead parse(const std::string& members, const std::string& secret = "secret") const {
        std::string text = "providers:\n  - name: other\n";
        if (!secret.empty()) text += "    client_secret_file: " + folder_ + "/" + secret + "\n";
        return parse_providers("providers.yaml", text + members, {*integrations::NamedHost::parse("localhost:9000")});
    }
    void expect_fault(const std::string& members, const std::string& said, const std::string& secret = "secret") {
        const auto read = parse(members, secret);
        ASSERT_FALSE(read) << members;
        ASSERT_EQ(read.error().size(), 1u) << members << read.error().back();
        EXPECT_NE(read.error().front().find(said), std::string::npos) << read.error().front();
        EXPECT_EQ(read.error().front().find("s3cret"), std::string::npos);
    }
    std::string folder_;
};

const std::string kGood = "    issuer: https://login.example.com\n    client_id: keyledger\n";

}  // namespace

TEST_F(ProvidersFile, NamesAProviderByItsIssuer) {
    const auto read = parse(kGood);
    ASSERT_TRUE(read) << read.error().front();
    const auto& one = read->front();
    EXPECT_EQ(one.name, "other");
    EXPECT_EQ(one.title, "other");
    EXPECT_EQ(one.issuer, "https://login.example.com");
    EXPECT_EQ(one.client_id, "keyledger");
    EXPECT_EQ(one.authentication, Authentication::kSecretBasic);
    EXPECT_EQ(one.scope, "openid email profile");
    EXPECT_FALSE(one.signs_up);
    EXPECT_FALSE(one.links_by_address);
    EXPECT_TRUE(one.believes_addresses);
    const auto more =
        parse(kGood + "    title: Our own\n    client_authentication: client_secret_post\n    scope: openid\n"
                      "    register: on\n    link_by_address: on\n");
    ASSERT_TRUE(more) << more.error().front();
    EXPECT_EQ(more->front().title, "Our own");
    EXPECT_EQ(more->front().authentication, Authentication::kSecretPost);
    EXPECT_TRUE(more->front().signs_up);
    EXPECT_TRUE(more->front().links_by_address);
    EXPECT_TRUE(parse(kGood + "    client_authentication: none\n", ""));
    const auto by_key = parse(
        kGood + "    client_authentication: private_key_jwt\n    client_key_id: a\n    client_key_file: " + folder_ +
            "/secret\n",
        "");
    ASSERT_TRUE(by_key) << by_key.error().front();
    EXPECT_EQ(by_key->front().authentication, Authentication::kPrivateKey);
    EXPECT_EQ(by_key->front().secret_file, folder_ + "/secret");
    EXPECT_EQ(by_key->front().key_id, "a");
    EXPECT_TRUE(parse("    issuer: http://localhost:9000\n    client_id: a\n"));
}

TEST_F(ProvidersFile, KnowsSomeBeforehand) {
    const auto google = parse("    preset: google\n    client_id: a\n");
    ASSERT_TRUE(google) << google.error().front();
    EXPECT_EQ(google->front().issuer, "https://accounts.google.com");
    EXPECT_EQ(google->front().title, "Google");
    EXPECT_EQ(google->front().prompt_of_now, "select_account");
    const auto microsoft =
        parse("    preset: microsoft\n    client_id: a\n    tenants: [6f1d2a4e-0b7c-4c1e-9a57-3f0c5b1d2e4f]\n");
    ASSERT_TRUE(microsoft) << microsoft.error().front();
    EXPECT_EQ(microsoft->front().issuer, "https://login.microsoftonline.com/{tenantid}/v2.0");
    EXPECT_EQ(microsoft->front().discovered_at, "https://login.microsoftonline.com/common/v2.0");
    EXPECT_EQ(microsoft->front().tenants, std::vector<std::string>{"6f1d2a4e-0b7c-4c1e-9a57-3f0c5b1d2e4f"});
    EXPECT_FALSE(microsoft->front().believes_addresses);
    EXPECT_EQ(microsoft->front().prompt_of_now, "login");
    const auto own = parse("    preset: gitlab\n    issuer: https://git.example.com\n    client_id: a\n");
    ASSERT_TRUE(own) << own.error().front();
    EXPECT_EQ(own->front().issuer, "https://git.example.com");
    EXPECT_EQ(own->front().title, "GitLab");
}

TEST_F(ProvidersFile, SaysWhatIsWrongAndWhere) {
    expect_fault("    client_id: a\n", "no 'issuer'");
    expect_fault("    issuer: https://a.example\n", "no 'client_id'");
    for (const char* issuer :
         {"http://a.example", "a.example", "https://user@a.example", "https://a.example?a=b", "http://localhost:9001"})
        expect_fault("    issuer: " + std::string(issuer) + "\n    client_id: a\n", "'issuer' is no https URL");
    expect_fault("    preset: gogle\n    issuer: https://a.example\n    client_id: a\n", "no preset 'gogle'");
    expect_fault(kGood + "    client_authentication: jwt\n", "'client_authentication' is");
    expect_fault(kGood, "names no file", "");
    expect_fault(kGood + "    client_authentication: private_key_jwt\n", "names no file", "");
    expect_fault(kGood + "    client_authentication: none\n", "no client that has a secret");
    expect_fault(kGood + "    client_authentication: private_key_jwt\n",
                 "'client_key_file' and 'client_key_id' go with");
    expect_fault(kGood + "    client_key_id: a\n", "'client_key_file' and 'client_key_id' go with");
    expect_fault(kGood, "open", "open");
    expect_fault(kGood, "missing", "missing");
    expect_fault(kGood + "    scope: email\n", "openid");
    expect_fault(kGood + "    register: yes\n", "'register' is on or off");
    expect_fault(kGood + "    regster: on\n", "did you mean 'register'?");
    expect_fault(kGood + "    tenants: [6f1d2a4e-0b7c-4c1e-9a57-3f0c5b1d2e4f]\n", "'tenants' is for providers");
    const std::string microsoft = "    preset: microsoft\n    client_id: a\n";
    for (const char* nobody : {"    tenants: []\n", "    tenants:\n", "    tenants: contoso\n"})
        expect_fault(microsoft + nobody, "'tenants' is not a list of at least one");
    for (const char* id : {"contoso", "6F1D2A4E-0B7C-4C1E-9A57-3F0C5B1D2E4F"})
        expect_fault(microsoft + "    tenants: [" + id + "]\n", "a tenant's id is a UUID in small letters");
    expect_fault(kGood + "    believe_addresses: off\n    link_by_address: on\n", "not believed");
    expect_fault("    preset: microsoft\n    client_id: a\n    believe_addresses: on\n", "stays off");
    expect_fault(kGood + "    title: [a]\n", "'title' is not a text");
}

TEST_F(ProvidersFile, IsTrustedAndWhole) {
    const std::string one = "providers:\n  - {name: a, issuer: 'https://a.example', client_id: a, "
                            "client_authentication: none}\n";
    EXPECT_EQ(load_providers("", {})->size(), 0u);
    EXPECT_EQ(load_providers(write("good.yaml", one, 0644), {})->size(), 1u);
    EXPECT_FALSE(load_providers(write("writable.yaml", one, 0666), {}));
    EXPECT_FALSE(load_providers(folder_ + "/nowhere.yaml", {}));
    for (const char* text : {"", "providers: a", "[]", "providers: []\nmore: []", "providers:\n  - a"})
        EXPECT_FALSE(parse_providers("a.yaml", text, {})) << text;
    const auto twice = parse_providers("a.yaml", one + one.substr(one.find('\n') + 1), {});
    ASSERT_FALSE(twice);
    EXPECT_NE(twice.error().front().find("another one has this 'name'"), std::string::npos);
    EXPECT_NE(twice.error().front().find("line 3"), std::string::npos) << twice.error().front();
    const auto named = parse_providers("a.yaml",
                                       "providers:\n  - {name: A b, issuer: 'https://a.example', client_id: a, "
                                       "client_authentication: none}\n",
                                       {});
    ASSERT_FALSE(named);
    EXPECT_NE(named.error().front().find("'name' is"), std::string::npos);
}
