#include "security/passwords/password_strength.hpp"

#include <openssl/crypto.h>
#include <zxcvbn.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "domain/base/unicode.hpp"
#include "security/primitives/utf8.hpp"

namespace keyledger::security {
namespace {

constexpr std::ptrdiff_t kShortestIdentity = 4;
constexpr std::size_t kMaxIdentityWords = 16;
// log2 of 10^3, 10^6, 10^8 and 10^10 guesses: the borders of zxcvbn's scores.
constexpr double kScoreBorders[] = {9.966, 19.932, 26.575, 33.219};

// Of the same length, so that places in one are places in the other.
std::u32string lower_case(std::u32string text) {
    for (char32_t& point : text) {
        const std::u32string lower = unicode::lower_case({&point, 1});
        if (lower.size() == 1) point = lower.front();
    }
    return text;
}

// Wiped like the password that it is.
struct Folded {
    explicit Folded(std::u32string text) : points(std::move(text)) {}
    Folded(const Folded&) = delete;
    Folded& operator=(const Folded&) = delete;
    ~Folded() { OPENSSL_cleanse(points.data(), points.size() * sizeof(char32_t)); }
    std::u32string points;
};

bool is_letter(char32_t point) {
    const auto kind = unicode::kind_of(point);
    return kind == unicode::Kind::kLetter || kind == unicode::Kind::kMark;
}

// What of the person must not be in a password, and is a guess to zxcvbn: in lower case, of at least four
// letters.
std::vector<std::u32string> words_of(const PasswordIdentity& identity) {
    std::vector<std::u32string> words;
    auto add = [&](std::string_view text) {
        auto points = code_points_of(text);
        const auto letters = points ? std::ranges::count_if(*points, is_letter) : 0;
        if (letters >= kShortestIdentity && words.size() < kMaxIdentityWords)
            words.push_back(lower_case(std::move(*points)));
    };
    add(identity.email);
    add(identity.email.substr(0, identity.email.find('@')));
    add(identity.username);
    std::string_view name = identity.name;
    while (!name.empty()) {
        std::size_t end = name.find_first_of(" -");
        add(name.substr(0, end));
        name.remove_prefix(end == std::string_view::npos ? name.size() : end + 1);
    }
    return words;
}

// zxcvbn knows bytes. One byte a code point keeps lengths and repetitions true; that several code points
// share a byte makes a password look weaker, never stronger.
std::string as_bytes(const std::u32string& points) {
    std::string bytes;
    bytes.reserve(kMaxJudgedCodePoints + 1);
    for (char32_t point : std::u32string_view(points).substr(0, kMaxJudgedCodePoints))
        bytes += static_cast<char>(point < 0x80 ? point : 0x80 | (point & 0x7F));
    return bytes;
}

int score_of(const std::u32string& password, const std::vector<std::u32string>& words) {
    std::vector<std::string> known;
    for (const std::u32string& word : words) known.push_back(as_bytes(word));
    std::vector<const char*> dictionary;
    for (const std::string& word : known) dictionary.push_back(word.c_str());
    dictionary.push_back(nullptr);
    Secret bytes = Secret::take(as_bytes(password) + '\0');
    double entropy = ZxcvbnMatch(bytes.reveal().data(), dictionary.data(), nullptr);
    return static_cast<int>(std::ranges::count_if(kScoreBorders, [&](double border) { return entropy >= border; }));
}

// Between two letters a word begins only where the case says so.
bool is_border(const std::u32string& text, std::size_t at) {
    if (at == 0 || at == text.size() || !is_letter(text[at - 1]) || !is_letter(text[at])) return true;
    return unicode::is_lower(text[at - 1]) && unicode::is_upper(text[at]);
}

// As a word of its own: "info" is no part of "information".
bool has_word(const std::u32string& text, const std::u32string& lowered, const std::u32string& word) {
    for (auto at = lowered.find(word); at != std::u32string::npos; at = lowered.find(word, at + 1))
        if (is_border(text, at) && is_border(text, at + word.size())) return true;
    return false;
}

bool is_control(char32_t point) { return point < 0x20 || (point >= 0x7F && point < 0xA0); }

}  // namespace

bool is_acceptable(const PasswordPolicy& policy) {
    return policy.min_code_points >= kLowestMinCodePoints && policy.min_code_points <= policy.max_code_points &&
           policy.max_code_points <= kHighestMaxCodePoints && policy.min_score >= 0 && policy.min_score <= 4;
}

std::optional<PasswordRefusal> judge_password(const Secret& password, const PasswordIdentity& identity,
                                              const PasswordPolicy& policy) {
    if (!is_acceptable(policy)) throw std::invalid_argument("password policy out of its bounds");
    // Four bytes a code point at most: what is longer is too long without being read.
    if (password.size() > 4 * policy.max_code_points) return PasswordRefusal::kTooLong;
    auto points = code_points_of(password.reveal());
    if (!points) return PasswordRefusal::kNotText;
    Folded text(std::move(*points));
    if (std::ranges::any_of(text.points, is_control)) return PasswordRefusal::kNotText;
    if (text.points.size() < policy.min_code_points) return PasswordRefusal::kTooShort;
    if (text.points.size() > policy.max_code_points) return PasswordRefusal::kTooLong;

    std::vector<std::u32string> words = words_of(identity);
    Folded lowered(lower_case(text.points));
    for (const std::u32string& word : words)
        if (has_word(text.points, lowered.points, word)) return PasswordRefusal::kContainsIdentity;
    if (score_of(text.points, words) < policy.min_score) return PasswordRefusal::kTooWeak;
    return std::nullopt;
}

int password_score(const Secret& password, const PasswordIdentity& identity) {
    auto points = code_points_of(password.reveal());
    if (!points || std::ranges::any_of(*points, is_control)) return 0;
    Folded text(std::move(*points));
    return score_of(text.points, words_of(identity));
}

}  // namespace keyledger::security
