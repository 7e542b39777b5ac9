#include "mail/templates/template_file.hpp"

#include <algorithm>

#include "domain/base/plain_text.hpp"
#include "mail/message/encodings.hpp"

namespace keyledger::mail {
namespace {

constexpr std::string_view kPartBegins = "== ";

std::string joined(const std::vector<std::string_view>& words) {
    std::string all;
    for (const std::string_view word : words) all.append(all.empty() ? "" : ", ").append(word);
    return all;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\n' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

void fault(std::vector<std::string>& faults, const std::string& path, int line, const std::string& sentence) {
    faults.push_back(fault_at(path, line, sentence));
}

// Goes through the tags of a part.
class TagChecker {
public:
    TagChecker(const std::string& path, const TemplatePart& part, const std::vector<std::string_view>& variables,
               std::string_view unescaped, std::vector<std::string>& faults)
        : path_(path), part_(part), variables_(variables), unescaped_(unescaped), faults_(faults) {}

    void check() {
        const std::string_view text = part_.text;
        for (std::size_t at = text.find("{{"); at != text.npos; at = text.find("{{", at)) {
            const bool is_triple = text.substr(at).starts_with("{{{");
            const std::string_view closing = is_triple ? "}}}" : "}}";
            const std::size_t end = text.find(closing, at);
            if (end == text.npos) return tell(at, "a tag is opened and not closed");
            const std::size_t begin = at + closing.size();
            check_tag(at, trimmed(text.substr(begin, end - begin)), is_triple);
            at = end + closing.size();
        }
        for (const Section& section : sections_)
            tell(section.at, "the section '" + std::string(section.name) + "' is opened and not closed");
    }

private:
    struct Section {
        std::string_view name;
        std::size_t at;
    };

    void tell(std::size_t at, const std::string& sentence) {
        const auto lines = std::count(part_.text.begin(), part_.text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
        fault(faults_, path_, part_.line + static_cast<int>(lines), sentence);
    }

    void check_tag(std::size_t at, std::string_view tag, bool is_triple) {
        if (tag.starts_with('!')) return;  // a comment
        if (is_triple || tag.starts_with('&')) {
            if (!is_triple) tag = trimmed(tag.substr(1));
            if (tag != unescaped_ || tag.empty())
                tell(at, "'" + std::string(tag) + "' may not stand unescaped: use two braces");
            return;
        }
        const char sigil = tag.empty() ? ' ' : tag.front();
        if (sigil == '>' || sigil == '=') return tell(at, "neither other files nor other delimiters can be used");
        const bool is_section = sigil == '#' || sigil == '^';
        const std::string_view name = is_section || sigil == '/' ? trimmed(tag.substr(1)) : tag;
        if (sigil == '/') return close(at, name);
        if (std::ranges::find(variables_, name) == variables_.end())
            tell(at, "there is no variable '" + std::string(name) + "' here; there are " + joined(variables_));
        if (is_section) sections_.push_back({name, at});
    }

    void close(std::size_t at, std::string_view name) {
        if (sections_.empty() || sections_.back().name != name)
            return tell(at, "the section '" + std::string(name) + "' is closed and was not the last one opened");
        sections_.pop_back();
    }

    const std::string& path_;
    const TemplatePart& part_;
    const std::vector<std::string_view>& variables_;
    const std::string_view unescaped_;
    std::vector<std::string>& faults_;
    std::vector<Section> sections_;
};

// Of what divides a file into parts. Comments may stand before the first.
class PartReader {
public:
    PartReader(const std::string& path, const std::vector<std::string_view>& names, std::vector<std::string>& faults)
        : path_(path), names_(names), faults_(faults) {}

    void take(std::string_view line) {
        ++line_;
        if (line.starts_with(kPartBegins)) return begin(std::string(trimmed(line.substr(kPartBegins.size()))));
        if (part_ != nullptr) part_->text.append(line).append("\n");
        else if (!trimmed(line).empty() && !line.starts_with('#'))
            fault(faults_, path_, line_, "text stands before the first part; a part begins with '== subject'");
    }

    TemplateParts finish() {
        for (auto& [name, part] : parts_) part.text = without_outer_lines(part);
        for (const std::string_view name : names_) {
            const auto at = parts_.find(name);
            if (at == parts_.end()) fault(faults_, path_, 1, "the part '" + std::string(name) + "' is missing");
            else if (at->second.text.empty())
                fault(faults_, path_, at->second.line, "the part '" + std::string(name) + "' is empty");
        }
        return std::move(parts_);
    }

private:
    void begin(const std::string& name) {
        part_ = &nowhere_;
        if (std::ranges::find(names_, name) == names_.end())
            return fault(faults_, path_, line_, "there is no part '" + name + "' here; there are " + joined(names_));
        const auto [at, is_new] = parts_.try_emplace(name);
        if (!is_new) return fault(faults_, path_, line_, "the part '" + name + "' is there twice");
        part_ = &at->second;
        part_->line = line_ + 1;
    }

    static std::string without_outer_lines(TemplatePart& part) {
        std::string_view text = part.text;
        while (text.starts_with('\n')) {
            text.remove_prefix(1);
            ++part.line;
        }
        return std::string(trimmed(text));
    }

    const std::string& path_;
    const std::vector<std::string_view>& names_;
    std::vector<std::string>& faults_;
    TemplateParts parts_;
    TemplatePart nowhere_;
    TemplatePart* part_ = nullptr;
    int line_ = 0;
};

}  // namespace

std::string fault_at(const std::string& path, int line, const std::string& sentence) {
    return as_plain_text(path + ":" + std::to_string(line) + ": " + sentence);
}

TemplateParts read_parts(const std::string& path, std::string_view text, const std::vector<std::string_view>& names,
                         std::vector<std::string>& faults) {
    PartReader reader(path, names, faults);
    int line = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view one = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        ++line;
        if (one.ends_with('\r')) one.remove_suffix(1);
        if (!is_text(one)) fault(faults, path, line, "it is no UTF-8, or has control characters");
        reader.take(one);
    }
    return reader.finish();
}

void check_part(const std::string& path, const TemplatePart& part, const std::vector<std::string_view>& variables,
                std::string_view unescaped, std::vector<std::string>& faults) {
    TagChecker(path, part, variables, unescaped, faults).check();
}

}  // namespace keyledger::mail
