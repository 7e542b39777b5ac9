#pragma once
// Files that hold secrets: keys, passwords, digests of them.
#include <sys/stat.h>

#include <optional>
#include <string>

namespace keyledger::security {

// Why a file must not be taken for a secret; nullopt: it may. It has to be a regular file (links are followed), of the
// process's own user or of root, that nobody else can write, and that others can't read. A group may read it only where
// it belongs to root (0640, 0440): so do Kubernetes (defaultMode 0400 with fsGroup) and Docker (mode 0440 with a gid)
// hand secrets to a service that is not root. The sentence names the file and says what to do.
std::optional<std::string> what_is_wrong_with_secret_file(const std::string& path, const struct stat& status);

// The same of the file at `path`, and that there is none.
std::optional<std::string> what_is_wrong_with_secret_file(const std::string& path);

// Why a file must not decide how a service runs; nullopt: it may. The same rule without that on reading: it is of the
// process's own user or of root, and nobody else can write it.
std::optional<std::string> what_is_wrong_with_trusted_file(const std::string& path, const struct stat& status);

}  // namespace keyledger::security
