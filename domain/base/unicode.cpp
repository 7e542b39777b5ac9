#include "domain/base/unicode.hpp"

#include <utf8proc.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace keyledger::unicode {
namespace {

const utf8proc_property_t& properties_of(char32_t point) {
    return *utf8proc_get_property(static_cast<utf8proc_int32_t>(point));
}

// What a code point is taken apart into; bounded by Unicode at 18.
constexpr utf8proc_ssize_t kMaxDecomposition = 32;

void take_apart(std::u32string& into, char32_t point, int options) {
    utf8proc_int32_t parts[kMaxDecomposition];
    int last_boundary = 0;
    const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(point), parts, kMaxDecomposition,
                                               static_cast<utf8proc_option_t>(options), &last_boundary);
    if (count < 0 || count > kMaxDecomposition) throw std::logic_error("a code point that can't be taken apart");
    for (utf8proc_ssize_t i = 0; i < count; ++i) into.push_back(static_cast<char32_t>(parts[i]));
}

// The canonical order of marks (UAX 15, D109).
void order_marks(std::u32string& points) {
    for (std::size_t i = 1; i < points.size(); ++i) {
        const auto its_class = properties_of(points[i]).combining_class;
        if (its_class == 0) continue;
        for (std::size_t at = i; at > 0 && properties_of(points[at - 1]).combining_class > its_class; --at)
            std::swap(points[at - 1], points[at]);
    }
}

void compose(std::u32string& points) {
    static_assert(sizeof(char32_t) == sizeof(utf8proc_int32_t));
    constexpr auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    const auto size = utf8proc_normalize_utf32(reinterpret_cast<utf8proc_int32_t*>(points.data()),
                                               static_cast<utf8proc_ssize_t>(points.size()), options);
    if (size < 0) throw std::logic_error("a text that can't be composed");
    points.resize(static_cast<std::size_t>(size));
}

// How many bytes the first character has; 0, and `point` stays as it is: it is none of UTF-8.
std::size_t first_of(std::string_view utf8, char32_t& point) {
    utf8proc_int32_t found = 0;
    const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(utf8.data()),
                                       static_cast<utf8proc_ssize_t>(utf8.size()), &found);
    if (size <= 0 || found < 0) return 0;
    point = static_cast<char32_t>(found);
    return static_cast<std::size_t>(size);
}

bool is_cased(char32_t point) { return is_lower(point) || is_upper(point); }

// SpecialCasing's Final_Sigma, without what is ignored between letters.
bool is_final(std::u32string_view points, std::size_t at) {
    const bool behind_letter = at > 0 && is_cased(points[at - 1]);
    const bool before_letter = at + 1 < points.size() && is_cased(points[at + 1]);
    return behind_letter && !before_letter;
}

// In the order of utf8proc_category_t. Surrogates, which decode() refuses, count as unassigned.
constexpr std::array kKinds{
    Kind::kUnassigned,  Kind::kLetter,      Kind::kLetter,      Kind::kLetter,      Kind::kLetter,
    Kind::kLetter,      Kind::kMark,        Kind::kMark,        Kind::kMark,        Kind::kDigit,
    Kind::kOther,       Kind::kOther,       Kind::kPunctuation, Kind::kPunctuation, Kind::kPunctuation,
    Kind::kPunctuation, Kind::kPunctuation, Kind::kPunctuation, Kind::kPunctuation, Kind::kSymbol,
    Kind::kSymbol,      Kind::kSymbol,      Kind::kSymbol,      Kind::kSpace,       Kind::kLineBreak,
    Kind::kLineBreak,   Kind::kControl,     Kind::kFormat,      Kind::kUnassigned,  Kind::kPrivate};
static_assert(kKinds[UTF8PROC_CATEGORY_LO] == Kind::kLetter && kKinds[UTF8PROC_CATEGORY_PO] == Kind::kPunctuation &&
              kKinds[UTF8PROC_CATEGORY_ZS] == Kind::kSpace && kKinds.size() == UTF8PROC_CATEGORY_CO + 1);

