#pragma once
// The rule for every free text that is kept and shown to others: names, reasons, agents. Pure.
#include <string>
#include <string_view>

namespace keyledger {

// UTF-8 without what a reader can't see or is deceived by: control characters (U+0000 to U+001F, U+007F to U+009F),
// line and paragraph separators, what turns the direction of writing (U+202A to U+202E, U+2066 to U+2069), invisible
// operators, annotations, tags, private planes and code points that stand for no character. Marks that real words need
// (U+200C, U+200D, U+200E, U+200F) are none of these.
bool is_plain_text(std::string_view text);

// The same text with '?' for each byte or character that is_plain_text() would refuse: for what is kept as it came.
std::string as_plain_text(std::string_view text);

}  // namespace keyledger
