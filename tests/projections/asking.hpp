#pragma once
// Awaits a question of Queries from a test that is no coroutine.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <optional>

#include "projections/engine/queries.hpp"

namespace keyledger::projections::test {

template <class T>
boost::asio::awaitable<void> keep(Queries::Answer<T> question, std::optional<Result<T, QueryError>>& answer) {
    answer.emplace(co_await std::move(question));
}

// A question that was asked, on a context of its own.
template <class T>
class Asked {
public:
    explicit Asked(Queries::Answer<T> question) {
        done_ = boost::asio::co_spawn(context_, keep(std::move(question), answer_), boost::asio::use_future);
        context_.poll();
    }
    Result<T, QueryError> answer() {
        context_.run();
        done_.get();
        return *answer_;
    }

private:
    boost::asio::io_context context_;
    std::optional<Result<T, QueryError>> answer_;
    std::future<void> done_;
};

template <class T>
Result<T, QueryError> answer_of(Queries::Answer<T> question) {
    return Asked<T>(std::move(question)).answer();
}

}  // namespace keyledger::projections::test
