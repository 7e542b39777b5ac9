#pragma once
// Text that people write, by profiles of PRECIS (RFC 8264): what is accepted, in which form it is kept, and in which
// form it is compared. One text that was typed on two keyboards (NFC and NFD, full-width forms, no-break spaces) is one
// text. Pure; any thread.
//
// Beyond the RFCs, pictures made of several code points (emoji with U+200D or U+FE0F between or behind pictographs) are
// allowed in free text, and more than kMaxMarksInARow marks on one letter are not.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/base/result.hpp"
#include "domain/base/secret.hpp"

namespace keyledger {

inline constexpr std::size_t kMaxMarksInARow = 8;

enum class TextFault : std::uint8_t {
    kNotUtf8,
    kEmpty,
    kTooShort,  // of user names
    kTooLong,
    kControl,            // control characters, line and paragraph separators
    kReorders,           // what turns the direction of writing, such as U+200F, U+061C, U+202E
    kHidden,             // what is not shown, such as U+200B, U+00AD, U+FEFF, or joins where nothing joins
    kUnassigned,         // no character, or one that is newer than the tables
    kPrivate,            // private use
    kTooManyMarks,       // on one letter
    kNotForIdentifiers,  // a character that a user name does not take, or takes elsewhere
    kMixedDirections,    // RFC 5893 section 2
    kMixedScripts,       // letters of Latin, Greek and Cyrillic look alike
};
// For whoever wrote the text.
const char* explanation_of(TextFault fault);

using Text = Result<std::string, TextFault>;

// Nickname (RFC 8266): names of people. Spaces are trimmed and collapsed, the form is NFKC.
Text nickname(std::string_view text);
// As nicknames are compared: in lower case.
Text nickname_key(std::string_view text);

// UsernameCasePreserved (RFC 8265 section 3.4), of letters, digits, '.', '_' and '-' alone, and in one script of those
// that look alike. Lengths are not looked at.
Text username(std::string_view text);
// UsernameCaseMapped (section 3.3). Of ASCII it is ASCII's lower case.
Text username_key(std::string_view text);

// OpaqueString (RFC 8265 section 4.2): passwords. Spaces beyond ASCII become U+0020, the form is NFC; never empty.
Result<Secret, TextFault> opaque_string(const Secret& password);

// Whatever else is written in words and kept (reasons): as a password, but it may be empty.
Text free_text(std::string_view text);

// What is wrong with one code point of a text where it stands, by FreeformClass.
std::optional<TextFault> fault_at(std::u32string_view text, std::size_t at);

}  // namespace keyledger
