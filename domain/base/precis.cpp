#include "domain/base/precis.hpp"

#include <array>
#include <optional>

#include "domain/base/unicode.hpp"

namespace keyledger {

using Points = std::u32string;
using View = std::u32string_view;
using unicode::Kind;
using Fault = std::optional<TextFault>;

namespace {

constexpr char32_t kNonJoiner = 0x200C;
constexpr char32_t kJoiner = 0x200D;
constexpr char32_t kPictureSelector = 0xFE0F;
constexpr char32_t kKeycap = 0x20E3;

struct Range {
    char32_t first;
    char32_t last;
};
template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, char32_t point) {
    for (const Range& range : ranges)
        if (point >= range.first && point <= range.last) return true;
    return false;
}

// Marks, embeddings, overrides and isolates of UAX 9.
constexpr std::array<Range, 4> kReordering{{{0x061C, 0x061C}, {0x200E, 0x200F}, {0x202A, 0x202E}, {0x2066, 0x2069}}};
// Interlinear annotations, whose base or whose gloss a reader may not see, and Braille's blank, which is a blank.
constexpr std::array<Range, 2> kUnseen{{{0x2800, 0x2800}, {0xFFF9, 0xFFFB}}};

// ---- RFC 5892 appendix A: joiners where something joins --------------------------------------------------------
// Arabic letters that join on both sides; those that join to the right alone, or not at all, are left out.
bool joins_on(char32_t point) {
    constexpr std::array<Range, 12> kAlone{{{0x0621, 0x0625},
                                            {0x0627, 0x0627},
                                            {0x0629, 0x0629},
                                            {0x062F, 0x0632},
                                            {0x0640, 0x0640},
                                            {0x0648, 0x0648},
                                            {0x0671, 0x0677},
                                            {0x0688, 0x0699},
                                            {0x06C0, 0x06CB},
                                            {0x06CD, 0x06CD},
                                            {0x06CF, 0x06CF},
                                            {0x06D2, 0x06D5}}};
    constexpr std::array<Range, 3> kArabic{{{0x0620, 0x064A}, {0x066E, 0x06FF}, {0x0750, 0x077F}}};
    return is_in(kArabic, point) && unicode::kind_of(point) == Kind::kLetter && !is_in(kAlone, point);
}
bool is_arabic_letter(char32_t point) {
    return unicode::direction_of(point) == unicode::Direction::kArabic && unicode::kind_of(point) == Kind::kLetter;
}

std::optional<char32_t> letter_before(View text, std::size_t at) {
    while (at-- > 0)
        if (unicode::kind_of(text[at]) != Kind::kMark) return text[at];
    return std::nullopt;
}
std::optional<char32_t> letter_behind(View text, std::size_t at) {
    while (++at < text.size())
        if (unicode::kind_of(text[at]) != Kind::kMark) return text[at];
    return std::nullopt;
}

bool may_join(View text, std::size_t at) {
    if (at > 0 && unicode::is_virama(text[at - 1])) return true;
    if (text[at] != kNonJoiner) return false;
    const auto before = letter_before(text, at);
    const auto behind = letter_behind(text, at);
    return before && behind && joins_on(*before) && is_arabic_letter(*behind);
}

// ---- pictures of several code points (UTS 51) ------------------------------------------------------------------
bool is_part_of_picture(View text, std::size_t at) {
    if (at == 0) return false;
    std::size_t base = at - 1;
    if (text[at] == kPictureSelector) {
        const bool keycap = at + 1 < text.size() && text[at + 1] == kKeycap && text[base] < 0x80;
        return keycap || unicode::is_pictograph(text[base]);
    }
    if (text[at] != kJoiner || at + 1 == text.size() || !unicode::is_pictograph(text[at + 1])) return false;
    while (base > 0 && (text[base] == kPictureSelector || unicode::is_skin_tone(text[base]))) --base;
    return unicode::is_pictograph(text[base]);
}

}  // namespace

// ---- FreeformClass (RFC 8264 section 4.3) ----------------------------------------------------------------------
std::optional<TextFault> fault_at(View text, std::size_t at) {
    const char32_t point = text[at];
    if (is_in(kReordering, point)) return TextFault::kReorders;
    if (unicode::is_ignorable(point) || is_in(kUnseen, point)) {
        const bool fine = is_part_of_picture(text, at) || ((point | 1) == kJoiner && may_join(text, at));
        return fine ? Fault() : Fault(TextFault::kHidden);
    }
    switch (unicode::kind_of(point)) {
        case Kind::kControl:
        case Kind::kLineBreak: return TextFault::kControl;
        case Kind::kUnassigned: return TextFault::kUnassigned;
        case Kind::kPrivate: return TextFault::kPrivate;
        // Those that are shown and belong to numbers and verses, such as U+0600; RFC 8264 takes none.
        case Kind::kFormat: return TextFault::kHidden;
        case Kind::kLetter:
        case Kind::kMark:
        case Kind::kDigit:
        case Kind::kSpace:
        case Kind::kPunctuation:
        case Kind::kSymbol:
        case Kind::kOther: return std::nullopt;
    }
    return TextFault::kUnassigned;
}

