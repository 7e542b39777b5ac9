#include "eventstore/postgres/connection/connecting.hpp"

#include <fcntl.h>
#include <libpq-fe.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

namespace keyledger::eventstore::postgres {
namespace {

using Clock = std::chrono::steady_clock;

struct Default {
    std::string_view keyword;
    std::string_view value;
};
constexpr std::array<Default, 5> kDefaults{{{"connect_timeout", "5"},
                                            {"keepalives_idle", "5"},
                                            {"keepalives_interval", "2"},
                                            {"keepalives_count", "3"},
                                            {"tcp_user_timeout", "10000"}}};

constexpr std::string_view kWhichServer = "target_session_attrs";

using ConnectionOptions = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;
ConnectionOptions options_of(const std::string& url) { return {PQconninfoParse(url.c_str(), nullptr), PQconninfoFree}; }

// What the operator wrote for a keyword; empty: nothing.
std::string_view value_of(const ConnectionOptions& options, std::string_view keyword) {
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option)
        if (option->keyword == keyword && option->val != nullptr) return option->val;
    return {};
}

bool names_several_hosts(const ConnectionOptions& options) {
    const auto is_list = [&](std::string_view keyword) {
        return value_of(options, keyword).find(',') != std::string_view::npos;
    };
    return is_list("host") || is_list("hostaddr");
}

void add(std::string& text, std::string_view keyword, std::string_view value) {
    if (!text.empty()) text += ' ';
    text.append(keyword).append("='");
    for (const char c : value) {
        if (c == '\'' || c == '\\') text += '\\';
        text += c;
    }
    text += '\'';
}

// One thread of the process, which sleeps until the first of those who wait has waited long enough.
class Watch {
public:
    static Watch& of_process() {
        static Watch watch;
        return watch;
    }

    void begin(int socket, Clock::time_point until) {
        const std::lock_guard lock(mutex_);
        waits_[socket] = until;
        if (until >= wakes_at_) return;
        is_sooner_ = true;
        changed_.notify_one();
    }
    void end(int socket) {
        const std::lock_guard lock(mutex_);
        waits_.erase(socket);
    }

private:
    Watch() : thread_([this](const std::stop_token& stop) { run(stop); }) {}

    void run(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        while (!stop.stop_requested()) {
            const auto now = Clock::now();
            wakes_at_ = now + std::chrono::hours(1);
            is_sooner_ = false;
            for (auto wait = waits_.begin(); wait != waits_.end();) {
                if (wait->second <= now) {
                    shutdown(wait->first, SHUT_RDWR);
                    wait = waits_.erase(wait);
                } else {
                    wakes_at_ = std::min(wakes_at_, wait->second);
                    ++wait;
                }
            }
            changed_.wait_until(lock, stop, wakes_at_, [this] { return is_sooner_; });
        }
    }

    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::map<int, Clock::time_point> waits_;
    Clock::time_point wakes_at_{};
    bool is_sooner_ = false;
    std::jthread thread_;  // last: stops before the rest dies
};

}  // namespace

std::string connection_text(const std::string& url) {
    const auto options = options_of(url);
    if (!options) return url;  // whoever connects with it is told what is wrong
    std::string text;
    std::array<bool, kDefaults.size()> is_given{};
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val == nullptr) continue;
        add(text, option->keyword, option->val);
        for (std::size_t i = 0; i < kDefaults.size(); ++i)
            if (kDefaults[i].keyword == option->keyword) is_given[i] = true;
    }
    for (std::size_t i = 0; i < kDefaults.size(); ++i)
        if (!is_given[i]) add(text, kDefaults[i].keyword, kDefaults[i].value);
    if (names_several_hosts(options) && value_of(options, kWhichServer).empty()) add(text, kWhichServer, "primary");
    return text;
}

bool is_connection_text(const std::string& url) { return options_of(url) != nullptr; }

std::optional<std::string> host_problem(const std::string& url) {
    const auto options = options_of(url);
    if (!options) return std::nullopt;
    const std::string_view which = value_of(options, kWhichServer);
    if (which.empty() || which == "primary" || which == "read-write") return std::nullopt;
    if (which == "any" && !names_several_hosts(options)) return std::nullopt;
    return "target_session_attrs=" + std::string(which) +
           " may choose a standby, which takes no events; leave it out, or say primary or read-write";
}

bool server_answers(const std::string& url) {
    const PGPing answer = PQping(connection_text(url).c_str());
    return answer == PQPING_OK || answer == PQPING_NO_ATTEMPT;
}

AnswerWithin::AnswerWithin(int socket, std::chrono::milliseconds at_most) {
    if (socket < 0) return;
    own_ = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (own_ >= 0) Watch::of_process().begin(own_, Clock::now() + at_most);
}

AnswerWithin::~AnswerWithin() {
    if (own_ < 0) return;
    Watch::of_process().end(own_);
    close(own_);
}

}  // namespace keyledger::eventstore::postgres
