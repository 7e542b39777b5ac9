#pragma once
// A file that was known when this was built, compiled in by api/embed.py. Its bytes last as long as the programme.
#include <span>
#include <string_view>

namespace keyledger::api {

struct StaticFile {
    std::string_view name;  // with its ending
    std::string_view text;
    std::string_view gzip;  // the same, compressed (RFC 1952); empty: that would hardly be shorter
    std::string_view tag;   // a digest of the text, in hexadecimal
};

}  // namespace keyledger::api
