#include "app/core/template_folder.hpp"

#include <sys/stat.h>

#include <filesystem>

#include "security/primitives/secret_file.hpp"

namespace keyledger::app {
namespace {

constexpr std::size_t kMostUntrusted = 10;

}  // namespace

std::vector<std::string> untrusted_templates(const std::string& setting, const std::string& folder) {
    namespace files = std::filesystem;
    std::vector<std::string> faults;
    const auto look = [&](const files::path& path) {
        struct stat status = {};
        if (faults.size() >= kMostUntrusted || ::stat(path.c_str(), &status) != 0) return;
        if (S_ISDIR(status.st_mode)) status.st_mode = (status.st_mode & ~S_IFMT) | S_IFREG;  // the same rule
        if (const auto wrong = security::what_is_wrong_with_trusted_file(path.string(), status))
            faults.push_back(setting + ": " + *wrong);
    };
    if (folder.empty()) return faults;
    look(folder);
    std::error_code error;
    for (files::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
        look(at->path());
    return faults;
}

}  // namespace keyledger::app
