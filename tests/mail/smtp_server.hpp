#pragma once
// smtp_server.py as a process of its own, for as long as the object lives.
#include <rapidjson/document.h>
#include <sys/types.h>

#include <string>
#include <vector>

namespace keyledger::test {

class SmtpServer {
public:
    // Arguments as the script's --help has them, without --folder.
    explicit SmtpServer(const std::vector<std::string>& arguments = {});
    SmtpServer(const SmtpServer&) = delete;
    SmtpServer& operator=(const SmtpServer&) = delete;
    ~SmtpServer();

    std::string url(const std::string& scheme = "smtp", const std::string& host = "localhost") const {
        return scheme + "://" + host + ":" + std::to_string(port_);
    }
    const std::string& ca_file() const { return ca_file_; }

    // The next thing that it says; waits for it, and throws after 30 seconds.
    rapidjson::Document next();
    // The next mail, over whatever connections.
    rapidjson::Document next_mail();
    // Connections that were told of by next_mail() so far.
    int connections() const { return connections_; }

private:
    std::string line();

    std::string folder_;
    pid_t pid_ = -1;
    int input_ = -1;   // of the script; closing it ends the script
    int output_ = -1;  // of the script
    std::string read_;
    int port_ = 0;
    std::string ca_file_;
    int connections_ = 0;
};

}  // namespace keyledger::test
