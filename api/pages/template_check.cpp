#include "api/pages/template_check.hpp"

#include <algorithm>
#include <kainjow/mustache.hpp>
#include <set>
#include <utility>

namespace keyledger::api {
namespace {

constexpr std::string_view kVariables[] = {
    "about",
    "action",
    "autocomplete",
    "button",
    "codes",
    "described_by",
    "done",
    "drawing",
    "fault",
    "fault_field",
    "fault_label",
    "fault_sentence",
    "fault_word",
    "field_look",
    "fields",
    "form_id",
    "forms",
    "has_codes",
    "has_items",
    "has_links",
    "has_navigation",
    "has_things",
    "hidden",
    "hint",
    "href",
    "icon",
    "id",
    "inputmode",
    "is_faulty",
    "is_here",
    "is_required",
    "is_trap",
    "item",
    "items",
    "label",
    "language",
    "link",
    "links",
    "logo",
    "look",
    "name",
    "navigation",
    "navigation_title",
    "one_code",
    "passkey",
    "passkey_advice",
    "passkey_error",
    "passkey_faults",
    "passkey_options",
    "path",
    "script",
    "scripts",
    "section",
    "section_forms",
    "section_id",
    "section_sentences",
    "sections",
    "sentence",
    "sentences",
    "service",
    "shown_secret",
    "style",
    "theme",
    "thing",
    "thing_forms",
    "things",
    "title",
    "type",
    "value",
    "view_box",
    "way",
    "what",
};

// A page without one of these looks whole, and is not.
constexpr std::string_view kNeeded[] = {
    "action",         "autocomplete",  "button",   "codes",    "described_by", "done",     "drawing", "fault",
    "fault_sentence", "fields",        "forms",    "hidden",   "hint",         "href",     "id",      "item",
    "label",          "language",      "link",     "name",     "navigation",   "one_code", "path",    "script",
    "section",        "section_forms", "sections", "sentence", "shown_secret", "style",    "thing",   "thing_forms",
    "things",         "title",         "type",     "value",    "what",
};

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.remove_suffix(1);
    return text;
}

class TagReader {
public:
    TagReader(const std::string& path, std::string_view text) : path_(path), text_(text) {}

    std::vector<std::string> read() {
        for (std::size_t at = text_.find("{{"); at != text_.npos; at = text_.find("{{", at)) {
            const std::size_t end = text_.find("}}", at);
            if (end == text_.npos) {
                tell(at, "a tag is opened and not closed");
                return std::move(faults_);
            }
            take(at, trimmed(text_.substr(at + 2, end - at - 2)));
            at = end + 2;
        }
        for (const std::string_view name : kNeeded)
            if (!named_.contains(name)) tell(0, "'" + std::string(name) + "' is missing, and pages need it");
        return std::move(faults_);
    }

private:
    void tell(std::size_t at, const std::string& sentence) {
        const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at), '\n');
        faults_.push_back(path_ + ":" + std::to_string(line) + ": " + sentence);
    }

    void take(std::size_t at, std::string_view tag) {
        const char sigil = tag.empty() ? ' ' : tag.front();
        if (sigil == '!') return;  // a comment
        if (sigil == '{' || sigil == '&') return tell(at, "nothing may stand unescaped: use two braces");
        if (sigil == '>' || sigil == '=') return tell(at, "neither other files nor other delimiters can be used");
        const bool is_section = sigil == '#' || sigil == '^' || sigil == '/';
        const std::string_view name = is_section ? trimmed(tag.substr(1)) : tag;
        if (std::ranges::find(kVariables, name) == std::end(kVariables))
            return tell(at, "there is no variable of this name");
        named_.insert(name);
    }

    const std::string& path_;
    const std::string_view text_;
    std::set<std::string_view> named_;
    std::vector<std::string> faults_;
};

}  // namespace

std::vector<std::string> faults_of_template(const std::string& path, std::string_view text) {
    std::vector<std::string> faults = TagReader(path, text).read();
    if (!faults.empty()) return faults;
    // The last word has who fills it in: sections that are not closed, and the like.
    const kainjow::mustache::mustache made{std::string(text)};
    if (!made.is_valid()) faults.push_back(path + ":1: " + made.error_message());
    // What the policy of pages does not let through would be missing without a word.
    for (const char* inline_code : {"<style", "style=\"", " onclick", "javascript:", "data:"})
        if (text.find(inline_code) != text.npos)
            faults.push_back(path + ":1: '" + inline_code + "' is stopped by the policy of pages: use style.css");
    return faults;
}

}  // namespace keyledger::api
