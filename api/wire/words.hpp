#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace keyledger::api {

// What stands between spaces (RFC 6749 section 3.3), in its order, each once.
std::vector<std::string> words_of(std::string_view text);
// The other way round.
std::string text_of_words(const std::vector<std::string>& words);

}  // namespace keyledger::api
