#pragma once
// Which SMTP server mail goes through, and how. Values.
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/secret.hpp"

namespace keyledger::mail {

inline constexpr std::size_t kMostConnections = 16;
inline constexpr std::size_t kMostQueuedMails = 10'000;

enum class SmtpTls {
    kAuto,      // kRequired, but plain text to this machine
    kRequired,  // STARTTLS, or implicit TLS with smtps
    kOff,       // never with a password to another machine
};

struct SmtpOptions {
    std::string url;   // smtp://host:587 or smtps://host:465; nothing else in it
    std::string user;  // empty: the server asks for none
    Secret password;
    SmtpTls tls = SmtpTls::kAuto;
    std::string ca_file;     // PEM; empty: the system's
    std::string greet_with;  // a host name in ASCII, for EHLO; empty: this machine's
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds send_timeout{60'000};  // of a mail as a whole, with the connection if it has to be opened
    std::size_t connections = 2;
    std::size_t queue = 100;  // mails that may wait, besides those under way
};

// What goes over the wire. Addresses are as smtp_address() gives them; the sender's is ASCII.
struct Envelope {
    std::string from;
    std::string to;
    std::string message;  // lines end with CR LF
};

// What is wrong with an option: its name here, and a sentence for operators, without secrets.
struct OptionFault {
    std::string_view option;
    std::string sentence;
};

// Empty: nothing is.
std::vector<OptionFault> check_smtp_options(const SmtpOptions& options);

// Of options without faults: whether the server must speak TLS.
bool needs_tls(const SmtpOptions& options);

}  // namespace keyledger::mail
