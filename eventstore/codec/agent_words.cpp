#include "eventstore/codec/agent_words.hpp"

#include <algorithm>
#include <array>

namespace keyledger::eventstore {
namespace {

struct Word {
    char letter;
    std::string_view text;
};
// They stand in logs: none is ever changed, added or taken away.
constexpr Word kWords[] = {
    {'!', "Mozilla/5.0 ("},
    {'#', ") AppleWebKit/537.36 (KHTML, like Gecko) Chrome/"},
    {'$', ".0.0.0 Safari/537.36"},
    {'%', ".0.0.0 Mobile Safari/537.36"},
    {'&', "Windows NT 10.0; Win64; x64"},
    {'*', "Macintosh; Intel Mac OS X 10_15_7"},
    {'+', "X11; Linux x86_64"},
    {'<', "iPhone; CPU iPhone OS "},
    {'=', " like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/"},
    {'>', ") AppleWebKit/605.1.15 (KHTML, like Gecko) Version/"},
    {'?', " Mobile/15E148 Safari/604.1"},
    {'@', " Safari/605.1.15"},
    {'[', ") Gecko/20100101 Firefox/"},
    {']', "Linux; Android "},
    {'^', "Dalvik/2.1.0 (Linux; U; Android "},
    {'`', "okhttp/"},
    {'{', " CFNetwork/"},
    {'|', " Darwin/"},
    {'}', " Edg/"},
    {'~', "; rv:"},
};

// By character: nearly none begins a word, and a letter that stands for one is rarer still.
using Characters = std::array<bool, 256>;
constexpr Characters kBeginnings = [] {
    Characters all{};
    for (const Word& word : kWords) all[static_cast<unsigned char>(word.text.front())] = true;
    return all;
}();
constexpr Characters kLetters = [] {
    Characters all{};
    for (const Word& word : kWords) all[static_cast<unsigned char>(word.letter)] = true;
    return all;
}();
bool is_in(const Characters& characters, char c) { return characters[static_cast<unsigned char>(c)]; }

const Word* word_of(char letter) {
    const auto* found = std::ranges::find(kWords, letter, &Word::letter);
    return found == std::end(kWords) ? nullptr : found;
}

}  // namespace

std::optional<std::string> abbreviated_agent(std::string_view agent) {
    if (std::ranges::any_of(agent, [](char c) { return is_in(kLetters, c); })) return std::nullopt;
    std::string words;
    for (std::string_view rest = agent; !rest.empty();) {
        const auto begins = [&](const Word& word) { return rest.starts_with(word.text); };
        const bool may_begin = is_in(kBeginnings, rest.front());
        const auto* word = may_begin ? std::ranges::find_if(kWords, begins) : std::end(kWords);
        const bool found = word != std::end(kWords);
        words += found ? word->letter : rest.front();
        rest.remove_prefix(found ? word->text.size() : 1);
    }
    return words.size() < agent.size() ? std::optional(words) : std::nullopt;
}

std::string full_agent(std::string_view words) {
    std::string agent;
    for (const char c : words) {
        const Word* word = word_of(c);
        word ? agent.append(word->text) : agent.append(1, c);
    }
    return agent;
}

}  // namespace keyledger::eventstore
