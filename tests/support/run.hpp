#pragma once
// Runs coroutines to their end, from code that is none. What they throw is thrown again.
#include <boost/asio/use_future.hpp>
#include <future>
#include <thread>

#include "tests/support/await.hpp"

namespace keyledger::test {

namespace asio = boost::asio;

// On this thread, alone. Waits also for what completes from other threads (the committer, a hashing pool).
inline void run(asio::awaitable<void> work) {
    const LentContext context;
    auto done = asio::co_spawn(*context, std::move(work), asio::use_future);
    context->run();
    done.get();
}
template <class T>
T run(asio::awaitable<T> work) {
    std::optional<T> answer;
    run(keep_answer(std::move(work), &answer));
    return std::move(*answer);
}

// All at once on `threads` threads; the answers in order.
template <class T>
std::vector<T> run_all(std::vector<asio::awaitable<T>> works, std::size_t threads = 4) {
    std::vector<std::optional<T>> answers(works.size());
    std::vector<std::future<void>> done;
    const LentContext context;
    for (std::size_t i = 0; i < works.size(); ++i)
        done.push_back(asio::co_spawn(*context, keep_answer(std::move(works[i]), &answers[i]), asio::use_future));
    std::vector<std::thread> runners;
    for (std::size_t i = 0; i < threads; ++i) runners.emplace_back([&] { context->run(); });
    for (std::thread& runner : runners) runner.join();
    std::vector<T> all;
    for (std::size_t i = 0; i < works.size(); ++i) {
        done[i].get();
        all.push_back(std::move(*answers[i]));
    }
    return all;
}

}  // namespace keyledger::test
