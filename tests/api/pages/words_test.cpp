#include "api/pages/words.hpp"

#include <gtest/gtest.h>

#include <set>

namespace keyledger::api {
namespace {

std::set<std::string> marks_of(std::string_view text) {
    std::set<std::string> marks;
    for (auto at = text.find('{'); at != text.npos; at = text.find('{', at + 1))
        marks.emplace(text.substr(at, text.find('}', at) + 1 - at));
    return marks;
}

// That each text is there in each language, the compiler sees to.
TEST(Words, SayTheSameInEachLanguage) {
    static const std::set<std::string> kKnown{"{1}", "{2}"};
    for (int i = 0; i < static_cast<int>(Text::kCount); ++i) {
        const auto text = static_cast<Text>(i);
        const std::string_view english = words_of(text, Language::kEnglish);
        const std::string_view german = words_of(text, Language::kGerman);
        EXPECT_EQ(marks_of(english), marks_of(german)) << english;
        for (const std::string& mark : marks_of(english)) EXPECT_TRUE(kKnown.contains(mark)) << english;
        const auto is_sentence = [](std::string_view said) { return said.ends_with('.'); };
        EXPECT_EQ(is_sentence(english), is_sentence(german)) << english;
    }
}

TEST(Words, TakeValuesInTheirPlaces) {
    EXPECT_EQ(Phrase(Text::kAsks, "Shop").in(Language::kEnglish), "Shop asks");
    EXPECT_EQ(Phrase(Text::kAsks, "{1}{2}").in(Language::kGerman), "{1}{2} bittet um Erlaubnis");
    EXPECT_EQ(Phrase::as_it_is("{1}").in(Language::kGerman), "{1}");
}

TEST(Words, AreFoundByLanguageTags) {
    EXPECT_EQ(language_named("de"), Language::kGerman);
    EXPECT_EQ(language_named("DE-at"), Language::kGerman);
    EXPECT_EQ(language_named("en-Latn-GB"), Language::kEnglish);
    for (const char* none : {"", "-", "d", "deu", "fr", "*", "english"}) EXPECT_FALSE(language_named(none)) << none;
}

}  // namespace
}  // namespace keyledger::api
