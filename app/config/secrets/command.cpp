#include "app/config/secrets/command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>

#include "app/config/secrets/secrets.hpp"
#include "domain/base/secret.hpp"
#include "security/primitives/secret_file.hpp"

namespace keyledger::app {
namespace {

using Clock = std::chrono::steady_clock;
using Output = Result<std::string, std::string>;

constexpr std::size_t kMostWords = 64;
constexpr std::int64_t kBetweenLooksMs = 100;  // for a signal to stop

class Descriptor {
public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    ~Descriptor() { close(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }

private:
    int fd_;
};

// What a child is given, in the form that posix_spawn takes. Its texts outlive it.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (std::string& text : texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
}

std::vector<std::string> environment_of_others() {
    std::vector<std::string> all;
    for (char** at = environ; at != nullptr && *at != nullptr; ++at)
        if (std::strncmp(*at, "KEYLEDGER_", 10) != 0) all.emplace_back(*at);
    return all;
}

class Spawning {
public:
    Spawning() {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawnattr_init(&attributes_);
    }
    ~Spawning() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }
    Spawning(const Spawning&) = delete;
    Spawning& operator=(const Spawning&) = delete;

    // 0 and the process, or errno.
    int start(const std::vector<std::string>& words, int output, pid_t& process) {
        ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
        if (::isatty(STDERR_FILENO) == 0)
            ::posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
        // The service blocks and ignores signals that a program expects to end it.
        sigset_t none, usual;
        sigemptyset(&none);
        sigemptyset(&usual);
        for (int signal : {SIGPIPE, SIGHUP, SIGINT, SIGTERM}) sigaddset(&usual, signal);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setsigdefault(&attributes_, &usual);
        ::posix_spawnattr_setpgroup(&attributes_, 0);
        ::posix_spawnattr_setflags(
            &attributes_, static_cast<short>(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
        std::vector<std::string> arguments = words;
        std::vector<std::string> variables = environment_of_others();
        return ::posix_spawn(&process, words.front().c_str(), &actions_, &attributes_, pointers_to(arguments).data(),
                             pointers_to(variables).data());
    }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

bool is_ignored(int signal) {
    struct sigaction action = {};
    return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

// What would end this process waits until the program has ended: that has a process group of its own, to which neither
// a terminal nor a supervisor speaks, and would live on. What this process ignores is not held: it would be pending, as
// if it were to end something. Whoever blocked a signal that is ignored takes it, and it counts all the same.
class HeldSignals {
public:
    HeldSignals() {
        sigset_t held;
        sigemptyset(&held);
        for (int signal : {SIGTERM, SIGINT, SIGHUP})
            if (!is_ignored(signal)) sigaddset(&held, signal);
        ::pthread_sigmask(SIG_BLOCK, &held, &before_);
    }
    ~HeldSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    HeldSignals(const HeldSignals&) = delete;
    HeldSignals& operator=(const HeldSignals&) = delete;

private:
    sigset_t before_{};
};

// Ends with all of its process group, whatever happens.
class Child {
public:
    // Of glibc 2.36 the header that declares pidfd_open() is C alone.
    explicit Child(pid_t process)
        : process_(process), watch_(static_cast<int>(::syscall(SYS_pidfd_open, process, 0))) {}
    ~Child() { end(); }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    int watch() const { return watch_.get(); }
    // The group first: as long as nobody has waited for the process, its id is no other's.
    int end() {
        if (process_ < 0) return status_;
        ::kill(-process_, SIGKILL);
        pid_t ended = -1;
        do ended = ::waitpid(process_, &status_, 0);
        while (ended < 0 && errno == EINTR);
        if (ended < 0) status_ = kUnknownEnd;
        process_ = -1;
        return status_;
    }

private:
    // As if it had ended with 255: where SIGCHLD is ignored, the system tells nobody how.
    static constexpr int kUnknownEnd = 255 << 8;

    pid_t process_;
    Descriptor watch_;
    int status_ = 0;
};

// What comes out of a pipe that does not block.
class Printed {
public:
    explicit Printed(int fd) : fd_(fd) {}
    ~Printed() { Secret::wipe(text_); }
    Printed(const Printed&) = delete;
    Printed& operator=(const Printed&) = delete;

    enum class Now { kMayGoOn, kEnded, kTooMuch };
    // All that is there now.
    Now read() {
        char bytes[4096];
        for (;;) {
            const ssize_t count = ::read(fd_, bytes, sizeof bytes);
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return errno == EAGAIN ? Now::kMayGoOn : Now::kEnded;
            if (count == 0) return Now::kEnded;
            if (text_.size() + static_cast<std::size_t>(count) > kMaxSecretsBytes) return Now::kTooMuch;
            text_.append(bytes, static_cast<std::size_t>(count));
            ::explicit_bzero(bytes, sizeof bytes);
        }
    }
    std::string take() { return std::move(text_); }

private:
    const int fd_;
    std::string text_;
};

std::string seconds_of(std::chrono::milliseconds time) {
    return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count()) + " s";
}

std::optional<std::string> how_it_failed(const std::string& program, int status) {
    const std::string look = "; what it says is not logged, for there may be secrets in it: run 'keyledger config "
                             "check' as the service's user in a terminal to see it";
    if (WIFSIGNALED(status)) return "'" + program + "' was ended by signal " + std::to_string(WTERMSIG(status)) + look;
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        return "'" + program + "' ended with " + std::to_string(WEXITSTATUS(status)) + look;
    return std::nullopt;
}

// They are blocked (HeldSignals): one that came stays until somebody takes it, or ends this process after the program.
bool is_told_to_stop() {
    sigset_t pending;
    sigemptyset(&pending);
    ::sigpending(&pending);
    return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1;
}

std::optional<std::string> what_is_wrong_with_program(const std::string& path) {
    if (!path.starts_with('/')) return "'" + path + "' is not the whole path of a program";
    struct stat status = {};
    if (::stat(path.c_str(), &status) != 0) return "there is no program '" + path + "'";
    if (auto unsafe = security::what_is_wrong_with_trusted_file(path, status)) return unsafe;
    if (::access(path.c_str(), X_OK) != 0) return "'" + path + "' can't be run: " + std::strerror(errno);
    return std::nullopt;
}

}  // namespace

Result<std::vector<std::string>, std::string> words_of_command(std::string_view line) {
    std::vector<std::string> words;
    std::optional<std::string> word;
    char quote = '\0';
    for (const char c : line) {
        if (quote != '\0' && c == quote) quote = '\0';
        else if (quote != '\0') word->push_back(c);
        else if (c == '\'' || c == '"') {
            quote = c;
            if (!word) word.emplace();
        } else if (c == ' ' || c == '\t' || c == '\n') {
            if (word) words.push_back(std::move(*word));
            word.reset();
        } else {
            if (!word) word.emplace();
            word->push_back(c);
        }
    }
    if (quote != '\0') return Unexpected(std::string("a quotation mark is not closed"));
    if (word) words.push_back(std::move(*word));
    if (words.empty() || words.size() > kMostWords)
        return Unexpected("give a program and its arguments, " + std::to_string(kMostWords) + " words at most");
    return words;
}

Output output_of_command(const std::vector<std::string>& words, std::chrono::milliseconds patience) {
    const auto until = Clock::now() + patience;
    const std::string& program = words.front();
    if (auto wrong = what_is_wrong_with_program(program)) return Unexpected(std::move(*wrong));
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) return Unexpected(std::string("no pipe: ") + std::strerror(errno));
    const Descriptor read_end(ends[0]);
    Descriptor write_end(ends[1]);
    ::fcntl(read_end.get(), F_SETFL, O_NONBLOCK);
    const HeldSignals held;  // ends after the child
    pid_t process = -1;
    if (const int error = Spawning().start(words, write_end.get(), process); error != 0)
        return Unexpected("'" + program + "' could not be started: " + std::strerror(error));
    write_end.close();
    Child child(process);
    if (child.watch() < 0) return Unexpected(std::string("it can't be waited for: ") + std::strerror(errno));

    Printed printed(read_end.get());
    bool has_ended = false;
    for (bool has_closed = false; !has_ended;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
        if (left <= 0)
            return Unexpected("'" + program + "' did not end within " + seconds_of(patience) +
                              " (KEYLEDGER_SECRETS_TIMEOUT_SECONDS)");
        if (is_told_to_stop()) return Unexpected("'" + program + "' was ended, for the service is told to stop");
        pollfd both[2] = {{has_closed ? -1 : read_end.get(), POLLIN, 0}, {child.watch(), POLLIN, 0}};
        if (::poll(both, 2, static_cast<int>(std::min<std::int64_t>(left, kBetweenLooksMs))) < 0 && errno != EINTR)
            return Unexpected(std::string("it can't be waited for: ") + std::strerror(errno));
        has_ended = both[1].revents != 0;
        if (has_closed || (!has_ended && both[0].revents == 0)) continue;
        // Whoever it left behind may hold the pipe open: what they print is nothing of its.
        const auto now = printed.read();
        if (now == Printed::Now::kTooMuch)
            return Unexpected("'" + program + "' prints more than " + std::to_string(kMaxSecretsBytes / 1024) + " KiB");
        has_closed = now == Printed::Now::kEnded;
    }
    if (auto failure = how_it_failed(program, child.end())) return Unexpected(std::move(*failure));
    return printed.take();
}

}  // namespace keyledger::app
