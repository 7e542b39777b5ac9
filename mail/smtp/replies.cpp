#include "mail/smtp/replies.hpp"

#include <algorithm>

namespace keyledger::mail {
namespace {

constexpr int kFirstFailure = 400;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// `5.1.1` at the beginning, if it is of this class.
std::string_view status_in(std::string_view text, char its_class) {
    const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
    const std::string_view status = text.substr(0, end);
    const bool ends_there = end == text.size() || text[end] == ' ';
    const bool is_whole = ends_there && status.size() >= 5 && status.size() <= 9 && status[0] == its_class &&
                          status[1] == '.' && std::count(status.begin(), status.end(), '.') == 2 &&
                          status.back() != '.' && status.find("..") == status.npos;
    return is_whole ? status : std::string_view{};
}

// Keywords are compared without regard to case (RFC 5321 section 4.1.1.1).
bool offers(std::string_view words, std::string_view keyword) {
    const auto equals = [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 'a' + 'A' : a) == b; };
    return std::equal(words.begin(), words.end(), keyword.begin(), keyword.end(), equals);
}

}  // namespace

void Replies::begin(bool needs_utf8) {
    code_ = 0;
    status_.clear();
    in_greeting_ = false;
    needs_utf8_ = needs_utf8;
    lacks_utf8_ = false;
}

bool Replies::take(std::string_view line) {
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() < 3 || !std::all_of(line.begin(), line.begin() + 3, is_digit)) return true;
    const bool is_last = line.size() == 3 || line[3] == ' ';
    const std::string_view words = line.size() > 4 ? line.substr(4) : std::string_view{};
    if (in_greeting_ && offers(words, "SMTPUTF8")) offers_utf8_ = true;
    if (!is_last) return true;
    const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    if (in_greeting_) {  // a server without EHLO is asked by HELO: no failure yet
        in_greeting_ = false;
        return true;
    }
    if (code_ >= kFirstFailure) return true;  // what comes then is the answer to QUIT
    code_ = code;
    status_ = status_in(words, line[0]);
    if (code == 220) {  // the connection's first, or the one to STARTTLS
        in_greeting_ = true;
        offers_utf8_ = false;
    }
    // The first 250 outside a greeting is MAIL's, whose address is ours and ASCII: RCPT has not been said yet.
    lacks_utf8_ = code == 250 && needs_utf8_ && !offers_utf8_;
    return !lacks_utf8_;
}

std::string Replies::told() const {
    std::string told = "smtp-" + std::to_string(code_);
    if (!status_.empty()) told.append("-").append(status_);
    return told;
}

}  // namespace keyledger::mail
