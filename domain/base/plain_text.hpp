#pragma once
// Text that is kept as it came: whether it is free text as it stands (FreeformClass, domain/base/precis.hpp).
// Pure.
#include <string>
#include <string_view>

namespace keyledger {

// UTF-8 without what a reader can't see or is deceived by. Joiners that words need (U+200C between Arabic letters, and
// behind a virama) and those within pictures are none of these.
bool is_plain_text(std::string_view text);

// The same text with '?' for each byte or character that is_plain_text() would refuse.
std::string as_plain_text(std::string_view text);

}  // namespace keyledger
