#include "domain/base/plain_text.hpp"

#include <algorithm>

#include "domain/base/precis.hpp"
#include "domain/base/unicode.hpp"

namespace keyledger {
namespace {

// Nothing of it is at fault, wherever it stands.
bool is_shown_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
}

}  // namespace

bool is_plain_text(std::string_view text) {
    if (is_shown_ascii(text)) return true;
    const auto points = unicode::decode(text);
    if (!points) return false;
    for (std::size_t at = 0; at < points->size(); ++at)
        if (fault_at(*points, at)) return false;
    return true;
}

std::string as_plain_text(std::string_view text) {
    if (is_shown_ascii(text)) return std::string(text);
    std::u32string plain = unicode::decode_in_part(text);
    for (std::size_t at = 0; at < plain.size(); ++at)
        if (fault_at(plain, at)) plain[at] = U'?';
    return unicode::encode(plain);
}

}  // namespace keyledger
