#pragma once
// Runs coroutines to their end from a test's plain code.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <vector>

namespace keyledger::test {

template <class T>
boost::asio::awaitable<void> keep_answer(boost::asio::awaitable<T> work, std::optional<T>* answer) {
    answer->emplace(co_await std::move(work));
}

// One a thread, never destroyed: neither with the thread nor at exit does anybody wait for those who still post.
inline boost::asio::io_context& lasting_context() {
    struct Contexts {
        std::mutex mutex;
        std::deque<boost::asio::io_context> all;
    };
    static Contexts& contexts = *new Contexts;
    thread_local boost::asio::io_context* mine = nullptr;
    if (!mine) {
        const std::lock_guard lock(contexts.mutex);
        mine = &contexts.all.emplace_back();
    }
    return *mine;
}

// All at once, on this thread; their answers in the same order. Rethrows what one throws. The io_context outlives
// the call: whoever posted the last answer may still be at work in it.
template <class T>
std::vector<T> await_all(std::vector<boost::asio::awaitable<T>> works) {
    boost::asio::io_context& context = lasting_context();
    context.restart();
    std::vector<std::optional<T>> answers(works.size());
    std::exception_ptr failure;
    for (std::size_t i = 0; i < works.size(); ++i)
        boost::asio::co_spawn(context, keep_answer(std::move(works[i]), &answers[i]), [&](std::exception_ptr thrown) {
            if (thrown) failure = thrown;
        });
    context.run();
    if (failure) std::rethrow_exception(failure);
    std::vector<T> all;
    for (auto& answer : answers) all.push_back(std::move(answer.value()));
    return all;
}

template <class T>
T await(boost::asio::awaitable<T> work) {
    std::vector<boost::asio::awaitable<T>> works;
    works.push_back(std::move(work));
    return std::move(await_all(std::move(works)).front());
}

}  // namespace keyledger::test
