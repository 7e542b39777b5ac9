#include "eventstore/audit/tree_head_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace keyledger::eventstore::audit {
namespace {

struct File {
    int descriptor;
    ~File() {
        if (descriptor >= 0) ::close(descriptor);
    }
};

std::string trouble(const std::string& path, const char* what) {
    return "the tree heads' file " + path + ' ' + what + ": " + std::strerror(errno);
}

// Streams throw when they read a folder.
bool is_folder(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return false;
    errno = EISDIR;
    return true;
}

}  // namespace

Result<void, std::string> append_note(const std::string& path, const std::string& note) {
    const File file{::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644)};
    if (file.descriptor < 0) return Unexpected(trouble(path, "can't be opened"));
    std::string text;
    // What a crash tore must not swallow the next note.
    const off_t size = ::lseek(file.descriptor, 0, SEEK_END);
    char last[2] = {'\n', '\n'};
    if (size >= 2 && ::pread(file.descriptor, last, 2, size - 2) != 2)
        return Unexpected(trouble(path, "can't be read"));
    if (size > 0 && (last[0] != '\n' || last[1] != '\n')) text = "\n\n";
    text += note + "\n";
    const ssize_t written = ::write(file.descriptor, text.data(), text.size());
    if (written != static_cast<ssize_t>(text.size())) return Unexpected(trouble(path, "can't be written"));
    if (::fdatasync(file.descriptor) != 0) return Unexpected(trouble(path, "can't be synced"));
    return {};
}

Result<Notes, std::string> read_notes(const std::string& path) {
    if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return Notes{};
    if (is_folder(path)) return Unexpected(trouble(path, "can't be read"));
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in) return Unexpected(trouble(path, "can't be read"));
    return split_notes(text);
}

Result<Notes, std::string> read_last_notes(const std::string& path) {
    constexpr std::streamoff kTail = 64 * 1024;
    if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return Notes{};
    if (is_folder(path)) return Unexpected(trouble(path, "can't be read"));
    std::ifstream in(path, std::ios::binary | std::ios::ate);
    const std::streamoff size = in.tellg();
    const std::streamoff from = std::max<std::streamoff>(size - kTail, 0);
    in.seekg(from);
    const std::string tail{std::istreambuf_iterator<char>(in), {}};
    if (!in) return Unexpected(trouble(path, "can't be read"));
    if (from == 0) return split_notes(tail);
    // The first piece may be the end of a note; its signatures stand behind an empty line too.
    const std::size_t signature = tail.find("\n\n\u2014 ");
    const std::size_t next = signature == tail.npos ? tail.npos : tail.find("\n\n", signature + 2);
    return split_notes(next == tail.npos ? std::string_view() : std::string_view(tail).substr(next + 2));
}

NewestHead newest_of(const Notes& notes, const Uuid& log_id, const OpenNote& open) {
    NewestHead newest;
    for (const std::string& note : notes.notes) {
        auto head = open_tree_head(note, open);
        if (!head) {
            ++newest.unopened;
            continue;
        }
        if (head->head.log_id != log_id) continue;
        if (!newest.head || head->head.size > newest.head->head.size) newest.head = std::move(*head);
    }
    return newest;
}

}  // namespace keyledger::eventstore::audit
