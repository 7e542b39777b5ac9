#include "domain/base/language_tag.hpp"

#include <algorithm>
#include <vector>

namespace keyledger {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c; }

bool has_only(std::string_view text, bool (*is_it)(char)) { return std::ranges::all_of(text, is_it); }
bool is_of_tag(char c) { return is_letter(c) || is_digit(c); }

// Its subtags, one after the other.
class Subtags {
public:
    explicit Subtags(std::vector<std::string>& all) : all_(all) {}

    bool is_at_end() const { return at_ == all_.size(); }
    std::string& current() { return all_[at_]; }
    void pass() { ++at_; }

    bool is_language() { return current().size() >= 2 && has_only(current(), is_letter); }
    bool is_extended_language() { return !is_at_end() && current().size() == 3 && has_only(current(), is_letter); }
    bool is_script() { return !is_at_end() && current().size() == 4 && has_only(current(), is_letter); }
    bool is_region() {
        if (is_at_end()) return false;
        return (current().size() == 2 && has_only(current(), is_letter)) ||
               (current().size() == 3 && has_only(current(), is_digit));
    }
    bool is_variant() {
        return !is_at_end() && (current().size() >= 5 || (current().size() == 4 && is_digit(current().front())));
    }
    bool is_singleton() { return !is_at_end() && current().size() == 1; }

    // What stands behind a singleton: subtags of `least` characters at least, one or more.
    bool pass_extension(std::size_t least) {
        pass();
        bool any = false;
        for (; !is_at_end() && current().size() >= least; pass()) any = true;
        return any;
    }

private:
    std::vector<std::string>& all_;
    std::size_t at_ = 0;
};

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts(1);
    for (const char c : text) {
        if (c == '-') parts.emplace_back();
        else parts.back() += lower(c);
    }
    return parts;
}

bool remember(std::vector<std::string>& seen, const std::string& subtag) {
    if (std::ranges::find(seen, subtag) != seen.end()) return false;
    seen.push_back(subtag);
    return true;
}

// RFC 5646 section 2.1, `langtag`. The subtags are in lower case, and get the case that they are written in.
bool read(std::vector<std::string>& parts) {
    constexpr std::size_t kMostExtendedLanguages = 3;
    Subtags tag(parts);
    if (!tag.is_language()) return false;
    const bool is_short = tag.current().size() <= 3;
    tag.pass();
    for (std::size_t i = 0; is_short && i < kMostExtendedLanguages && tag.is_extended_language(); ++i) tag.pass();
    if (tag.is_script()) {
        tag.current().front() = upper(tag.current().front());
        tag.pass();
    }
    if (tag.is_region()) {
        std::ranges::transform(tag.current(), tag.current().begin(), upper);
        tag.pass();
    }
    std::vector<std::string> seen;
    for (; tag.is_variant(); tag.pass())
        if (!remember(seen, tag.current())) return false;
    while (tag.is_singleton()) {
        const bool is_private = tag.current() == "x";
        if (!remember(seen, tag.current()) || !tag.pass_extension(is_private ? 1 : 2)) return false;
        if (is_private) break;  // all the rest was its
    }
    return tag.is_at_end();
}

bool is_script(std::string_view subtag) { return subtag.size() == 4 && has_only(subtag, is_letter); }
bool is_region(std::string_view subtag) {
    return (subtag.size() == 2 && has_only(subtag, is_letter)) || (subtag.size() == 3 && has_only(subtag, is_digit));
}

}  // namespace

std::optional<std::string> parse_language_tag(std::string_view text) {
    constexpr std::size_t kMaxSubtagBytes = 8;
    if (text.empty() || text.size() > kMaxLanguageTagBytes) return std::nullopt;
    std::vector<std::string> parts = split(text);
    for (const std::string& part : parts)
        if (part.empty() || part.size() > kMaxSubtagBytes || !has_only(part, is_of_tag)) return std::nullopt;
    if (!read(parts)) return std::nullopt;
    std::string tag;
    for (const std::string& part : parts) tag += (tag.empty() ? "" : "-") + part;
    return tag;
}

std::string shared_part_of(std::string_view tag) {
    constexpr std::size_t kMostLetters = 3;
    std::size_t end = std::min(tag.find('-'), tag.size());
    if (end > kMostLetters) return {};
    while (end < tag.size()) {
        const std::size_t next = std::min(tag.find('-', end + 1), tag.size());
        const std::string_view subtag = tag.substr(end + 1, next - end - 1);
        if (!is_script(subtag) && !is_region(subtag)) break;
        end = next;
    }
    return std::string(tag.substr(0, end));
}

}  // namespace keyledger
