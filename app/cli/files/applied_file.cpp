#include "app/cli/files/applied_file.hpp"

#include <fstream>
#include <iostream>

#include "app/config/yaml.hpp"

namespace keyledger::app {

using commands::Change;

Result<std::string, std::string> read_file_to_apply(const std::string& path) {
    const bool standard = path == "-";
    std::ifstream file;
    if (!standard) file.open(path, std::ios::binary);
    if (!standard && !file) return Unexpected("can't read '" + path + "'");
    std::istream& in = standard ? std::cin : file;
    std::string text(kMaxYamlBytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (in.bad()) return Unexpected("can't read '" + path + "'");
    return text;
}

std::string_view word_of(Change change) {
    switch (change) {
        case Change::kNone: return "unchanged";
        case Change::kMade: return "made";
        case Change::kChanged: return "changed";
        case Change::kRemoved: return "removed";
    }
    return "";
}
char mark_of(Change change) {
    switch (change) {
        case Change::kNone: return ' ';
        case Change::kMade: return '+';
        case Change::kChanged: return '~';
        case Change::kRemoved: return '-';
    }
    return ' ';
}

}  // namespace keyledger::app
