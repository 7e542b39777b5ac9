#include <csignal>
#include <iostream>

#include "app/cli.hpp"
#include "app/logging.hpp"
#include "app/service.hpp"

namespace keyledger::app {
namespace {

// Signals are taken here and nowhere else: blocked before the first thread starts, waited for by the main thread.
sigset_t blocked_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return signals;
}

}  // namespace

Exit serve(const Environment& environment) {
    const auto config = need_config(environment, {Needs::kDatabase, Needs::kKeyring, Needs::kServing});
    if (!config) return Exit::kUsage;
    start_logging(config->log_level);
    const sigset_t signals = blocked_signals();
    try {
        Service service(*config);
        service.start();
        for (;;) {
            int signal = 0;
            if (sigwait(&signals, &signal) != 0) continue;
            if (signal != SIGHUP) break;
            service.reload();
        }
        service.stop();
        return Exit::kGood;
    } catch (const StartFailure& failure) {
        std::cerr << "keyledger: " << failure.what() << '\n';
        return Exit::kFailed;
    }
}

}  // namespace keyledger::app
