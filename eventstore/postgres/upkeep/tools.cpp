#include "eventstore/postgres/upkeep/tools.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <functional>
#include <limits>

namespace keyledger::eventstore::postgres {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostWords = 1024;  // of a program that was asked for its version
// Each with a folder for every version: Debian's packages, and those that the PostgreSQL project makes for Red Hat.
constexpr const char* kDebianFolder = "/usr/lib/postgresql";
constexpr const char* kRedHatFolder = "/usr";
constexpr std::string_view kRedHatPrefix = "pgsql-";

bool can_run(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored) && access(path.c_str(), X_OK) == 0;
}

// Sorted, so that the order does not depend on the disk.
std::vector<fs::path> folders_in(const char* parent, const std::function<bool(const std::string&)>& is_wanted) {
    std::vector<fs::path> found;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(parent, ignored))
        if (is_wanted(entry.path().filename().string())) found.push_back(entry.path() / "bin");
    std::sort(found.begin(), found.end());
    return found;
}

// For the one that is chosen, and not for all that are asked. Debian's own chooses its version by PGHOST and its like.
bool is_secret(std::string_view variable) {
    return variable.starts_with("PGPASSWORD=") || variable.starts_with("KEYLEDGER_");
}

// Whether it can be read, or has ended, by then.
bool comes(int fd, std::chrono::steady_clock::time_point until) {
    for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
        if (left <= 0) return false;
        pollfd one{fd, POLLIN, 0};
        const int found = poll(&one, 1, static_cast<int>(left));
        if (found > 0 || (found < 0 && errno != EINTR)) return found > 0;
    }
}

// What it writes on standard output, or nothing where it can't be started, fails or does not end in time.
std::string words_of(const std::string& program, std::vector<std::string> environment,
                     std::chrono::milliseconds patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) != 0) return {};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::string name = program;
    std::string question = "--version";
    char* arguments[] = {name.data(), question.data(), nullptr};
    std::vector<char*> variables;
    for (std::string& variable : environment)
        if (!is_secret(variable)) variables.push_back(variable.data());
    variables.push_back(nullptr);
    pid_t child = 0;
    const int failed = posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, variables.data());
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    std::string said;
    char part[256];
    while (failed == 0 && comes(ends[0], until)) {
        const ssize_t got = read(ends[0], part, sizeof part);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        if (said.size() < kMostWords) said.append(part, static_cast<std::size_t>(got));
    }
    close(ends[0]);
    if (failed != 0) return {};
    const int watch = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
    if (watch < 0 || !comes(watch, until)) kill(child, SIGKILL);
    if (watch >= 0) close(watch);
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return {};
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? said : std::string();
}

// Reads the head of an archive; after the first thing that is not there everything is nothing.
class Head {
public:
    explicit Head(std::string_view bytes) : left_(bytes) {}

    int byte() {
        if (left_.empty()) return fail();
        const auto value = static_cast<unsigned char>(left_.front());
        left_.remove_prefix(1);
        return value;
    }
    void use_integers_of(int bytes) { integer_bytes_ = bytes; }
    // A sign, then the bytes, the lowest first.
    std::int64_t integer() {
        const bool negative = byte() != 0;
        std::uint64_t value = 0;
        for (int i = 0; i < integer_bytes_; ++i) value |= static_cast<std::uint64_t>(byte()) << (8 * i);
        if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return fail();
        return negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
    }
    std::string_view text() {
        const std::int64_t length = integer();
        if (length <= 0 || static_cast<std::size_t>(length) > left_.size()) {
            if (length > 0) fail();
            return {};
        }
        const auto value = left_.substr(0, static_cast<std::size_t>(length));
        left_.remove_prefix(static_cast<std::size_t>(length));
        return value;
    }
    bool is_whole() const { return whole_; }

private:
    int fail() {
        whole_ = false;
        left_ = {};
        return 0;
    }
    std::string_view left_;
    int integer_bytes_ = 4;
    bool whole_ = true;
};

constexpr int kTellsOfNewSetting = 17;  // transaction_timeout

constexpr std::string_view kArchiveMagic = "PGDMP";
constexpr int kCustomFormat = 1;
constexpr int kAlgorithmSinceMinor =
    15;  // of archives 1.x: a byte names the compression, before that a number its level
constexpr int kTimeFields = 7;

}  // namespace