constexpr std::array<std::pair<int, Direction>, 11> kDirections{{{UTF8PROC_BIDI_CLASS_L, Direction::kLeft},
                                                                 {UTF8PROC_BIDI_CLASS_R, Direction::kRight},
                                                                 {UTF8PROC_BIDI_CLASS_AL, Direction::kArabic},
                                                                 {UTF8PROC_BIDI_CLASS_AN, Direction::kArabicNumber},
                                                                 {UTF8PROC_BIDI_CLASS_EN, Direction::kEuropeanNumber},
                                                                 {UTF8PROC_BIDI_CLASS_NSM, Direction::kMark},
                                                                 {UTF8PROC_BIDI_CLASS_ES, Direction::kNeutral},
                                                                 {UTF8PROC_BIDI_CLASS_CS, Direction::kNeutral},
                                                                 {UTF8PROC_BIDI_CLASS_ET, Direction::kNeutral},
                                                                 {UTF8PROC_BIDI_CLASS_ON, Direction::kNeutral},
                                                                 {UTF8PROC_BIDI_CLASS_BN, Direction::kNeutral}}};

}  // namespace

std::optional<std::u32string> decode(std::string_view utf8) {
    std::u32string points;
    points.reserve(utf8.size());  // so that no copy of a secret is left behind
    while (!utf8.empty()) {
        char32_t point = 0;
        const std::size_t size = first_of(utf8, point);
        if (size == 0) {
            wipe(points);
            return std::nullopt;
        }
        points.push_back(point);
        utf8.remove_prefix(size);
    }
    return points;
}

std::u32string decode_in_part(std::string_view utf8) {
    std::u32string points;
    while (!utf8.empty()) {
        char32_t point = U'?';
        const std::size_t size = first_of(utf8, point);
        points.push_back(point);
        utf8.remove_prefix(size == 0 ? 1 : size);
    }
    return points;
}

std::string encode(std::u32string_view points) {
    std::string utf8;
    utf8.reserve(4 * points.size());
    for (const char32_t point : points) {
        utf8proc_uint8_t bytes[4];
        const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(point), bytes);
        utf8.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }
    return utf8;
}

void wipe(std::u32string& points) {
    volatile char32_t* at = points.data();
    for (std::size_t i = 0; i < points.size(); ++i) at[i] = 0;
    points.clear();
}

std::u32string normalise(std::u32string_view points, Form form) {
    const int options = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | (form == Form::kNfkc ? UTF8PROC_COMPAT : 0);
    std::u32string apart;
    apart.reserve(static_cast<std::size_t>(kMaxDecomposition) * points.size());
    for (const char32_t point : points) take_apart(apart, point, options);
    order_marks(apart);
    if (form != Form::kNfd) compose(apart);
    std::u32string whole(apart);
    wipe(apart);
    return whole;
}

std::u32string lower_case(std::u32string_view points) {
    std::u32string lower;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (points[i] == U'\u0130') lower += U"i\u0307";
        else if (points[i] == U'\u03A3' && is_final(points, i)) lower += U'\u03C2';
        else lower += static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(points[i])));
    }
    return lower;
}

std::u32string map_width(std::u32string_view points) {
    std::u32string mapped;
    for (const char32_t point : points) {
        const auto type = properties_of(point).decomp_type;
        const bool has_width = type == UTF8PROC_DECOMP_TYPE_WIDE || type == UTF8PROC_DECOMP_TYPE_NARROW;
        if (has_width) take_apart(mapped, point, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
        else mapped += point;
    }
    return mapped;
}

Kind kind_of(char32_t point) {
    const auto category = static_cast<std::size_t>(properties_of(point).category);
    return category < kKinds.size() ? kKinds[category] : Kind::kUnassigned;
}

bool is_lower(char32_t point) { return utf8proc_islower(static_cast<utf8proc_int32_t>(point)) != 0; }
bool is_upper(char32_t point) { return utf8proc_isupper(static_cast<utf8proc_int32_t>(point)) != 0; }
bool is_ignorable(char32_t point) { return properties_of(point).ignorable != 0; }
bool has_compatibility_form(char32_t point) { return properties_of(point).decomp_type != 0; }
bool is_virama(char32_t point) { return properties_of(point).combining_class == 9; }
bool is_pictograph(char32_t point) {
    return properties_of(point).boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}
bool is_skin_tone(char32_t point) { return point >= 0x1F3FB && point <= 0x1F3FF; }

Direction direction_of(char32_t point) {
    for (const auto& [bidi_class, direction] : kDirections)
        if (bidi_class == properties_of(point).bidi_class) return direction;
    return Direction::kOther;
}

}  // namespace keyledger::unicode
