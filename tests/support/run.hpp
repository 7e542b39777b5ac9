#pragma once
// Runs coroutines to their end, from code that is none. What they throw is thrown again.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <optional>
#include <vector>

namespace keyledger::test {

namespace asio = boost::asio;

template <class T>
asio::awaitable<void> keep_answer(asio::awaitable<T> work, std::optional<T>& answer) {
    answer.emplace(co_await std::move(work));
}

// On this thread, alone. Waits also for what completes from other threads (the committer, a hashing pool).
inline void run(asio::awaitable<void> work) {
    asio::io_context context(1);
    auto done = asio::co_spawn(context, std::move(work), asio::use_future);
    context.run();
    done.get();
}
template <class T>
T run(asio::awaitable<T> work) {
    std::optional<T> answer;
    run(keep_answer(std::move(work), answer));
    return std::move(*answer);
}

// All at once on `threads` threads; the answers in order.
template <class T>
std::vector<T> run_all(std::vector<asio::awaitable<T>> works, std::size_t threads = 4) {
    std::vector<std::optional<T>> answers(works.size());
    std::vector<std::future<void>> done;
    asio::thread_pool pool(threads);
    for (std::size_t i = 0; i < works.size(); ++i)
        done.push_back(asio::co_spawn(pool, keep_answer(std::move(works[i]), answers[i]), asio::use_future));
    pool.join();
    std::vector<T> all;
    for (std::size_t i = 0; i < works.size(); ++i) {
        done[i].get();
        all.push_back(std::move(*answers[i]));
    }
    return all;
}

}  // namespace keyledger::test
