#pragma once
// A real SMTP server of one's own (scripts/lib/mailbox.py) and what it took. One thread at a time.
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/world/deployment.hpp"

namespace keyledger::test {

struct ReceivedMail {
    std::int64_t id = 0;  // grows with each mail that came
    std::string subject;
    std::string text;
    std::string html;
    std::vector<std::string> links;  // of its text
    std::string message_id;

    // The code on a line of its own. Throws where there is none.
    std::string code() const;
    // What its first link gives its page (query parameter), decoded, and watched as a secret (watch.hpp). Throws where
    // there is none.
    std::string from_link(const std::string& parameter) const;
};

class Mailbox {
public:
    // It takes mail when the constructor returns. Throws std::runtime_error where that can't be.
    Mailbox();
    ~Mailbox();

    // What a service needs whose mail comes here.
    Environment settings() const;

    // All that came to the address, oldest first, with an id above `after`.
    std::vector<ReceivedMail> mails_to(const std::string& address, std::int64_t after = 0);
    // Waits for the first whose subject has these words; fails the running test by an exception if none comes in half
    // a minute.
    ReceivedMail await_mail(const std::string& address, const std::string& subject, std::int64_t after = 0);

private:
    bool started();
    std::vector<ReceivedMail> ask(const std::string& address, std::int64_t after, int wait_s);

    std::filesystem::path folder_;
    std::unique_ptr<Process> process_;
    std::uint16_t smtp_port_ = 0;
    std::uint16_t page_port_ = 0;
};

}  // namespace keyledger::test
