// What stands in a mail: name, address, subject and text, between '|'; and behind them what a server answers, and a
// template.
#include <algorithm>
#include <array>
#include <string>

#include "domain/base/plain_text.hpp"
#include "mail/message/address.hpp"
#include "mail/message/message.hpp"
#include "mail/message/shown.hpp"
#include "mail/smtp/replies.hpp"
#include "mail/templates/template_file.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace keyledger::fuzz {
namespace {

std::string_view next_part(std::string_view& input) {
    const std::size_t end = std::min(input.find('|'), input.size());
    const std::string_view part = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    return part;
}

void check_message(const std::string& written, bool is_ascii_only) {
    promise(!is_ascii_only || mail::is_ascii(written), "what needs no SMTPUTF8 is ASCII");
    constexpr std::array kFields{
        "Date",         "From",        "To", "Message-ID", "Subject", "Auto-Submitted", "Content-Language",
        "MIME-Version", "Content-Type"};
    std::size_t field = 0;
    std::size_t at = 0;
    for (; written.compare(at, 2, "\r\n") != 0; at = written.find("\r\n", at) + 2) {
        promise(written.find("\r\n", at) != written.npos, "fields end with an empty line");
        if (written[at] == ' ') continue;  // goes on
        promise(field < kFields.size() && written.compare(at, std::string(kFields[field]).size() + 2,
                                                          std::string(kFields[field]) + ": ") == 0,
                "there are these fields, once and in this order");
        ++field;
    }
    promise(field == kFields.size(), "no field is missing");
    std::size_t boundaries = 0;
    for (; (at = written.find("\r\n--=_keyledger_=", at)) != written.npos; ++at) ++boundaries;
    promise(boundaries == 3, "there are two parts");
    for (std::size_t i = 0; i < written.size(); ++i) {
        promise(written[i] != '\r' || (i + 1 < written.size() && written[i + 1] == '\n'), "CR stands before LF");
        promise(written[i] != '\n' || (i > 0 && written[i - 1] == '\r'), "LF stands behind CR");
        promise(written[i] != '\0', "there is no NUL");
    }
}

void check_address(std::string_view typed, const std::string& made) {
    promise(mail::is_ascii(made.substr(made.rfind('@'))), "a domain is in A-labels");
    promise(made.find_first_of(" <>\"\r\n,;:()[]\\") == made.npos, "nothing ends or adds to an address");
    promise(mail::smtp_address(made) == made, "an address is made once");
    promise(made.substr(0, made.rfind('@')) == typed.substr(0, typed.rfind('@')), "a local part stays");
}

}  // namespace

void mail(std::string_view input) {
    const std::string_view name = next_part(input);
    const std::string_view typed = next_part(input);
    mail::Message message;
    message.from_address = "accounts@example.test";
    message.to_name = name;
    message.to_address = typed;
    if (const auto made = mail::smtp_address(typed)) {
        check_address(typed, *made);
        message.to_address = *made;
    }
    message.subject = next_part(input);
    message.text = next_part(input);
    message.html = message.text;
    message.language = "en";
    message.id = "1.mail.1.0";
    message.id_host = "example.test";
    if (const auto written = mail::write_message(message)) check_message(*written, mail::is_ascii(message.to_address));

    const std::string shown = mail::shown_name(name);
    promise(shown.empty() || (shown == name && is_plain_text(shown)), "what is shown is plain, and as it was");
    promise(shown.find_first_of("@/<>\n") == shown.npos, "it is no address, no URL and no line more");

    const std::string_view reply = next_part(input);
    mail::Replies replies;
    replies.begin(true);
    replies.take(reply);
    promise(replies.told().find_first_not_of("smtp-0123456789.") == std::string::npos, "no word of a reply is told");

    std::vector<std::string> faults;
    for (const auto& [part, content] : mail::read_parts("file", input, {"subject", "text"}, faults))
        mail::check_part("file", content, {"name"}, "content", faults);
    for (const std::string& fault : faults) promise(is_plain_text(fault), "a fault is one line of a log");
}

}  // namespace keyledger::fuzz
