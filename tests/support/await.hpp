#pragma once
// Runs coroutines to their end from a test's plain code.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <vector>

namespace keyledger::test {

template <class T>
boost::asio::awaitable<void> keep_answer(boost::asio::awaitable<T> work, std::optional<T>* answer) {
    answer->emplace(co_await std::move(work));
}

// All at once, on a fresh io_context of this thread; their answers in the same order. Rethrows what one throws.
template <class T>
std::vector<T> await_all(std::vector<boost::asio::awaitable<T>> works) {
    boost::asio::io_context context;
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
