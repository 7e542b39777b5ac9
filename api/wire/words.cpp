#include "api/wire/words.hpp"

#include <algorithm>

namespace keyledger::api {

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        std::string word(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!word.empty() && std::ranges::find(words, word) == words.end()) words.push_back(std::move(word));
    }
    return words;
}

std::string text_of_words(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text.append(text.empty() ? "" : " ").append(word);
    return text;
}

}  // namespace keyledger::api
