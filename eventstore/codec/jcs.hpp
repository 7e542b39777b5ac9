#pragma once
// The JSON Canonicalization Scheme (RFC 8785) over parsed values: members sorted by UTF-16 code units, ECMAScript
// numbers, minimal escapes. Used when writing and when verifying; RapidJSON's own writer is not JCS.
#include <rapidjson/document.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace keyledger::eventstore {

// Stored bytes that this build can't read: not JSON, a missing or wrong field, an unknown type or version.
struct CodecError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Throws CodecError for NaN and infinities, which JSON does not have.
std::string jcs(const rapidjson::Value& value);
// Writes `text` behind `out` as jcs() writes a string. UTF-8; nobody looks whether it is.
void append_json_string(std::string& out, std::string_view text);

// Parses with UTF-8 validation and full number precision; refuses numbers that no double comes near, and more than 64
// levels of nesting, so that what it gives can be walked by recursion. Throws CodecError.
rapidjson::Document parse_json(std::string_view text);
// Whether parse_json() would give an object, for less.
bool is_json_object(std::string_view text);

}  // namespace keyledger::eventstore
