#pragma once
// A file of mail's texts: parts, each below a line `== name`, and each a mustache template. Pure; any thread.
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace keyledger::mail {

inline constexpr std::size_t kMostTemplateBytes = 64 * 1024;

struct TemplatePart {
    std::string text;
    int line = 0;  // of the file, where it begins
};

using TemplateParts = std::map<std::string, TemplatePart, std::less<>>;

// `path:line: sentence`, in which nothing writes lines of its own into a log.
std::string fault_at(const std::string& path, int line, const std::string& sentence);

// What stands in the file; of each of `names` there has to be one part that is not empty, and no others. Faults are
// told as fault_at() does.
TemplateParts read_parts(const std::string& path, std::string_view text, const std::vector<std::string_view>& names,
                         std::vector<std::string>& faults);

// Whether the part is sound, and has only these variables. `unescaped` may stand in three braces, where HTML is put
// into HTML; nothing else may, and neither partials nor other delimiters.
void check_part(const std::string& path, const TemplatePart& part, const std::vector<std::string_view>& variables,
                std::string_view unescaped, std::vector<std::string>& faults);

}  // namespace keyledger::mail