namespace {

Fault freeform_fault(View text) {
    std::size_t marks = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (const auto fault = fault_at(text, at)) return fault;
        marks = unicode::kind_of(text[at]) == Kind::kMark ? marks + 1 : 0;
        if (marks > kMaxMarksInARow) return TextFault::kTooManyMarks;
    }
    return std::nullopt;
}

void map_spaces(Points& text) {
    for (char32_t& point : text)
        if (unicode::kind_of(point) == Kind::kSpace) point = U' ';
}

// ---- Nickname (RFC 8266) ---------------------------------------------------------------------------------------
Points collapse_spaces(View text) {
    Points collapsed;
    for (const char32_t point : text)
        if (point != U' ' || (!collapsed.empty() && collapsed.back() != U' ')) collapsed += point;
    while (!collapsed.empty() && collapsed.back() == U' ') collapsed.pop_back();
    return collapsed;
}

Points nickname_form(View text) {
    Points form(text);
    map_spaces(form);
    return unicode::normalise(collapse_spaces(form), unicode::Form::kNfkc);
}

// Section 2.3: a form that is still changed by its own rules is asked of them again, four times at most.
Result<Points, TextFault> enforce_nickname(std::string_view text) {
    const auto points = unicode::decode(text);
    if (!points) return Unexpected(TextFault::kNotUtf8);
    Points form = nickname_form(*points);
    for (int again = 0; again < 3; ++again) {
        Points next = nickname_form(form);
        if (next == form) break;
        form = std::move(next);
    }
    if (const auto fault = freeform_fault(form)) return Unexpected(*fault);
    if (form.empty()) return Unexpected(TextFault::kEmpty);
    return form;
}

// ---- user names (RFC 8265 section 3) ---------------------------------------------------------------------------
bool is_ascii_letter_or_digit(char32_t point) {
    return (point >= U'0' && point <= U'9') || (point >= U'a' && point <= U'z') || (point >= U'A' && point <= U'Z');
}

// RFC 8264 section 9.6, and letters that don't stand in words.
constexpr std::array<Range, 8> kNeverInIdentifiers{{{0x0640, 0x0640},
                                                    {0x07FA, 0x07FA},
                                                    {0x1100, 0x11FF},
                                                    {0x302E, 0x302F},
                                                    {0x3031, 0x3035},
                                                    {0x303B, 0x303B},
                                                    {0xA960, 0xA97C},
                                                    {0xD7B0, 0xD7FB}}};

bool is_identifier_point(View text, std::size_t at) {
    const char32_t point = text[at];
    if (point < 0x80)
        return is_ascii_letter_or_digit(point) || (at > 0 && (point == U'.' || point == U'_' || point == U'-'));
    if (is_in(kNeverInIdentifiers, point) || unicode::has_compatibility_form(point)) return false;
    switch (unicode::kind_of(point)) {
        case Kind::kLetter: return true;
        case Kind::kDigit: return true;
        case Kind::kMark: return at > 0;
        case Kind::kFormat: return at > 0;  // a joiner: freeform_fault() let it be
        case Kind::kUnassigned:
        case Kind::kSpace:
        case Kind::kLineBreak:
        case Kind::kControl:
        case Kind::kPrivate:
        case Kind::kPunctuation:
        case Kind::kSymbol:
        case Kind::kOther: return false;
    }
    return false;
}

enum Script : unsigned { kNoScript = 0, kLatin = 1, kGreek = 2, kCyrillic = 4 };
Script script_of(char32_t point) {
    constexpr std::array<Range, 4> kLatinRanges{{{U'A', U'z'}, {0x00AA, 0x024F}, {0x1E00, 0x1EFF}, {0x2C60, 0x2C7F}}};
    constexpr std::array<Range, 2> kGreekRanges{{{0x0370, 0x03FF}, {0x1F00, 0x1FFF}}};
    constexpr std::array<Range, 4> kCyrillicRanges{
        {{0x0400, 0x052F}, {0x1C80, 0x1C8F}, {0x2DE0, 0x2DFF}, {0xA640, 0xA69F}}};
    if (unicode::kind_of(point) != Kind::kLetter) return kNoScript;
    if (is_in(kLatinRanges, point)) return kLatin;
    if (is_in(kGreekRanges, point)) return kGreek;
    return is_in(kCyrillicRanges, point) ? kCyrillic : kNoScript;
}

bool mixes_scripts(View text) {
    unsigned scripts = 0;
    for (const char32_t point : text) scripts |= script_of(point);
    return (scripts & (scripts - 1)) != 0;
}

// Arabic-Indic and extended Arabic-Indic digits look alike and are not mixed (RFC 5892 appendix A.8 and A.9).
bool mixes_digits(View text) {
    bool plain = false;
    bool extended = false;
    for (const char32_t point : text) {
        plain = plain || (point >= 0x0660 && point <= 0x0669);
        extended = extended || (point >= 0x06F0 && point <= 0x06F9);
    }
    return plain && extended;
}

