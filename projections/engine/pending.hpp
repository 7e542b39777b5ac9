#pragma once
// A coroutine that waits for an answer from another thread, until its deadline.
#include "eventstore/async_answer.hpp"
#include "projections/engine/queries.hpp"

namespace keyledger::projections {

namespace asio = boost::asio;

// Its owner answers it once.
template <class T>
using Pending = eventstore::AsyncAnswer<T, QueryError>;

// Suspends the caller and gives its Pending to `receive`, which may answer it before this returns.
template <class T, class Receive>
asio::awaitable<Result<T, QueryError>> suspend(std::chrono::steady_clock::time_point deadline, Receive receive) {
    return eventstore::async_answer<T, QueryError>(deadline, QueryError::kDeadline, std::move(receive));
}

}  // namespace keyledger::projections
