#pragma once
// How text beyond ASCII goes through mail. Pure; any thread.
#include <cstdint>
#include <string>
#include <string_view>

#include "domain/base/time.hpp"

namespace keyledger::mail {

// UTF-8 without line breaks and control characters, of whatever alphabet: it may stand in a field once it is encoded.
bool is_one_line(std::string_view text);
// UTF-8, of control characters only line feeds and tabs.
bool is_text(std::string_view text);

// A phrase or unstructured text of a field (RFC 2047 section 2): ASCII that is short stays, all else becomes encoded
// words, a line each. `text` is_one_line().
std::string encoded_words(std::string_view text);
// A display name: as encoded_words(), but ASCII stands in quotes (RFC 5322 section 3.2.4).
std::string encoded_name(std::string_view name);
// RFC 2045 section 6.7, of text whose lines end with LF.
std::string quoted_printable(std::string_view text);
// RFC 5322 section 3.3, in UTC.
std::string date_field(Instant at);

}  // namespace keyledger::mail
