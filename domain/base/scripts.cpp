#include "domain/base/scripts.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "domain/base/unicode.hpp"

namespace keyledger {
namespace {

// kOther: those that nobody writes today, told apart from all of these and not from each other. Both kinds of kana are
// one, for they are always mixed.
enum class Script {
    kOther,
    kLatin,
    kGreek,
    kCoptic,
    kCyrillic,
    kArmenian,
    kHebrew,
    kArabic,
    kSyriac,
    kThaana,
    kNko,
    kSamaritan,
    kMandaic,
    kDevanagari,
    kBengali,
    kGurmukhi,
    kGujarati,
    kOriya,
    kTamil,
    kTelugu,
    kKannada,
    kMalayalam,
    kSinhala,
    kThai,
    kLao,
    kTibetan,
    kMyanmar,
    kGeorgian,
    kHangul,
    kEthiopic,
    kCherokee,
    kCanadian,
    kOgham,
    kRunic,
    kTagalog,
    kHanunoo,
    kBuhid,
    kTagbanwa,
    kKhmer,
    kMongolian,
    kLimbu,
    kTaiLe,
    kNewTaiLue,
    kBuginese,
    kTaiTham,
    kBalinese,
    kSundanese,
    kBatak,
    kLepcha,
    kOlChiki,
    kGlagolitic,
    kTifinagh,
    kHan,
    kKana,
    kBopomofo,
    kYi,
    kLisu,
    kVai,
    kBamum,
    kSylotiNagri,
    kPhagsPa,
    kSaurashtra,
    kKayahLi,
    kRejang,
    kJavanese,
    kCham,
    kTaiViet,
    kMeeteiMayek,
    kRohingya,
    kChakma,
    kHmong,
    kToto,
    kWancho,
    kAdlam,
};
struct Letters {
    char32_t first;
    char32_t last;
    Script script;
};
// In order. What stands between the letters (marks, digits, punctuation) is never asked for.
constexpr Letters kLetters[] = {
    {0x0041, 0x005A, Script::kLatin},       {0x0061, 0x007A, Script::kLatin},
    {0x00AA, 0x02AF, Script::kLatin},       {0x0370, 0x03E1, Script::kGreek},
    {0x03E2, 0x03EF, Script::kCoptic},      {0x03F0, 0x03FF, Script::kGreek},
    {0x0400, 0x052F, Script::kCyrillic},    {0x0531, 0x0588, Script::kArmenian},
    {0x05D0, 0x05F2, Script::kHebrew},      {0x0620, 0x06FF, Script::kArabic},
    {0x0710, 0x074F, Script::kSyriac},      {0x0750, 0x077F, Script::kArabic},
    {0x0780, 0x07B1, Script::kThaana},      {0x07CA, 0x07FA, Script::kNko},
    {0x0800, 0x0828, Script::kSamaritan},   {0x0840, 0x0858, Script::kMandaic},
    {0x0860, 0x086A, Script::kSyriac},      {0x0870, 0x08C9, Script::kArabic},
    {0x0904, 0x097F, Script::kDevanagari},  {0x0980, 0x09FC, Script::kBengali},
    {0x0A05, 0x0A74, Script::kGurmukhi},    {0x0A85, 0x0AF9, Script::kGujarati},
    {0x0B05, 0x0B71, Script::kOriya},       {0x0B83, 0x0BD0, Script::kTamil},
    {0x0C05, 0x0C61, Script::kTelugu},      {0x0C80, 0x0CF2, Script::kKannada},
    {0x0D04, 0x0D7F, Script::kMalayalam},   {0x0D85, 0x0DC6, Script::kSinhala},
    {0x0E01, 0x0E46, Script::kThai},        {0x0E81, 0x0EDF, Script::kLao},
    {0x0F00, 0x0F8C, Script::kTibetan},     {0x1000, 0x108E, Script::kMyanmar},
    {0x10A0, 0x10FF, Script::kGeorgian},    {0x1100, 0x11FF, Script::kHangul},
    {0x1200, 0x138F, Script::kEthiopic},    {0x13A0, 0x13FD, Script::kCherokee},
    {0x1401, 0x167F, Script::kCanadian},    {0x1681, 0x169A, Script::kOgham},
    {0x16A0, 0x16F8, Script::kRunic},       {0x1700, 0x171F, Script::kTagalog},
    {0x1720, 0x1731, Script::kHanunoo},     {0x1740, 0x1751, Script::kBuhid},
    {0x1760, 0x1770, Script::kTagbanwa},    {0x1780, 0x17DC, Script::kKhmer},
    {0x1820, 0x18AA, Script::kMongolian},   {0x18B0, 0x18F5, Script::kCanadian},
    {0x1900, 0x191E, Script::kLimbu},       {0x1950, 0x1974, Script::kTaiLe},
    {0x1980, 0x19C9, Script::kNewTaiLue},   {0x1A00, 0x1A16, Script::kBuginese},
    {0x1A20, 0x1AA7, Script::kTaiTham},     {0x1B05, 0x1B4C, Script::kBalinese},
    {0x1B83, 0x1BBF, Script::kSundanese},   {0x1BC0, 0x1BE5, Script::kBatak},
    {0x1C00, 0x1C4F, Script::kLepcha},      {0x1C5A, 0x1C7D, Script::kOlChiki},
    {0x1C80, 0x1C8F, Script::kCyrillic},    {0x1C90, 0x1CBF, Script::kGeorgian},
    {0x1D00, 0x1D25, Script::kLatin},       {0x1D26, 0x1D2A, Script::kGreek},
    {0x1D2B, 0x1D2B, Script::kCyrillic},    {0x1D6B, 0x1EFF, Script::kLatin},
    {0x1F00, 0x1FFC, Script::kGreek},       {0x2183, 0x2184, Script::kLatin},
    {0x2C00, 0x2C5F, Script::kGlagolitic},  {0x2C60, 0x2C7F, Script::kLatin},
    {0x2C80, 0x2CF3, Script::kCoptic},      {0x2D00, 0x2D2D, Script::kGeorgian},
    {0x2D30, 0x2D67, Script::kTifinagh},    {0x2D80, 0x2DDE, Script::kEthiopic},
    {0x3005, 0x3007, Script::kHan},         {0x3041, 0x30FE, Script::kKana},
    {0x3105, 0x312F, Script::kBopomofo},    {0x31A0, 0x31BF, Script::kBopomofo},
    {0x31F0, 0x31FF, Script::kKana},        {0x3400, 0x9FFF, Script::kHan},
    {0xA000, 0xA48C, Script::kYi},          {0xA4D0, 0xA4FD, Script::kLisu},
    {0xA500, 0xA62B, Script::kVai},         {0xA640, 0xA69B, Script::kCyrillic},
    {0xA6A0, 0xA6E5, Script::kBamum},       {0xA722, 0xA7FF, Script::kLatin},
    {0xA800, 0xA822, Script::kSylotiNagri}, {0xA840, 0xA873, Script::kPhagsPa},
    {0xA882, 0xA8B3, Script::kSaurashtra},  {0xA8F2, 0xA8FE, Script::kDevanagari},
    {0xA90A, 0xA925, Script::kKayahLi},     {0xA930, 0xA946, Script::kRejang},
    {0xA960, 0xA97C, Script::kHangul},      {0xA984, 0xA9CF, Script::kJavanese},
    {0xA9E0, 0xA9FE, Script::kMyanmar},     {0xAA00, 0xAA4B, Script::kCham},
    {0xAA60, 0xAA7F, Script::kMyanmar},     {0xAA80, 0xAADD, Script::kTaiViet},
    {0xAAE0, 0xAAF4, Script::kMeeteiMayek}, {0xAB01, 0xAB2E, Script::kEthiopic},
    {0xAB30, 0xAB64, Script::kLatin},       {0xAB65, 0xAB65, Script::kGreek},
    {0xAB66, 0xAB68, Script::kLatin},       {0xAB70, 0xABBF, Script::kCherokee},
    {0xABC0, 0xABE2, Script::kMeeteiMayek}, {0xAC00, 0xD7FB, Script::kHangul},
    {0xF900, 0xFAD9, Script::kHan},         {0xFB1D, 0xFB4E, Script::kHebrew},
    {0xFE70, 0xFEFC, Script::kArabic},      {0x10D00, 0x10D23, Script::kRohingya},
    {0x11100, 0x11147, Script::kChakma},    {0x1AFF0, 0x1B167, Script::kKana},
    {0x1DF00, 0x1DF2A, Script::kLatin},     {0x1E030, 0x1E06D, Script::kCyrillic},
    {0x1E100, 0x1E14E, Script::kHmong},     {0x1E290, 0x1E2AD, Script::kToto},
    {0x1E2C0, 0x1E2EB, Script::kWancho},    {0x1E7E0, 0x1E7FE, Script::kEthiopic},
    {0x1E900, 0x1E94B, Script::kAdlam},     {0x20000, 0x323AF, Script::kHan},
};
static_assert(std::ranges::is_sorted(kLetters, {}, &Letters::first));

Script script_of(char32_t letter) {
    const auto behind = std::ranges::upper_bound(kLetters, letter, {}, &Letters::first);
    if (behind == std::begin(kLetters)) return Script::kOther;
    const Letters& letters = *std::prev(behind);
    return letter <= letters.last ? letters.script : Script::kOther;
}

// Which scripts stand beside each other in how a language is written (UTS 39 table 1): Japanese, Chinese, Korean.
bool are_written_together(const std::vector<Script>& scripts) {
    constexpr std::array<std::array<Script, 3>, 3> kTogether{{{Script::kLatin, Script::kHan, Script::kKana},
                                                              {Script::kLatin, Script::kHan, Script::kBopomofo},
                                                              {Script::kLatin, Script::kHan, Script::kHangul}}};
    return std::ranges::any_of(kTogether, [&](const auto& together) {
        return std::ranges::all_of(scripts, [&](Script one) { return std::ranges::count(together, one) > 0; });
    });
}

// Modifier letters, which stand with those of any script.
bool is_common(char32_t letter) { return letter >= 0x02B9 && letter <= 0x02FF; }

}  // namespace

bool mixes_scripts(std::string_view text) {
    std::vector<Script> scripts;
    for (const char32_t point : unicode::decode_in_part(text)) {
        if (unicode::kind_of(point) != unicode::Kind::kLetter || is_common(point)) continue;
        const Script one = script_of(point);
        if (std::ranges::count(scripts, one) == 0) scripts.push_back(one);
    }
    return scripts.size() > 1 && !are_written_together(scripts);
}

}  // namespace keyledger
