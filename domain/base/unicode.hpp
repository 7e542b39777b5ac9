#pragma once
// Unicode's tables, as the text rules ask them (utf8proc, version 15 of Unicode). Pure; any thread. Texts are code
// points: what held a secret is wiped by whoever made it.
#include <optional>
#include <string>
#include <string_view>

namespace keyledger::unicode {

// UTF-8 by RFC 3629 section 4, strictly; nullopt: it is none.
std::optional<std::u32string> decode(std::string_view utf8);
// With '?' for each byte that is not of UTF-8.
std::u32string decode_in_part(std::string_view utf8);
// Of code points that decode() gave, or that were made of them.
std::string encode(std::u32string_view points);
void wipe(std::u32string& points);

// UAX 15. `points` is left as it was; what is made on the way is wiped.
enum class Form { kNfc, kNfd, kNfkc };
std::u32string normalise(std::u32string_view points, Form form);
// The default lower case, of whole texts: with the final sigma, and with U+0130 as two.
std::u32string lower_case(std::u32string_view points);
// Full-width and half-width forms as their ordinary ones (RFC 8264 section 5.2.1).
std::u32string map_width(std::u32string_view points);

enum class Kind {
    kUnassigned,
    kLetter,
    kMark,
    kDigit,      // decimal
    kSpace,      // Zs
    kLineBreak,  // Zl, Zp
    kControl,    // Cc
    kFormat,     // Cf
    kPrivate,
    kPunctuation,
    kSymbol,
    kOther,  // other numbers
};
Kind kind_of(char32_t point);
bool is_lower(char32_t point);
bool is_upper(char32_t point);
// Default_Ignorable_Code_Point: nothing is shown for it.
bool is_ignorable(char32_t point);
// It has a compatibility form (NFKC differs).
bool has_compatibility_form(char32_t point);
// Ties consonants together (canonical combining class 9).
bool is_virama(char32_t point);
// Extended_Pictographic, without the modifiers of skin tones.
bool is_pictograph(char32_t point);
bool is_skin_tone(char32_t point);

// UAX 9, as far as RFC 5893 section 2 asks.
enum class Direction { kLeft, kRight, kArabic, kArabicNumber, kEuropeanNumber, kMark, kNeutral, kOther };
Direction direction_of(char32_t point);

}  // namespace keyledger::unicode
