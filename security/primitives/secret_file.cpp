#include "security/primitives/secret_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace keyledger::security {

namespace {

std::optional<std::string> what_is_wrong_with_kind_and_owner(const std::string& path, const struct stat& status) {
    if (!S_ISREG(status.st_mode)) return "'" + path + "' is not a regular file";
    if (status.st_uid != 0 && status.st_uid != ::geteuid())
        return "'" + path + "' belongs to another user, who could change it: chown it";
    return std::nullopt;
}

}  // namespace

std::optional<std::string> what_is_wrong_with_trusted_file(const std::string& path, const struct stat& status) {
    if (const auto wrong = what_is_wrong_with_kind_and_owner(path, status)) return wrong;
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return "'" + path + "' can be changed by others: chmod go-w it";
    return std::nullopt;
}

std::optional<std::string> what_is_wrong_with_secret_file(const std::string& path, const struct stat& status) {
    if (const auto wrong = what_is_wrong_with_kind_and_owner(path, status)) return wrong;
    if ((status.st_mode & S_IRWXO) != 0) return "'" + path + "' is open to others: chmod 600 it";
    const mode_t for_group = status.st_uid == 0 ? S_IRGRP : 0;
    if ((status.st_mode & S_IRWXG & ~for_group) != 0)
        return "'" + path + "' is open to its group: chmod 600 it (only a file of root may be read by a group)";
    return std::nullopt;
}

std::optional<std::string> what_is_wrong_with_secret_file(const std::string& path) {
    struct stat status = {};
    if (::stat(path.c_str(), &status) != 0) return "'" + path + "' can't be examined: " + std::strerror(errno);
    return what_is_wrong_with_secret_file(path, status);
}

}  // namespace keyledger::security
