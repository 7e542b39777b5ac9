#include "domain/base/plain_text.hpp"

#include "domain/base/precis.hpp"
#include "domain/base/unicode.hpp"

namespace keyledger {

bool is_plain_text(std::string_view text) {
    const auto points = unicode::decode(text);
    if (!points) return false;
    for (std::size_t at = 0; at < points->size(); ++at)
        if (fault_at(*points, at)) return false;
    return true;
}

std::string as_plain_text(std::string_view text) {
    std::u32string plain = unicode::decode_in_part(text);
    for (std::size_t at = 0; at < plain.size(); ++at)
        if (fault_at(plain, at)) plain[at] = U'?';
    return unicode::encode(plain);
}

}  // namespace keyledger
