#pragma once
// What nearly every browser says of itself, word by word: of the hundred characters of a `User-Agent` a few are news. A
// word is written as one character, which is not used otherwise; what holds such a character is not shortened.
#include <optional>
#include <string>
#include <string_view>

namespace keyledger::eventstore {

// nullopt: it would not be shorter, or could not be told from the words.
std::optional<std::string> in_words(std::string_view agent);
// What in_words() was given. A character that stands for no word stands for itself.
std::string out_of_words(std::string_view words);

}  // namespace keyledger::eventstore