// The Bidi Rule (RFC 5893 section 2), which only a text with something from right to left is asked.
bool has_one_direction(View text) {
    using unicode::Direction;
    bool right = false;
    bool arabic_numbers = false;
    bool european_numbers = false;
    bool left = false;
    Direction last = Direction::kNeutral;
    for (const char32_t point : text) {
        const Direction one = unicode::direction_of(point);
        right = right || one == Direction::kRight || one == Direction::kArabic || one == Direction::kArabicNumber;
        arabic_numbers = arabic_numbers || one == Direction::kArabicNumber;
        european_numbers = european_numbers || one == Direction::kEuropeanNumber;
        left = left || one == Direction::kLeft || one == Direction::kOther;
        if (one != Direction::kMark) last = one;
    }
    if (!right) return true;
    const Direction first = unicode::direction_of(text.front());
    const bool begins_well = first == Direction::kRight || first == Direction::kArabic;
    const bool ends_well = last == Direction::kRight || last == Direction::kArabic ||
                           last == Direction::kArabicNumber || last == Direction::kEuropeanNumber;
    return begins_well && ends_well && !left && !(arabic_numbers && european_numbers);
}

Fault identifier_fault(View text) {
    if (text.empty()) return TextFault::kEmpty;
    if (const auto fault = freeform_fault(text)) return fault;
    for (std::size_t at = 0; at < text.size(); ++at)
        if (!is_identifier_point(text, at)) return TextFault::kNotForIdentifiers;
    if (mixes_digits(text) || mixes_scripts(text)) return TextFault::kMixedScripts;
    if (!has_one_direction(text)) return TextFault::kMixedDirections;
    return std::nullopt;
}

Result<Points, TextFault> enforce_username(std::string_view text) {
    const auto points = unicode::decode(text);
    if (!points) return Unexpected(TextFault::kNotUtf8);
    Points form = unicode::normalise(unicode::map_width(*points), unicode::Form::kNfc);
    if (const auto fault = identifier_fault(form)) return Unexpected(*fault);
    return form;
}

// ---- OpaqueString (RFC 8265 section 4) -------------------------------------------------------------------------
Result<std::string, TextFault> enforce_opaque(std::string_view text) {
    auto points = unicode::decode(text);
    if (!points) return Unexpected(TextFault::kNotUtf8);
    map_spaces(*points);
    Points form = unicode::normalise(*points, unicode::Form::kNfc);
    unicode::wipe(*points);
    const auto fault = freeform_fault(form);
    std::string utf8 = fault ? std::string() : unicode::encode(form);
    unicode::wipe(form);
    if (fault) return Unexpected(*fault);
    return utf8;
}

Text lower_case_of(const Result<Points, TextFault>& form) {
    if (!form) return Unexpected(form.error());
    return unicode::encode(unicode::normalise(unicode::lower_case(*form), unicode::Form::kNfc));
}

}  // namespace

const char* explanation_of(TextFault fault) {
    switch (fault) {
        case TextFault::kNotUtf8: return "It is not valid UTF-8 text.";
        case TextFault::kEmpty: return "It is empty, or nothing but blanks.";
        case TextFault::kTooShort: return "It is too short.";
        case TextFault::kTooLong: return "It is too long.";
        case TextFault::kControl: return "It holds control characters or line breaks. Leave them out.";
        case TextFault::kReorders:
            return "It holds invisible marks that turn the direction of writing (such as U+200F or U+202E). Leave "
                   "them out.";
        case TextFault::kHidden:
            return "It holds characters that are not shown (such as U+200B or U+00AD). Leave them out.";
        case TextFault::kUnassigned: return "It holds code points that stand for no character known here.";
        case TextFault::kPrivate: return "It holds characters for private use, which others can't read.";
        case TextFault::kTooManyMarks: return "It puts too many marks on one letter.";
        case TextFault::kNotForIdentifiers:
            return "Use 3 to 64 letters, digits, '.', '_' or '-', a letter or digit first.";
        case TextFault::kMixedDirections:
            return "It mixes letters that are written from right to left with others. Use those of one script.";
        case TextFault::kMixedScripts:
            return "It mixes letters of several scripts, which look alike. Use those of one script, or of Japanese, "
                   "Chinese or Korean with Latin ones.";
    }
    return "It is not accepted.";
}

Text nickname(std::string_view text) {
    KEYLEDGER_TRY(form, enforce_nickname(text));
    return unicode::encode(*form);
}

Text nickname_key(std::string_view text) { return lower_case_of(enforce_nickname(text)); }

Text username(std::string_view text) {
    KEYLEDGER_TRY(form, enforce_username(text));
    return unicode::encode(*form);
}

Text username_key(std::string_view text) { return lower_case_of(enforce_username(text)); }

Result<Secret, TextFault> opaque_string(const Secret& password) {
    if (password.empty()) return Unexpected(TextFault::kEmpty);
    KEYLEDGER_TRY(form, enforce_opaque(password.reveal()));
    return Secret::take(std::move(*form));
}

Text free_text(std::string_view text) { return enforce_opaque(text); }

}  // namespace keyledger
