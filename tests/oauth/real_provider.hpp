#pragma once
// npm's oidc-provider as a provider of log-ins, which `scripts/install oauth-clients` gets, and a browser that goes
// there.
#include <fcntl.h>
#include <poll.h>
#include <rapidjson/document.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "domain/base/time.hpp"
#include "tests/support/http/http_client.hpp"
#include "tests/support/raw_server/http_exchange.hpp"

namespace keyledger::test {

inline constexpr int kProviderStartsWithinMs = 60'000;

struct RealProviderSettings {
    std::string redirect_uri{};
    std::string secret{};
    std::string client_keys{};  // JWKs, with commas between them
    std::uint16_t port = 0;     // 0: a free one
    int keys = 1;               // which of its own it has
    bool refuses = false;
};

// Debian's own Node is too old for it.
inline std::string newer_node() {
    namespace files = std::filesystem;
    for (const auto& entry : files::directory_iterator("tests/oauth/node_modules"))
        if (entry.path().filename().string().starts_with("node-linux-")) return entry.path() / "bin/node";
    throw std::runtime_error("no Node in tests/oauth/node_modules: scripts/install oauth-clients");
}

// For as long as the object lives.
class RealProvider {
public:
    explicit RealProvider(const RealProviderSettings& wanted) : redirect_uri_(wanted.redirect_uri) {
        std::string given = R"({"keys":)" + std::to_string(wanted.keys) + R"(,"refuses":)" +
                            (wanted.refuses ? "true" : "false") + R"(,"client_keys":[)" + wanted.client_keys +
                            R"(],"secret":")" + wanted.secret + R"(","redirect_uri":")" + wanted.redirect_uri + "\"";
        if (wanted.port != 0) given += R"(,"port":)" + std::to_string(wanted.port);
        start(given + "}");
    }
    ~RealProvider() {
        close(input_);
        if (pid_ > 0) waitpid(pid_, nullptr, 0);
        close(output_);
    }
    RealProvider(const RealProvider&) = delete;
    RealProvider& operator=(const RealProvider&) = delete;

    std::uint16_t port() const { return port_; }
    const std::string& redirect_uri() const { return redirect_uri_; }
    Instant now() const { return now_; }
    std::string issuer() const { return "http://127.0.0.1:" + std::to_string(port_); }

private:
    void start(const std::string& given) {
        int to[2];
        int from[2];
        if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) throw std::runtime_error("no pipes");
        std::vector<std::string> words{newer_node(), "tests/oauth/provider.mjs", given};
        std::vector<char*> all;
        for (std::string& word : words) all.push_back(word.data());
        all.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, to[0], 0);
        posix_spawn_file_actions_adddup2(&actions, from[1], 1);
        const int failed = posix_spawn(&pid_, words[0].c_str(), &actions, nullptr, all.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        close(to[0]);
        close(from[1]);
        input_ = to[1];
        output_ = from[0];
        if (failed != 0) throw std::runtime_error("oidc-provider did not start");
        rapidjson::Document said;
        said.Parse(first_line());
        if (!said.IsObject()) throw std::runtime_error("oidc-provider ended before it listened");
        port_ = static_cast<std::uint16_t>(said["port"].GetInt());
        now_ = Instant::at_ms(said["now"].GetInt64());
    }
    std::string first_line() {
        std::string line;
        for (char byte = 0; byte != '\n'; line += byte) {
            pollfd waited{output_, POLLIN, 0};
            if (poll(&waited, 1, kProviderStartsWithinMs) <= 0 || read(output_, &byte, 1) != 1) return {};
        }
        return line;
    }

    const std::string redirect_uri_;
    pid_t pid_ = -1;
    int input_ = -1;
    int output_ = -1;
    std::uint16_t port_ = 0;
    Instant now_;
};

// As a browser goes, with its cookies, until it is sent away from the provider: with what parameters.
inline std::map<std::string, std::string> browse(const RealProvider& provider, std::string url) {
    HttpClient client(provider.port());
    std::map<std::string, std::string> cookies;
    for (int steps = 0; steps < 10; ++steps) {
        if (url.starts_with(provider.redirect_uri()))
            return form_fields(std::string_view(url).substr(provider.redirect_uri().size() + 1));
        if (url.starts_with(provider.issuer())) url.erase(0, provider.issuer().size());
        std::string all;
        for (const auto& [name, value] : cookies) all += (all.empty() ? "" : "; ") + name + "=" + value;
        const auto answer = client.get(url, {{"Cookie", all}});
        for (const auto& [name, value] : answer.headers) {
            if (name != "set-cookie" && name != "Set-Cookie") continue;
            const std::string pair = value.substr(0, value.find(';'));
            cookies[pair.substr(0, pair.find('='))] = pair.substr(pair.find('=') + 1);
        }
        const auto location = answer.header("Location");
        if (!location) throw std::runtime_error("the provider shows a page: " + answer.body);
        url = *location;
    }
    throw std::runtime_error("the provider sends a browser round and round");
}

}  // namespace keyledger::test
