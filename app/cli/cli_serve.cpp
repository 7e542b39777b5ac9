#include <spdlog/spdlog.h>

#include <csignal>
#include <iostream>

#include "app/cli/cli.hpp"
#include "app/core/logging.hpp"
#include "app/serve/service.hpp"
#include "app/serve/supervisor.hpp"
#include "eventstore/postgres/connection/connecting.hpp"

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

// A server that is away or starts up is waited for; what it answers is not this function's matter. False:
// told to stop.
bool await_database(const Config& config, const sigset_t& signals) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(config.start_patience.ms());
    bool is_told = false;
    while (!eventstore::postgres::server_answers(config.database_url)) {
        if (std::chrono::steady_clock::now() >= until)
            throw StartFailure("the database server did not answer within " +
                               std::to_string(config.start_patience.whole_seconds()) +
                               " s (KEYLEDGER_START_PATIENCE_SECONDS); check KEYLEDGER_DATABASE_URL and the server");
        if (!is_told)
            spdlog::warn("the database server does not answer; waiting for it for up to {} s",
                         config.start_patience.whole_seconds());
        is_told = true;
        tell_supervisor_waiting("the database server", kStartTakes);
        const timespec second{1, 0};
        const int signal = sigtimedwait(&signals, nullptr, &second);
        if (signal > 0 && signal != SIGHUP) return false;
    }
    if (is_told) spdlog::info("the database server answers");
    return true;
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
        if (!await_database(read->config, signals)) return Exit::kGood;
        Service service(*read);
        service.start();
        tell_supervisor_ready();
        for (;;) {
            int signal = 0;
            if (sigwait(&signals, &signal) != 0) continue;
            if (signal != SIGHUP) break;
            tell_supervisor_reloading();
            service.reload(read_serving_config(environment));
            tell_supervisor_ready();
        }
        tell_supervisor_stopping();
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
