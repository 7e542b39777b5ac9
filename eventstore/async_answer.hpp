#pragma once
// How work that ends on another thread answers a coroutine: on the coroutine's own executor, once.
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "eventstore/store.hpp"

namespace keyledger::eventstore {

// Move-only. Whoever holds it must answer before he lets it go, or the coroutine waits for ever.
template <class T>
class AsyncAnswer {
public:
    using Signature = void(Result<T, StoreError>);

    // The executor is asked for while the handler still has its own type: Boost 1.81 can't post an erased one.
    template <class Handler>
    explicit AsyncAnswer(Handler handler)
        : executor_(asio::get_associated_executor(handler)), handler_(std::move(handler)) {}

    void operator()(Result<T, StoreError> answer) {
        asio::post(executor_, [handler = std::move(handler_), answer = std::move(answer)]() mutable {
            std::move(handler)(std::move(answer));
        });
    }

private:
    asio::any_io_executor executor_;
    asio::any_completion_handler<Signature> handler_;
};

// `start(AsyncAnswer<T>)` gives the answer away; from then on it touches nothing of the coroutine's frame.
template <class T, class Start>
Store::Answer<T> async_answer(Start start) {
    auto initiate = [](auto handler, Start begin) { begin(AsyncAnswer<T>(std::move(handler))); };
    return asio::async_initiate<const asio::use_awaitable_t<>, typename AsyncAnswer<T>::Signature>(
        initiate, asio::use_awaitable, std::move(start));
}

}  // namespace keyledger::eventstore
