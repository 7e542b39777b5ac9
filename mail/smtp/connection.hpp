#pragma once
// One connection to the SMTP server, which libcurl opens when it is needed and keeps. Of one thread.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "mail/delivery.hpp"
#include "mail/smtp/replies.hpp"
#include "mail/smtp/smtp_options.hpp"

namespace keyledger::mail {

class SmtpConnection {
public:
    // Both outlive it. `stopped` becoming true ends what is under way within a second.
    SmtpConnection(const SmtpOptions& options, const std::atomic<bool>& stopped);
    SmtpConnection(const SmtpConnection&) = delete;
    SmtpConnection& operator=(const SmtpConnection&) = delete;
    ~SmtpConnection();

    // Blocks.
    Delivery send(const Envelope& envelope, std::chrono::steady_clock::time_point deadline);
    // That were opened so far.
    std::uint64_t opened() const { return opened_; }

private:
    struct Curl;
    struct Recipients;
    struct Transfer {  // of the mail under way
        std::string_view left;
        bool began = false;
    };

    Delivery attempt(const Envelope& envelope, std::chrono::milliseconds limit);
    Delivery verdict(int result);

    const SmtpOptions& options_;
    const std::atomic<bool>& stopped_;
    Replies replies_;
    Transfer transfer_;
    bool keeps_one_ = false;        // it was good for the mail before
    bool died_while_kept_ = false;  // and was not for this one
    std::uint64_t opened_ = 0;
    std::unique_ptr<Curl> curl_;
};

}  // namespace keyledger::mail
