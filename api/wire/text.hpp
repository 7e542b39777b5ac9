#pragma once
// Small text rules that every reader of requests shares. Pure functions on bytes.
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace keyledger::api {

// True for well-formed UTF-8 as RFC 3629 has it: no overlong form, no surrogate, nothing above U+10FFFF.
bool valid_utf8(std::string_view text) noexcept;

// Of two texts of one size.
bool same_letters_ignoring_case(std::string_view a, std::string_view b) noexcept;

// ASCII only, as HTTP's field names and tokens are compared (RFC 9110 section 5.1). Names of another size, as most are
// of which one is looked for, cost no call.
inline bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && same_letters_ignoring_case(a, b);
}

// Without the spaces and tabs at both ends (OWS of RFC 9110 section 5.6.3).
std::string_view trimmed(std::string_view text) noexcept;

// A token of RFC 9110 section 5.6.2; the empty string is none.
bool is_token(std::string_view text) noexcept;

// The value of one hexadecimal digit of either case, or -1.
int hex_digit(char c) noexcept;

enum class PlusSign { kLiteral, kSpace };
// Decodes %XX once (RFC 3986 section 2.1), and `+` to a space in forms and queries. nullopt when an escape is
// incomplete, or when what comes out is not UTF-8 or has U+0000: PostgreSQL could not store it.
std::optional<std::string> percent_decoded(std::string_view text, PlusSign plus);

// The same the other way round: all but the unreserved characters of RFC 3986 section 2.3 escaped, so that it can stand
// as a value in any query.
std::string percent_encoded(std::string_view text);

// The longest start of at most max_bytes that ends between two characters; for text already known to be
// UTF-8.
std::string_view shortened(std::string_view text, std::size_t max_bytes) noexcept;

// RFC 4648 section 4 with padding, nothing else; nullopt for any other byte, length, or non-zero trailing
// bits.
std::optional<std::string> base64_decoded(std::string_view text);

// 2 * size lower-case hexadecimal digits.
std::string hex_encoded(std::string_view bytes);

}  // namespace keyledger::api
