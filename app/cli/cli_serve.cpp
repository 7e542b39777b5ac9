#include <spdlog/spdlog.h>

#include <csignal>
#include <iostream>

#include "app/cli/cli.hpp"
#include "app/core/logging.hpp"
#include "app/serve/service.hpp"
#include "app/serve/starting.hpp"
#include "app/serve/supervisor.hpp"
#include "eventstore/postgres/connection/reaching.hpp"

namespace keyledger::app {
namespace {

// From when the database answers until the service serves, at least: its read models and caches are filled first.
constexpr std::chrono::minutes kStartTakes{5};

// Signals are taken here and nowhere else: blocked before the first thread starts, waited for by the main thread.
sigset_t blocked_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return signals;
}

// As the log and readiness tell it; nullptr: it is there.
const char* what_is_wrong_with(eventstore::postgres::ServerAnswer answer) {
    using enum eventstore::postgres::ServerAnswer;
    switch (answer) {
        case kNone: return "does not answer";
        case kStandby: return "is a standby, which takes no events";
        case kThere: return nullptr;
    }
    return nullptr;
}

// A server that is away, starts up, or waits for its promotion is waited for; what else it answers is not this
// function's matter. False: told to stop.
bool await_database(const Config& config, StartingListener& listener, const sigset_t& signals) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(config.start_patience.ms());
    const std::int64_t patience = config.start_patience.whole_seconds();
    std::string told;
    while (const char* wrong = what_is_wrong_with(eventstore::postgres::ask_server(config.database_url))) {
        listener.say(wrong);
        if (std::chrono::steady_clock::now() >= until)
            throw StartFailure(std::string("the database server ") + wrong + ", and " + std::to_string(patience) +
                               " s (KEYLEDGER_START_PATIENCE_SECONDS) are over; check KEYLEDGER_DATABASE_URL and the "
                               "server");
        if (told != wrong) spdlog::warn("the database server {}; waiting for it for up to {} s", wrong, patience);
        told = wrong;
        tell_supervisor_waiting("the database server", kStartTakes);
        const timespec second{1, 0};
        const int signal = sigtimedwait(&signals, nullptr, &second);
        if (signal > 0 && signal != SIGHUP) return false;
    }
    listener.say("answers; its log is looked at");
    if (!told.empty()) spdlog::info("the database server answers");
    return true;
}

// Whatever goes wrong with it, the service goes on with what it has.
void reload(Service& service, const Environment& environment) try {
    service.reload(read_serving_config(environment));
} catch (const std::exception& error) {
    spdlog::error("nothing was taken over at SIGHUP: {}", error.what());
}

// Until SIGTERM or SIGINT comes, or the time is over: false.
bool reload_until_told_to_stop(Service& service, const Environment& environment, const sigset_t& signals,
                               std::chrono::nanoseconds at_most) {
    const auto until = std::chrono::steady_clock::now() + at_most;
    for (;;) {
        const std::int64_t left_ns = std::chrono::nanoseconds(until - std::chrono::steady_clock::now()).count();
        if (left_ns <= 0) return false;
        const timespec wait{left_ns / 1'000'000'000, left_ns % 1'000'000'000};
        const int signal = sigtimedwait(&signals, nullptr, &wait);
        if (signal == SIGHUP) reload(service, environment);
        else if (signal > 0) return true;
    }
}

// So that whatever balances notices before connections are refused. A second signal ends it.
void drain(Service& service, const Environment& environment, Duration drains, const sigset_t& signals) {
    if (drains <= Duration()) return;
    service.begin_to_drain();
    if (reload_until_told_to_stop(service, environment, signals, std::chrono::milliseconds(drains.ms())))
        spdlog::info("told once more to stop: drains no longer");
}

}  // namespace

Exit serve(const Environment& environment, const std::vector<std::string>& names) {
    const auto read = require_serving_config(environment);
    if (!read) return Exit::kUsage;
    const LogFormat format = log_format_of(read->config.log_format);
    start_logging(read->config.log_level, format);
    for (const std::string& sentence : unknown_settings(names)) spdlog::warn("{}", sentence);
    const sigset_t signals = blocked_signals();
    try {
        StartingListener listener(read->config.management_listen);
        if (!await_database(read->config, listener, signals)) return Exit::kGood;
        Service service(*read);
        listener.stop();
        service.start();
        tell_supervisor_ready();
        for (;;) {
            int signal = 0;
            if (sigwait(&signals, &signal) != 0) continue;
            if (signal != SIGHUP) break;
            tell_supervisor_reloading();
            reload(service, environment);
            tell_supervisor_ready();
        }
        tell_supervisor_stopping();
        drain(service, environment, read->config.drain, signals);
        service.stop();
        return Exit::kGood;
    } catch (const StartStopped&) {
        spdlog::info("told to stop, before it served");
        return Exit::kGood;
    } catch (const StartFailure& failure) {
        if (format == LogFormat::kJson) spdlog::critical("{}", failure.what());
        else std::cerr << "keyledger: " << failure.what() << '\n';
        return Exit::kFailed;
    }
}

}  // namespace keyledger::app
