#include "domain/plain_text.hpp"

#include <array>
#include <cstdint>

namespace keyledger {
namespace {

struct Range {
    char32_t first;
    char32_t last;
};
constexpr std::array<Range, 10> kRefused{{{0x00, 0x1F},
                                          {0x7F, 0x9F},
                                          {0x2028, 0x202E},
                                          {0x2060, 0x206F},
                                          {0xFDD0, 0xFDEF},
                                          {0xFEFF, 0xFEFF},
                                          {0xFFF0, 0xFFFB},
                                          {0x1D173, 0x1D17A},
                                          {0xE0000, 0xE007F},
                                          {0xF0000, 0x10FFFF}}};

bool is_plain(char32_t code_point) {
    if ((code_point & 0xFFFE) == 0xFFFE) return false;
    for (const Range& range : kRefused)
        if (code_point >= range.first && code_point <= range.last) return false;
    return true;
}

// How many bytes the first character has; 0: it is none of UTF-8 (RFC 3629 section 4), or not plain.
std::size_t plain_character(std::string_view text) {
    const auto first = static_cast<unsigned char>(text.front());
    if (first < 0x80) return is_plain(first) ? 1 : 0;
    const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < size) return 0;
    char32_t code_point = first & (0x7Fu >> size);
    for (std::size_t i = 1; i < size; ++i) {
        const auto next = static_cast<unsigned char>(text[i]);
        if ((next & 0xC0) != 0x80) return 0;
        code_point = code_point << 6 | (next & 0x3F);
    }
    const bool is_shortest = size == 2 || code_point >= (size == 3 ? 0x800u : 0x10000u);
    const bool is_surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    return is_shortest && !is_surrogate && code_point <= 0x10FFFF && is_plain(code_point) ? size : 0;
}

}  // namespace

bool is_plain_text(std::string_view text) {
    while (!text.empty()) {
        const std::size_t size = plain_character(text);
        if (size == 0) return false;
        text.remove_prefix(size);
    }
    return true;
}

std::string as_plain_text(std::string_view text) {
    std::string plain;
    while (!text.empty()) {
        const std::size_t size = plain_character(text);
        if (size == 0) plain.push_back('?');
        else plain.append(text.substr(0, size));
        text.remove_prefix(size == 0 ? 1 : size);
    }
    return plain;
}

}  // namespace keyledger
