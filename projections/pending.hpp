#pragma once
// A coroutine that waits for an answer from another thread.
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

#include "domain/result.hpp"
#include "projections/queries.hpp"

namespace keyledger::projections {

namespace asio = boost::asio;

// Answered exactly once, on the executor that awaits; until then that executor has work. Its owner answers
// it.
template <class T>
class Pending {
public:
    using Outcome = Result<T, QueryError>;

    template <class Handler>
    explicit Pending(Handler handler) {
        asio::any_io_executor executor = asio::get_associated_executor(handler);
        executor_ = asio::prefer(executor, asio::execution::outstanding_work.tracked);
        handler_ = std::make_unique<asio::any_completion_handler<void(Outcome)>>(std::move(handler));
    }
    void answer(Outcome outcome) {
        asio::any_io_executor where = std::exchange(executor_, {});
        asio::post(where, [handler = std::move(handler_), outcome = std::move(outcome)]() mutable {
            (*handler)(std::move(outcome));
        });
    }

private:
    asio::any_io_executor executor_;
    std::unique_ptr<asio::any_completion_handler<void(Outcome)>> handler_;
};

// Suspends the caller and gives his Pending to `receive`, which may answer it before this returns.
template <class T, class Receive>
asio::awaitable<Result<T, QueryError>> suspend(Receive receive) {
    auto start = [](auto handler, Receive take) { take(Pending<T>(std::move(handler))); };
    return asio::async_initiate<const asio::use_awaitable_t<>, void(Result<T, QueryError>)>(
        start, asio::use_awaitable, std::move(receive));
}

}  // namespace keyledger::projections
