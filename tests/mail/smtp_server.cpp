#include "tests/mail/smtp_server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace keyledger::test {
namespace {

constexpr int kPatienceMs = 30'000;
constexpr const char* kScript = "tests/mail/smtp_server.py";  // ctest runs in the repository's root

}  // namespace

SmtpServer::SmtpServer(const std::vector<std::string>& arguments) {
    folder_ = std::filesystem::temp_directory_path() / "keyledger-smtp-XXXXXX";
    if (mkdtemp(folder_.data()) == nullptr) throw std::runtime_error("no folder for an SMTP server");
    int to[2];
    int from[2];
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) throw std::runtime_error("no pipes");
    std::vector<std::string> words{kScript, "--folder", folder_};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> all;
    for (std::string& word : words) all.push_back(word.data());
    all.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], 0);
    posix_spawn_file_actions_adddup2(&actions, from[1], 1);
    const int failed = posix_spawn(&pid_, kScript, &actions, nullptr, all.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    input_ = to[1];
    output_ = from[0];
    if (failed != 0) throw std::runtime_error("the SMTP server did not start");
    const rapidjson::Document ready = next();
    port_ = ready["port"].GetInt();
    ca_file_ = ready["ca"].GetString();
}

SmtpServer::~SmtpServer() {
    close(input_);
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
    close(output_);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

std::string SmtpServer::line() {
    for (;;) {
        if (const std::size_t end = read_.find('\n'); end != std::string::npos) {
            std::string one = read_.substr(0, end);
            read_.erase(0, end + 1);
            return one;
        }
        pollfd waited{output_, POLLIN, 0};
        char bytes[4096];
        if (poll(&waited, 1, kPatienceMs) <= 0) throw std::runtime_error("the SMTP server says nothing");
        const ssize_t size = read(output_, bytes, sizeof bytes);
        if (size <= 0) throw std::runtime_error("the SMTP server ended");
        read_.append(bytes, static_cast<std::size_t>(size));
    }
}

rapidjson::Document SmtpServer::next() {
    rapidjson::Document said;
    said.Parse(line());
    if (!said.IsObject()) throw std::runtime_error("the SMTP server speaks no JSON");
    return said;
}

rapidjson::Document SmtpServer::next_mail() {
    for (;;) {
        rapidjson::Document said = next();
        if (said.HasMember("mail")) return said;
        ++connections_;
    }
}

}  // namespace keyledger::test
