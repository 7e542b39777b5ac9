#pragma once
// Where the texts of mail come from: compiled in, and an operator's folder before that. Any thread.
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace keyledger::mail {

inline constexpr std::string_view kLayoutName = "layout";

struct TemplateSource {
    std::string path;  // told with faults
    std::string text;
};

// By language, then by the name of the file without its ending: kLayoutName, or a kind's.
using TemplateSources = std::map<std::string, std::map<std::string, TemplateSource, std::less<>>, std::less<>>;

// Also tells what can't be read, is missing, or would never be looked at. `folder` may be empty.
TemplateSources template_sources(const std::string& folder, std::vector<std::string>& faults);

}  // namespace keyledger::mail
