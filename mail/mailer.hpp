#pragma once
// Writes mail and hands it to an SMTP server. One object for the process; its members may be called from any thread.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "domain/base/time.hpp"
#include "mail/delivery.hpp"
#include "mail/kinds.hpp"
#include "mail/smtp/smtp_sender.hpp"
#include "mail/templates/templates.hpp"

namespace keyledger::mail {

struct Mail {
    Kind kind = Kind::kWelcome;
    // The same at each attempt, and of no other mail: (log id, reactor, position, ordinal) of its job. Letters, digits,
    // '-' and '.', at most kMostIdBytes (mail/message/message.hpp). Message-ID is this at the host of from_address.
    std::string id;
    Instant date;         // for the field Date: when its event happened
    std::string address;  // of whom it goes to
    std::string name;     // what they are called; empty: no name. It is left out where it could mislead
    // Language tags (BCP 47) that they read, best first; may be empty. RFC 4647's lookup finds one that there is.
    std::vector<std::string> languages;
    Facts facts;
};

struct MailerOptions {
    SmtpOptions smtp;              // its greet_with becomes the host of from_address
    std::string from_address;      // of the field From, and where what can't be delivered comes back to
    std::string from_name;         // and what the service is called in the text
    std::string default_language;  // of whom none is known, or none that there is
};

class Mailer {
public:
    using Deadline = std::chrono::steady_clock::time_point;

    // Options that check_mailer_options() finds fault with throw std::invalid_argument.
    Mailer(MailerOptions options, Templates templates);

    // May be awaited on any executor whose context outlives this object, and goes on there. What waits at the deadline
    // is not sent, and what is under way is given up then; only a server that does not even answer a good-bye can make
    // it later.
    boost::asio::awaitable<Delivery> send(Mail mail, Deadline deadline);

    // Returns at once; what waits or is under way is answered `stopped`.
    void stop() { sender_.stop(); }
    SmtpSender::Counters counters() const { return sender_.counters(); }

    // What would be sent; else the code of a refusal. For send(), and tests.
    Result<Envelope, std::string> compose(const Mail& mail) const;

private:
    MailerOptions options_;   // without what the sender took; from_address is ready for SMTP
    const std::string host_;  // of from_address
    const Templates templates_;
    SmtpSender sender_;
};

// Also of its SMTP options. Empty: nothing is wrong.
std::vector<OptionFault> check_mailer_options(const MailerOptions& options, const Templates& templates);

}  // namespace keyledger::mail
