#include "security/primitives/utf8.hpp"

#include <cstdint>

namespace keyledger::security {
namespace {

struct Form {
    std::size_t more = 0;  // bytes that follow the first
    char32_t bits = 0;     // of the first byte
    char32_t least = 0;    // below it the form is overlong
};

std::optional<Form> form_of(std::uint8_t first) {
    if (first < 0x80) return Form{0, first, 0};
    if (first >= 0xC2 && first <= 0xDF) return Form{1, char32_t(first & 0x1F), 0x80};
    if (first >= 0xE0 && first <= 0xEF) return Form{2, char32_t(first & 0x0F), 0x800};
    if (first >= 0xF0 && first <= 0xF4) return Form{3, char32_t(first & 0x07), 0x10000};
    return std::nullopt;
}

}  // namespace

std::optional<std::u32string> code_points_of(std::string_view utf8) {
    std::u32string points;
    points.reserve(utf8.size());
    for (std::size_t at = 0; at < utf8.size();) {
        auto form = form_of(static_cast<std::uint8_t>(utf8[at++]));
        if (!form || utf8.size() - at < form->more) return std::nullopt;
        char32_t point = form->bits;
        for (std::size_t i = 0; i < form->more; ++i) {
            std::uint8_t next = static_cast<std::uint8_t>(utf8[at++]);
            if ((next & 0xC0) != 0x80) return std::nullopt;
            point = point << 6 | (next & 0x3F);
        }
        bool is_surrogate = point >= 0xD800 && point <= 0xDFFF;
        if (point < form->least || point > 0x10FFFF || is_surrogate) return std::nullopt;
        points += point;
    }
    return points;
}

}  // namespace keyledger::security
