#include "mail/message/message.hpp"

#include <algorithm>

#include "mail/message/address.hpp"
#include "mail/message/encodings.hpp"

namespace keyledger::mail {
namespace {

// No line of quoted-printable holds it: there '=' stands before two digits, or ends the line (RFC 2045 section 6.7).
constexpr std::string_view kBoundary = "=_keyledger_=";

bool is_header_text(std::string_view text) { return text.size() <= kMostHeaderTextBytes && is_one_line(text); }

bool is_token(std::string_view text, std::string_view others) {
    const auto is_fine = [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               others.find(c) != others.npos;
    };
    return !text.empty() && std::all_of(text.begin(), text.end(), is_fine);
}

bool is_id(std::string_view id) {  // a dot-atom (RFC 5322 section 3.2.3) of few characters
    return id.size() <= kMostIdBytes && is_token(id, "-.") && id.front() != '.' && id.back() != '.' &&
           id.find("..") == id.npos;
}

std::string mailbox(std::string_view name, std::string_view address) {
    if (name.empty()) return std::string(address);
    return encoded_name(name) + "\r\n <" + std::string(address) + ">";
}

void append_part(std::string& out, std::string_view type, std::string_view content) {
    out.append("--").append(kBoundary).append("\r\nContent-Type: ").append(type).append("; charset=utf-8\r\n");
    out.append("Content-Transfer-Encoding: quoted-printable\r\n\r\n").append(quoted_printable(content)).append("\r\n");
}

Result<void, MessageFlaw> check(const Message& message) {
    Result<void, MessageFlaw> result;
    const auto need = [&](bool is_so, MessageFlaw flaw) {
        if (result && !is_so) result = Unexpected(flaw);
    };
    need(is_header_text(message.from_name), MessageFlaw::kFromName);
    need(smtp_address(message.from_address) == message.from_address, MessageFlaw::kFrom);
    need(is_header_text(message.to_name), MessageFlaw::kToName);
    need(smtp_address(message.to_address) == message.to_address, MessageFlaw::kTo);
    need(!message.subject.empty() && is_header_text(message.subject), MessageFlaw::kSubject);
    need(is_text(message.text), MessageFlaw::kText);
    need(is_text(message.html), MessageFlaw::kHtml);
    need(is_token(message.language, "-"), MessageFlaw::kLanguage);
    need(is_id(message.id) && ascii_host(message.id_host) == message.id_host, MessageFlaw::kId);
    return result;
}

}  // namespace

std::string_view code_of(MessageFlaw flaw) {
    switch (flaw) {
        case MessageFlaw::kFromName: return "unsendable-from-name";
        case MessageFlaw::kFrom: return "unsendable-from";
        case MessageFlaw::kToName: return "unsendable-to-name";
        case MessageFlaw::kTo: return "unsendable-to";
        case MessageFlaw::kSubject: return "unsendable-subject";
        case MessageFlaw::kText: return "unsendable-text";
        case MessageFlaw::kHtml: return "unsendable-html";
        case MessageFlaw::kLanguage: return "unsendable-language";
        case MessageFlaw::kId: return "unsendable-id";
        case MessageFlaw::kTooLarge: return "too-large";
    }
    return "unsendable";
}

Result<std::string, MessageFlaw> write_message(const Message& message) {
    KEYLEDGER_TRY(checked, check(message));
    std::string out;
    const auto field = [&](std::string_view name, std::string_view value) {
        out.append(name).append(": ").append(value).append("\r\n");
    };
    field("Date", date_field(message.date));
    field("From", mailbox(message.from_name, message.from_address));
    field("To", mailbox(message.to_name, message.to_address));
    field("Message-ID", "<" + message.id + "@" + message.id_host + ">");
    field("Subject", encoded_words(message.subject));
    field("Auto-Submitted", "auto-generated");  // RFC 3834 section 5: nobody's absence is answered to us
    field("Content-Language", message.language);
    field("MIME-Version", "1.0");
    field("Content-Type", "multipart/alternative; boundary=\"" + std::string(kBoundary) + "\"");
    out += "\r\n";
    append_part(out, "text/plain", message.text);  // the last one is the one that readers prefer (RFC 2046 5.1.4)
    append_part(out, "text/html", message.html);
    out.append("--").append(kBoundary).append("--\r\n");
    if (out.size() > kMostMessageBytes) return Unexpected(MessageFlaw::kTooLarge);
    return out;
}

}  // namespace keyledger::mail
