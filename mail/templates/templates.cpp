#include "mail/templates/templates.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <kainjow/mustache.hpp>
#include <utility>

#include "mail/message/shown.hpp"
#include "mail/templates/template_file.hpp"
#include "mail/templates/template_sources.hpp"

namespace keyledger::mail {
namespace {

using kainjow::mustache::data;
using kainjow::mustache::mustache;

constexpr std::size_t kMonths = 12;
constexpr std::size_t kMostColumns = 72;

const std::vector<std::string_view> kKindParts{"subject", "text", "html"};
const std::vector<std::string_view> kLayoutParts{"months", "time", "text", "html"};

std::vector<std::string_view> variables_of(const KindRow& row) {
    std::vector<std::string_view> names{"service", "name"};
    for (const FactName& fact : kFactNames)
        for (const auto facts : {row.needs, row.may})
            if (std::ranges::find(facts, fact.fact) != facts.end()) names.push_back(fact.name);
    return names;
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        lines.emplace_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

enum class As { kText, kHtml };

// Parsed anew each time: rendering changes a mustache, and mail is no hot path.
std::string filled(const std::string& part, As as, const data& values) {
    mustache made(part);
    if (as == As::kText) made.set_custom_escape([](const std::string& text) { return text; });
    return made.render(values);
}

// Sections that were left out leave blank lines.
std::string without_gaps(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (c != '\n' || !(out.empty() || out.ends_with("\n\n"))) out += c;
    while (out.ends_with('\n')) out.pop_back();
    return out;
}

std::size_t columns_of(std::string_view text) {
    const auto begins_character = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

// A paragraph is one line of a template; nobody knows how long it is before it is filled.
std::string wrapped(std::string_view text) {
    std::string out;
    for (const std::string& line : lines_of(text)) {
        if (!out.empty()) out += '\n';
        std::size_t column = 0;
        for (std::size_t at = 0; at < line.size();) {
            const std::size_t end = std::min(line.find(' ', at + 1), line.size());
            std::string_view word = std::string_view(line).substr(at, end - at);  // with the blank before it
            if (column > 0 && column + columns_of(word) > kMostColumns) {
                out += '\n';
                word.remove_prefix(1);
                column = 0;
            }
            out += word;
            column += columns_of(word);
            at = end;
        }
    }
    return out;
}

// The last word has who fills it in.
void check(const std::string& path, const TemplatePart& part, const std::vector<std::string_view>& variables,
           std::string_view unescaped, std::vector<std::string>& faults) {
    const std::size_t before = faults.size();
    check_part(path, part, variables, unescaped, faults);
    if (faults.size() > before) return;
    if (const mustache made(part.text); !made.is_valid())
        faults.push_back(fault_at(path, part.line, made.error_message()));
}

}  // namespace

struct Templates::Language {
    struct Texts {
        std::string subject;
        std::string text;
        std::string html;
    };
    std::vector<Texts> kinds;  // in the order of Kind
    Texts layout;
    std::string time;
    std::vector<std::string> months;

    void take_layout(const TemplateSource& source, std::vector<std::string>& faults);
    void take_kind(const KindRow& row, const TemplateSource& source, std::vector<std::string>& faults);
    std::string told_time(Instant at) const;
    data values(const KindRow& row, const Facts& facts) const;
};

namespace {

bool is_code(std::string_view text) {
    constexpr std::size_t kMostCodeBytes = 32;
    const auto is_fine = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
    };
    return text.size() <= kMostCodeBytes && std::all_of(text.begin(), text.end(), is_fine);
}

// What the facts say, as text; empty: nothing, or nothing that may be shown.
std::string told(const Facts& facts, Fact fact) {
    const auto number = [](const std::optional<int>& value) { return value ? std::to_string(*value) : ""; };
    switch (fact) {
        case Fact::kAt:
        case Fact::kDue: return {};  // as each language writes it
        case Fact::kDevice: return shown_name(facts.device);
        case Fact::kPlace: return shown_place(facts.place);
        case Fact::kAddress: return shown_address(facts.address);
        case Fact::kFactor: return shown_name(facts.factor);
        case Fact::kProvider: return shown_name(facts.provider);
        case Fact::kCode: return is_code(facts.code) ? facts.code : "";
        case Fact::kLink: return is_link(facts.link) ? facts.link : "";
        case Fact::kMinutes: return number(facts.minutes);
        case Fact::kLeft: return number(facts.left);
        case Fact::kCount: return number(facts.count);
    }
    return {};
}

}  // namespace

std::string Templates::Language::told_time(Instant at) const {
    namespace chrono = std::chrono;
    const chrono::sys_seconds second(chrono::seconds(at.whole_seconds()));
    const auto day = chrono::floor<chrono::days>(second);
    const chrono::year_month_day date(day);
    const chrono::hh_mm_ss clock(second - day);
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%02d:%02d", static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()));
    data values;
    values.set("day", std::to_string(static_cast<unsigned>(date.day())));
    values.set("month", months[static_cast<unsigned>(date.month()) - 1]);
    values.set("year", std::to_string(static_cast<int>(date.year())));
    values.set("clock", std::string(text.data()));
    return filled(time, As::kText, values);
}

data Templates::Language::values(const KindRow& row, const Facts& facts) const {
    data values;
    for (const FactName& fact : kFactNames) {
        const auto is_told = [&](std::span<const Fact> all) { return std::ranges::find(all, fact.fact) != all.end(); };
        if (!is_told(row.needs) && !is_told(row.may)) continue;
        std::string text = told(facts, fact.fact);
        if (fact.fact == Fact::kAt && facts.at) text = told_time(*facts.at);
        if (fact.fact == Fact::kDue && facts.due) text = told_time(*facts.due);
        if (!text.empty()) values.set(std::string(fact.name), text);
    }
    return values;
}

void Templates::Language::take_layout(const TemplateSource& source, std::vector<std::string>& faults) {
    TemplateParts parts = read_parts(source.path, source.text, kLayoutParts, faults);
    check(source.path, parts["time"], {"day", "month", "year", "clock"}, "", faults);
    check(source.path, parts["text"], {"service", "name", "content"}, "", faults);
    check(source.path, parts["html"], {"service", "name", "language"}, "content", faults);
    months = lines_of(parts["months"].text);
    if (months.size() != kMonths)
        faults.push_back(fault_at(source.path, parts["months"].line, "there are 12 months, a line each"));
    time = parts["time"].text;
    layout = {"", parts["text"].text, parts["html"].text};
}

void Templates::Language::take_kind(const KindRow& row, const TemplateSource& source,
                                    std::vector<std::string>& faults) {
    TemplateParts parts = read_parts(source.path, source.text, kKindParts, faults);
    for (const auto& [name, part] : parts) check(source.path, part, variables_of(row), "", faults);
    if (parts["subject"].text.find('\n') != std::string::npos)
        faults.push_back(fault_at(source.path, parts["subject"].line, "a subject has one line"));
    kinds.push_back({parts["subject"].text, parts["text"].text, parts["html"].text});
}

Result<Templates, TemplateFaults> Templates::load(const std::string& folder) {
    TemplateFaults found;
    std::vector<std::string>& faults = found.sentences;
    const TemplateSources sources = template_sources(folder, faults);
    Languages languages;
    for (const auto& [tag, its] : sources) {
        auto language = std::make_unique<Language>();
        if (const auto at = its.find(kLayoutName); at != its.end()) language->take_layout(at->second, faults);
        for (const KindRow& row : all_kinds())
            if (const auto at = its.find(row.name); at != its.end()) language->take_kind(row, at->second, faults);
        languages.emplace(tag, std::move(language));
    }
    if (faults.empty()) return Templates(std::move(languages));
    if (faults.size() > kMostTemplateFaults) faults.resize(kMostTemplateFaults);
    return Unexpected(std::move(found));
}

Templates::Templates(Languages languages) : languages_(std::move(languages)) {}
Templates::Templates(Templates&&) noexcept = default;
Templates& Templates::operator=(Templates&&) noexcept = default;
Templates::~Templates() = default;

Result<Rendered, MissingFact> Templates::render(Kind kind, std::string_view language, std::string_view service,
                                                std::string_view name, const Facts& facts) const {
    const auto at = languages_.find(language);
    if (at == languages_.end()) throw std::out_of_range("mail: no such language");
    const Language& its = *at->second;
    const Language::Texts& texts = its.kinds[static_cast<std::size_t>(kind)];
    const KindRow& row = row_of(kind);
    data values = its.values(row, facts);
    for (const FactName& fact : kFactNames) {
        const bool is_needed = std::ranges::find(row.needs, fact.fact) != row.needs.end();
        if (is_needed && values.get(std::string(fact.name)) == nullptr) return Unexpected(MissingFact{fact.name});
    }
    values.set("service", std::string(service));
    if (const std::string shown = shown_name(name); !shown.empty()) values.set("name", shown);
    values.set("language", at->first);
    Rendered made;
    made.language = at->first;
    made.subject = filled(texts.subject, As::kText, values);
    values.set("content", without_gaps(filled(texts.text, As::kText, values)));
    made.text = wrapped(filled(its.layout.text, As::kText, values)) + "\n";
    values.set("content", without_gaps(filled(texts.html, As::kHtml, values)));
    made.html = filled(its.layout.html, As::kHtml, values) + "\n";
    return made;
}

}  // namespace keyledger::mail
