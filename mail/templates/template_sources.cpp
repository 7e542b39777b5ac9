#include "mail/templates/template_sources.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "mail/kinds.hpp"
#include "mail/templates/compiled_in.hpp"
#include "mail/templates/template_file.hpp"

namespace keyledger::mail {
namespace {

namespace files = std::filesystem;

constexpr std::string_view kEnding = ".mustache";
constexpr std::size_t kMostLanguages = 64;
constexpr std::size_t kMostTagBytes = 35;  // RFC 5646 section 4.4.1

bool is_tag(std::string_view text) {
    const auto is_fine = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    };
    return text.size() >= 2 && text.size() <= kMostTagBytes && std::all_of(text.begin(), text.end(), is_fine) &&
           text.front() != '-' && text.back() != '-';
}

std::string read_file(const files::path& path, std::vector<std::string>& faults) {
    std::error_code error;
    std::ifstream in;
    if (files::is_regular_file(path, error)) in.open(path, std::ios::binary);
    std::string text(kMostTemplateBytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (!in.is_open() || in.bad()) faults.push_back(fault_at(path.string(), 1, "can't be read"));
    if (text.size() > kMostTemplateBytes)
        faults.push_back(fault_at(path.string(), 1, "has more than " + std::to_string(kMostTemplateBytes) + " bytes"));
    return text;
}

// Puts the files of a language's folder in the place of those that are compiled in.
void read_language(const files::path& folder, TemplateSources& sources, std::vector<std::string>& faults) {
    const std::string tag = folder.filename().string();
    if (!is_tag(tag)) {
        faults.push_back(fault_at(folder.string(), 1, "a folder is named by a language tag, such as 'fr' or 'pt-BR'"));
        return;
    }
    std::error_code error;
    for (const auto& entry : files::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename().string();
        const std::string stem = name.ends_with(kEnding) ? name.substr(0, name.size() - kEnding.size()) : "";
        if (stem == kLayoutName || kind_named(stem))
            sources[tag][stem] = {entry.path().string(), read_file(entry.path(), faults)};
        else
            faults.push_back(fault_at(entry.path().string(), 1,
                                      "there is no mail of this name; a file is called 'layout.mustache' or as a kind "
                                      "of mail is, such as 'welcome.mustache'"));
    }
    if (error) faults.push_back(fault_at(folder.string(), 1, "can't be read"));
}

void read_folder(const std::string& folder, TemplateSources& sources, std::vector<std::string>& faults) {
    std::error_code error;
    for (const auto& entry : files::directory_iterator(folder, error)) {
        if (sources.size() > kMostLanguages) return faults.push_back(fault_at(folder, 1, "holds too many languages"));
        if (entry.is_directory(error)) read_language(entry.path(), sources, faults);
        else faults.push_back(fault_at(entry.path().string(), 1, "only folders, one a language, belong here"));
    }
    if (error) faults.push_back(fault_at(folder, 1, "can't be read"));
}

}  // namespace

TemplateSources template_sources(const std::string& folder, std::vector<std::string>& faults) {
    TemplateSources sources;
    for (const CompiledTemplate& one : compiled_templates()) {
        std::string path = "(compiled in)/" + std::string(one.language) + "/" + std::string(one.name);
        sources[std::string(one.language)][std::string(one.name)] = {std::move(path) + std::string(kEnding),
                                                                     std::string(one.text)};
    }
    if (!folder.empty()) read_folder(folder, sources, faults);
    for (auto& [tag, its] : sources) {
        std::vector<std::string_view> names{kLayoutName};
        for (const KindRow& row : all_kinds()) names.push_back(row.name);
        for (const std::string_view name : names)
            if (!its.contains(name))
                faults.push_back(fault_at(tag + "/" + std::string(name) + std::string(kEnding), 1,
                                          "is missing: a language that is not compiled in needs every file"));
    }
    return sources;
}

}  // namespace keyledger::mail
