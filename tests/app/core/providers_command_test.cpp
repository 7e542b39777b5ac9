// `keyledger providers check`, against a provider of the test's own.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "app/cli/cli.hpp"
#include "tests/support/raw_server/http_exchange.hpp"

using namespace keyledger::app;
using namespace keyledger::test;

namespace {

constexpr const char* kKeys =
    R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";

struct Ran {
    Exit exit = Exit::kFailed;
    std::string out;
    std::string err;
};

class ProvidersCommand : public testing::Test {
protected:
    ProvidersCommand() {
        std::string folder = std::filesystem::temp_directory_path() / "keyledger-providers-XXXXXX";
        if (mkdtemp(folder.data()) != nullptr) folder_ = folder;
        settings_["KEYLEDGER_PROVIDERS_FILE"] = folder_ + "/providers.yaml";
        std::ofstream(folder_ + "/providers.yaml") << "providers:\n  - {name: acme, issuer: '" << provider_.url("")
                                                   << "', client_id: a, client_authentication: none}\n";
    }
    ~ProvidersCommand() override { std::filesystem::remove_all(folder_); }

    Ran check() {
        testing::internal::CaptureStdout();
        testing::internal::CaptureStderr();
        Ran ran;
        ran.exit = check_providers([this](const char* name) -> const char* {
            const auto at = settings_.find(name);
            return at == settings_.end() ? nullptr : at->second.c_str();
        });
        ran.out = testing::internal::GetCapturedStdout();
        ran.err = testing::internal::GetCapturedStderr();
        return ran;
    }
    std::string answer_to(const std::string& path) const {
        const std::string own = provider_.url("");
        if (path == "/keys") return http_answer("200 OK", "application/json", kKeys);
        return http_answer("200 OK", "application/json",
                           R"({"issuer":")" + own + called_ + R"(","authorization_endpoint":")" + own +
                               R"(/authorize","token_endpoint":")" + own + R"(/token","jwks_uri":")" + own +
                               R"(/keys"})");
    }

    std::string folder_;
    std::map<std::string, std::string> settings_;
    std::string called_;  // what the provider puts behind its own name
    RawServer provider_{[this](RawConnection& connection) {
        HttpRequest request;
        while (next_request(connection, request)) connection.send(answer_to(request.target));
    }};
};

}  // namespace

TEST_F(ProvidersCommand, SaysWhetherEachAnswersAsItHasTo) {
    settings_["KEYLEDGER_OUTGOING_ALLOW"] = "127.0.0.1:" + provider_.port();
    Ran ran = check();
    EXPECT_EQ(ran.exit, Exit::kGood) << ran.out << ran.err;
    EXPECT_EQ(ran.out, "acme: good, 1 key(s)\n");
    called_ = "/";
    ran = check();
    EXPECT_EQ(ran.exit, Exit::kFoundBad);
    EXPECT_NE(ran.out.find("acme: discovery-issuer: it calls itself by another issuer"), std::string::npos) << ran.out;
}

TEST_F(ProvidersCommand, CallsNobodyWhomConfigurationForbids) {
    Ran ran = check();  // http, of a host that is not named
    EXPECT_EQ(ran.exit, Exit::kUsage);
    EXPECT_NE(ran.err.find("KEYLEDGER_PROVIDERS_FILE"), std::string::npos) << ran.err;
    settings_["KEYLEDGER_OUTGOING_ALLOW"] = "http://127.0.0.1";
    EXPECT_NE(check().err.find("KEYLEDGER_OUTGOING_ALLOW"), std::string::npos);
    EXPECT_EQ(provider_.connections(), 0);
}

TEST_F(ProvidersCommand, WantsAProvider) {
    settings_.clear();
    const Ran ran = check();
    EXPECT_EQ(ran.exit, Exit::kUsage);
    EXPECT_NE(ran.err.find("names no provider"), std::string::npos) << ran.err;
}
