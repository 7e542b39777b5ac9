#pragma once
// Kills a process at random moments, again and again.
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <thread>

namespace keyledger::test {

struct Killed {
    int times = 0;
    int status = -1;  // of the last run, as waitpid gives it
};

// Each run gets more to do by `grow()` and is begun by `spawn()`, which gives its process; when it was killed so often,
// a last one is let end. How long a run takes depends on the machine: the moment is drawn from a span that shrinks when
// a run ended before its kill, and grows when the kill came first.
template <class Grow, class Spawn>
Killed kill_at_random(std::uint64_t seed, int times, Grow grow, Spawn spawn) {
    constexpr int kMostRuns = 200;
    std::mt19937_64 random(seed);
    double span_ms = 400;
    Killed killed;
    for (int run = 0; run < kMostRuns && (killed.times < times || killed.status != 0); ++run) {
        const bool kills = killed.times < times;
        if (kills) grow();
        const pid_t child = spawn();
        if (child < 0) return killed;
        if (kills) {
            const auto delay = std::chrono::milliseconds(50 + random() % static_cast<unsigned>(span_ms));
            std::this_thread::sleep_for(delay);  // at a random moment is the point
            kill(child, SIGKILL);
        }
        if (waitpid(child, &killed.status, 0) != child) return killed;
        const bool was_killed = WIFSIGNALED(killed.status);
        if (was_killed) ++killed.times;
        span_ms = std::clamp(span_ms * (was_killed ? 1.1 : 0.7), 100.0, 3000.0);
    }
    return killed;
}

}  // namespace keyledger::test
