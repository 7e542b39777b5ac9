#pragma once
// Writes a message: multipart/alternative of plain text and HTML, in UTF-8 (RFC 5322, 2045 to 2047, 6532). Pure; any
// thread.
#include <cstdint>
#include <string>
#include <string_view>

#include "domain/base/result.hpp"
#include "domain/base/time.hpp"

namespace keyledger::mail {

inline constexpr std::size_t kMostHeaderTextBytes = 512;  // of a name or a subject
inline constexpr std::size_t kMostIdBytes = 120;
inline constexpr std::size_t kMostMessageBytes = 256 * 1024;

struct Message {
    std::string from_name;     // may be empty
    std::string from_address;  // as smtp_address() gives it
    std::string to_name;       // may be empty
    std::string to_address;    // as smtp_address() gives it
    std::string subject;
    std::string text;  // lines end with LF
    std::string html;
    std::string language;  // a tag, for Content-Language
    std::string id;        // of Message-ID, before its '@': letters, digits, '-' and '.'
    std::string id_host;
    Instant date;
};

// What would let its writer say more than it is for: control characters, line breaks of any kind, what is no UTF-8,
// what is too long. Nothing is mended silently.
enum class MessageFlaw { kFromName, kFrom, kToName, kTo, kSubject, kText, kHtml, kLanguage, kId, kTooLarge };

// `unsendable-subject` and the like: codes of Delivery.
std::string_view code_of(MessageFlaw flaw);

// Lines end with CR LF, and none but those of an address beyond ASCII is longer than 78 characters by a long way.
Result<std::string, MessageFlaw> write_message(const Message& message);

}  // namespace keyledger::mail
