#pragma once
// Coroutines for those who have no I/O thread.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <optional>

namespace keyledger::app {

template <class T>
boost::asio::awaitable<void> keep_answer(boost::asio::awaitable<T> work, std::optional<T>& answer) {
    answer.emplace(co_await std::move(work));
}

// Blocks until the coroutine has ended on the pool; rethrows what it threw. Not from a thread of that pool.
template <class T>
T run_to_end(boost::asio::thread_pool& pool, boost::asio::awaitable<T> work) {
    std::optional<T> answer;
    boost::asio::co_spawn(pool, keep_answer(std::move(work), answer), boost::asio::use_future).get();
    return std::move(*answer);
}

}  // namespace keyledger::app
