#include "domain/base/precis.hpp"

#include <gtest/gtest.h>

#include "domain/base/unicode.hpp"
#include "domain/users/identity.hpp"

namespace keyledger {
namespace {

using namespace std::string_literals;
using Fault = TextFault;

struct Kept {
    std::string typed;
    std::string kept;
};
struct Refused {
    std::string typed;
    Fault why;
};

// What reorders, hides, or is no text, in whatever profile.
const Refused kNeverTaken[] = {
    {"Ann\u200F", Fault::kReorders},
    {"\u200EAnn", Fault::kReorders},
    {"An\u061Cn", Fault::kReorders},
    {"Ann\u202Egpj", Fault::kReorders},
    {"Ann\u202C", Fault::kReorders},
    {"A\u2066nn\u2069", Fault::kReorders},
    {"A\u200Bnn", Fault::kHidden},
    {"A\u00ADnn", Fault::kHidden},
    {"A\u2060nn", Fault::kHidden},
    {"\uFEFFAnn", Fault::kHidden},
    {"A\u034Fnn", Fault::kHidden},
    {"Ann\u115F", Fault::kHidden},
    {"Ann\u3164", Fault::kHidden},
    {"Ann\uFFA0", Fault::kHidden},
    {"Ann\u180E", Fault::kHidden},
    {"Ann\u2800", Fault::kHidden},
    {"An\uFE0Fn", Fault::kHidden},
    {"Ann\U000E0041", Fault::kHidden},
    {"Ann\uFFF9x", Fault::kHidden},
    {"A\u200Cnn", Fault::kHidden},
    {"A\u200Dnn", Fault::kHidden},
    {"Ann\u200D", Fault::kHidden},
    {"\u0633\u200C", Fault::kHidden},
    {"\u0627\u200C\u0628", Fault::kHidden},
    {"An\nn", Fault::kControl},
    {"An\tn", Fault::kControl},
    {"An\0n"s, Fault::kControl},
    {"\x1B[31m", Fault::kControl},
    {"Ann\x7F", Fault::kControl},
    {"Ann\u0085", Fault::kControl},
    {"Ann\u009B", Fault::kControl},
    {"Ann\u2028", Fault::kControl},
    {"Ann\u2029", Fault::kControl},
    {"Ann\uE000", Fault::kPrivate},
    {"Ann\U00100000", Fault::kPrivate},
    {"Ann\uFFFF", Fault::kUnassigned},
    {"Ann\uFDD0", Fault::kUnassigned},
    {"Ann\u0378", Fault::kUnassigned},
    {"Ann\xFF", Fault::kNotUtf8},
    {"Ann\xC3", Fault::kNotUtf8},
    {"\xC0\x80", Fault::kNotUtf8},
    {"\xED\xA0\x80", Fault::kNotUtf8},
    {"\xF4\x90\x80\x80", Fault::kNotUtf8},
    {"\xE0\x80\x80", Fault::kNotUtf8},
};

TEST(Nickname, HasOneFormHoweverItWasTyped) {
    const Kept kTable[] = {
        {"Zoe\u0308", "Zo\u00EB"},
        {"Zo\u00EB", "Zo\u00EB"},
        {"  Ann \u00C4  Lee ", "Ann \u00C4 Lee"},
        {"Ann\u00A0Lee", "Ann Lee"},
        {"\u3000Ann\u2003\u2003Lee\u3000", "Ann Lee"},
        {"\uFF21\uFF4E\uFF4E", "Ann"},
        {"\uFB01nn", "finn"},
        {"Henry \u2167", "Henry VIII"},
        {"\u1112\u1161\u11AB", "\uD55C"},
        {"\uFF76\uFF9E", "\u30AC"},
        {"q\u0323\u0307", "q\u0323\u0307"},
        {"q\u0307\u0323", "q\u0323\u0307"},
        {"\u212B", "\u00C5"},
        {"O\u2019Brien", "O\u2019Brien"},
        {"\u0639\u0644\u06CC\u200C\u0631\u0636\u0627", "\u0639\u0644\u06CC\u200C\u0631\u0636\u0627"},
        {"\u0915\u094D\u200D\u0937", "\u0915\u094D\u200D\u0937"},
        {"\U0001F469\u200D\U0001F469\u200D\U0001F467", "\U0001F469\u200D\U0001F469\u200D\U0001F467"},
        {"\u2764\uFE0F", "\u2764\uFE0F"},
        {"\U0001F469\U0001F3FD\u200D\U0001F680", "\U0001F469\U0001F3FD\u200D\U0001F680"},
        {"1\uFE0F\u20E3", "1\uFE0F\u20E3"},
    };
    for (const Kept& one : kTable) {
        const auto kept = nickname(one.typed);
        ASSERT_TRUE(kept) << one.typed << ": " << explanation_of(kept.error());
        EXPECT_EQ(*kept, one.kept) << one.typed;
        EXPECT_EQ(nickname(*kept).value(), *kept) << "kept once, kept for ever";
    }
}

TEST(Nickname, ComparesWithoutCase) {
    const std::pair<const char*, const char*> kSame[] = {{"Zo\u00EB", "ZOE\u0308"},
                                                         {"\u0395\u039B\u0397\u03A3", "\u03B5\u03BB\u03B7\u03C2"},
                                                         {"\uFF21NN  lee", "ann Lee"}};
    for (const auto& [one, other] : kSame) EXPECT_EQ(nickname_key(one).value(), nickname_key(other).value()) << one;
    EXPECT_NE(nickname_key("Zoe").value(), nickname_key("Zo\u00EB").value());
}

TEST(Texts, RefuseWhatHidesOrReordersWithItsReason) {
    for (const auto& [typed, why] : kNeverTaken) {
        const std::string shown = testing::PrintToString(typed);
        const auto name = nickname(typed);
        ASSERT_FALSE(name) << shown;
        EXPECT_EQ(name.error(), why) << shown << ": " << explanation_of(name.error());
        EXPECT_EQ(free_text(typed).error(), why) << shown;
        EXPECT_EQ(opaque_string(Secret(typed)).error(), why) << shown;
        EXPECT_FALSE(username(typed)) << shown;
        EXPECT_GT(std::string_view(explanation_of(why)).size(), 20U);
    }
}

TEST(Texts, PileNoMarksOnOneLetter) {
    std::string piled = "a";
    for (std::size_t i = 0; i < kMaxMarksInARow; ++i) piled += "\u0331";
    EXPECT_TRUE(nickname(piled + "b"));
    piled += "\u0331";
    EXPECT_EQ(nickname(piled + "b").error(), Fault::kTooManyMarks);
}

TEST(Username, HasOneFormAndIsComparedWithoutCase) {
    struct Named {
        const char* typed;
        const char* kept;
        const char* key;
    };
    constexpr Named kTable[] = {
        {"Ann_Lee.7-x", "Ann_Lee.7-x", "ann_lee.7-x"},
        {"Zoe\u0308", "Zo\u00EB", "zo\u00EB"},
        {"J\u00D6RG", "J\u00D6RG", "j\u00F6rg"},
        {"\uFF21\uFF4E\uFF4E", "Ann", "ann"},
        {"\u0395\u039B\u0397\u03A3", "\u0395\u039B\u0397\u03A3", "\u03B5\u03BB\u03B7\u03C2"},
        {"\u0418\u0432\u0430\u043D", "\u0418\u0432\u0430\u043D", "\u0438\u0432\u0430\u043D"},
        {"\u674E\u5C0F\u9F8D", "\u674E\u5C0F\u9F8D", "\u674E\u5C0F\u9F8D"},
        {"Stra\u00DFe", "Stra\u00DFe", "stra\u00DFe"},
        {"\u0130lker", "\u0130lker", "i\u0307lker"},
        {"\u05D0\u05D1\u05D2", "\u05D0\u05D1\u05D2", "\u05D0\u05D1\u05D2"},
        {"\u0633\u0627\u0631\u0627_7", "\u0633\u0627\u0631\u0627_7", "\u0633\u0627\u0631\u0627_7"},
        {"\u1112\u1161\u11AB\u1100\u1173\u11AF", "\uD55C\uAE00", "\uD55C\uAE00"},
    };
    for (const Named& one : kTable) {
        const auto kept = username(one.typed);
        ASSERT_TRUE(kept) << one.typed << ": " << explanation_of(kept.error());
        EXPECT_EQ(*kept, one.kept);
        EXPECT_EQ(username_key(one.typed).value(), one.key);
        EXPECT_EQ(username_key(one.key).value(), one.key) << "a key is the key of itself";
        EXPECT_EQ(username(*kept).value(), *kept);
    }
}

TEST(Username, RefusesWhatLooksLikeAnother) {
    const Refused kTable[] = {
        {"", Fault::kEmpty},
        {"ann lee", Fault::kNotForIdentifiers},
        {"ann\u00A0lee", Fault::kNotForIdentifiers},
        {"ann@lee", Fault::kNotForIdentifiers},
        {"_ann", Fault::kNotForIdentifiers},
        {"\u0301ann", Fault::kNotForIdentifiers},
        {"ann\u00B2", Fault::kNotForIdentifiers},
        {"\uFB01nn", Fault::kNotForIdentifiers},
        {"ann\u2122", Fault::kNotForIdentifiers},
        {"ann\u2014lee", Fault::kNotForIdentifiers},
        {"\u2764ann", Fault::kNotForIdentifiers},
        {"a\u0640nn", Fault::kNotForIdentifiers},
        {"\u3031\u3031\u3031", Fault::kNotForIdentifiers},
        {"p\u0430ypal", Fault::kMixedScripts},
        {"\u03BFtto", Fault::kMixedScripts},
        {"\u0430\u03B2\u0433", Fault::kMixedScripts},
        {"\u0627\u0660\u06F0", Fault::kMixedScripts},
        {"ann\u05D0", Fault::kMixedDirections},
        {"\u05D0nn", Fault::kMixedDirections},
        {"7\u05D0\u05D1", Fault::kMixedDirections},
        {"\u05D0\u05D1-", Fault::kMixedDirections},
    };
    for (const auto& [typed, why] : kTable) {
        const auto kept = username(typed);
        ASSERT_FALSE(kept) << typed;
        EXPECT_EQ(kept.error(), why) << typed << ": " << explanation_of(kept.error());
    }
}

// Claims are digests of keys: what was claimed before these rules is found by them.
TEST(Username, KeepsTheKeyOfEveryNameThatWasTakenBefore) {
    const std::string taken = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    for (const char first : taken)
        for (const char second : taken + "._-") {
            const std::string name{first, second, 'x'};
            std::string before = name;
            for (char& c : before) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            const auto now = parse_username(name);
            ASSERT_TRUE(now) << name;
            EXPECT_EQ(now->key, before);
            EXPECT_EQ(now->text, name);
        }
}

TEST(Username, IsAsLongAsItsCharacters) {
    std::string name;
    for (int i = 0; i < static_cast<int>(kMaxUsernameLength); ++i) name += "e\u0301";
    EXPECT_TRUE(parse_username(name));
    EXPECT_EQ(parse_username(name + "e").error(), Fault::kTooLong);
    EXPECT_EQ(parse_username("\u674E\u5C0F").error(), Fault::kTooShort);
    EXPECT_EQ(parse_username(std::string(kMaxTypedUsernameBytes + 1, 'a')).error(), Fault::kTooLong);
}

TEST(OpaqueString, IsOnePasswordHoweverItWasTyped) {
    const Kept kTable[] = {
        {"correct horse", "correct horse"},
        {"correct\u00A0horse", "correct horse"},
        {"correct\u3000horse", "correct horse"},
        {"  two blanks  ", "  two blanks  "},
        {"mot de passe\u0301", "mot de pass\u00E9"},
        {"\uFF21nn", "\uFF21nn"},
        {"\uFB01nn", "\uFB01nn"},
        {"Gro\u00DF", "Gro\u00DF"},
        {"\u03C0\u00DF\u00E5", "\u03C0\u00DF\u00E5"},
        {"Jack of \u2666s", "Jack of \u2666s"},
        {"\U0001F680\u2764\uFE0F", "\U0001F680\u2764\uFE0F"},
    };
    for (const Kept& one : kTable) {
        const auto kept = opaque_string(Secret(one.typed));
        ASSERT_TRUE(kept) << one.typed;
        EXPECT_EQ(kept->reveal(), one.kept);
    }
    EXPECT_EQ(opaque_string(Secret()).error(), Fault::kEmpty);
    EXPECT_EQ(opaque_string(Secret("my cat is a \tby")).error(), Fault::kControl);
}

TEST(FreeText, MayBeEmptyAndHasOneForm) {
    EXPECT_EQ(free_text("").value(), "");
    EXPECT_EQ(free_text("le\u0301gal hold\u00A07").value(), "l\u00E9gal hold 7");
}

TEST(Address, IsReadWithoutTheBlanksAroundIt) {
    for (const char* typed : {" ann@example.com", "ann@example.com ", "\tann@example.com\r\n",
                              "\u00A0ann@example.com\u3000", "  \u202F ann@example.com \u00A0 "}) {
        const auto email = parse_email(typed);
        ASSERT_TRUE(email) << testing::PrintToString(typed);
        EXPECT_EQ(email->text, "ann@example.com");
    }
    for (const char* typed :
         {"ann @example.com", "ann@ example.com", "ann@exa mple.com", "ann@example.com\x0B", "ann@example.com\u200B"})
        EXPECT_FALSE(parse_email(typed)) << testing::PrintToString(typed);
}

}  // namespace
}  // namespace keyledger
