#pragma once
// What is kept of a server's replies: codes, and what it can do. Its words never are. Pure; of one connection.
#include <string>
#include <string_view>

namespace keyledger::mail {

class Replies {
public:
    // A line as it came. False: this mail must not go on, for its address needs an extension that is not there.
    bool take(std::string_view line);
    // Before each mail; what a connection can do is remembered.
    void begin(bool needs_utf8);

    // Of the first failure, or else of the last reply; 0: there was none.
    int code() const { return code_; }
    // `smtp-550-5.1.1`: with the enhanced status code (RFC 3463) if there is one.
    std::string told() const;
    bool lacks_utf8() const { return lacks_utf8_; }

private:
    int code_ = 0;
    std::string status_;
    bool offers_utf8_ = false;  // SMTPUTF8 (RFC 6531 section 3.1)
    bool in_greeting_ = false;  // the next reply is EHLO's
    bool needs_utf8_ = false;
    bool lacks_utf8_ = false;
};

}  // namespace keyledger::mail