std::vector<std::string> places_of(const std::string& program, const std::string& folder,
                                   std::string_view search_path) {
    std::vector<fs::path> folders;
    if (!folder.empty()) {
        folders.emplace_back(folder);
    } else {
        while (!search_path.empty()) {
            const auto end = std::min(search_path.find(':'), search_path.size());
            if (end > 0) folders.emplace_back(search_path.substr(0, end));
            search_path.remove_prefix(std::min(end + 1, search_path.size()));
        }
        for (auto& one : folders_in(kDebianFolder, [](const auto&) { return true; })) folders.push_back(one);
        const auto is_release = [](const std::string& name) { return name.starts_with(kRedHatPrefix); };
        for (auto& one : folders_in(kRedHatFolder, is_release)) folders.push_back(one);
    }
    std::vector<std::string> places;
    for (const fs::path& one : folders) {
        std::error_code ignored;
        const std::string path = (fs::weakly_canonical(one, ignored) / program).string();  // /bin is /usr/bin
        if (can_run(path) && std::find(places.begin(), places.end(), path) == places.end()) places.push_back(path);
    }
    return places;
}

std::optional<int> major_in(std::string_view words) {
    const auto digit = words.find_first_of("0123456789");
    if (digit == std::string_view::npos) return std::nullopt;
    int major = 0;
    const auto read = std::from_chars(words.data() + digit, words.data() + words.size(), major);
    return read.ec == std::errc() ? std::optional(major) : std::nullopt;
}

std::vector<Tool> versions_of(const std::vector<std::string>& places, const std::vector<std::string>& environment,
                              std::chrono::milliseconds patience) {
    std::vector<Tool> tools;
    for (const std::string& place : places) {
        const std::string words = words_of(place, environment, patience);
        const auto of = words.find("(PostgreSQL)");
        if (of == std::string::npos) continue;
        if (const auto major = major_in(std::string_view(words).substr(of))) tools.push_back({place, *major});
    }
    return tools;
}

Releases releases_for(int server_major, int least) {
    if (server_major >= kTellsOfNewSetting) return {.least = least};
    return {.least = least, .most = kTellsOfNewSetting - 1};
}

std::optional<Tool> oldest_that_suffices(const std::vector<Tool>& tools, Releases releases) {
    std::optional<Tool> best;
    for (const Tool& tool : tools)
        if (tool.major >= releases.least && tool.major <= releases.most && (!best || tool.major < best->major))
            best = tool;
    return best;
}

namespace {

std::string words_of(Releases releases) {
    if (releases.most == Releases{}.most) return std::to_string(releases.least) + " or newer";
    if (releases.most == releases.least) return std::to_string(releases.least);
    return std::to_string(releases.least) + " to " + std::to_string(releases.most);
}

}  // namespace

Result<Tool, std::string> find_tool(const std::string& program, Releases releases, const std::string& why,
                                    const std::string& folder, const std::vector<std::string>& environment) {
    std::string search_path;
    for (const std::string& variable : environment)
        if (variable.starts_with("PATH=")) search_path = variable.substr(5);
    const auto tools = versions_of(places_of(program, folder, search_path), environment);
    if (auto tool = oldest_that_suffices(tools, releases)) return std::move(*tool);
    const std::string needed = program + " of PostgreSQL " + words_of(releases);
    std::string there;
    for (const Tool& tool : tools)
        there += (there.empty() ? "" : ", ") + tool.path + " is of " + std::to_string(tool.major);
    const std::string where = folder.empty() ? "in the PATH or below " + std::string(kDebianFolder) : "in " + folder;
    return Unexpected(why + ", and that takes " + needed + ": " +
                      (there.empty() ? "there is none " + where : "of those that are here, " + there) +
                      ". Install postgresql-client-" + std::to_string(releases.least) +
                      ", or name the folder of one in KEYLEDGER_POSTGRES_TOOLS");
}

std::optional<Archive> archive_in(std::string_view head_bytes) {
    if (!head_bytes.starts_with(kArchiveMagic)) return std::nullopt;
    Head head(head_bytes.substr(kArchiveMagic.size()));
    const int version = head.byte();
    const int minor = head.byte();
    head.byte();  // the revision
    head.use_integers_of(std::min(head.byte(), 8));
    head.byte();  // the size of an offset
    if (version != 1 || head.byte() != kCustomFormat) return std::nullopt;
    if (minor >= kAlgorithmSinceMinor) head.byte();
    else head.integer();
    for (int i = 0; i < kTimeFields; ++i) head.integer();
    head.text();  // the database's name
    const auto database = major_in(head.text());
    const auto tool = major_in(head.text());
    if (!head.is_whole() || !database || !tool) return std::nullopt;
    return Archive{*database, *tool};
}

}  // namespace keyledger::eventstore::postgres
