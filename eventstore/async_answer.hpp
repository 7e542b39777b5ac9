#pragma once
// How work that ends on another thread answers a coroutine: on the coroutine's own executor, once, and not later than
// its deadline, whatever the other thread is waiting for (a server that neither answers nor goes away).
#include <atomic>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "domain/base/result.hpp"

namespace keyledger::eventstore {

namespace asio = boost::asio;

// Move-only. The holder must answer before destroying it. An answer after the deadline is dropped.
template <class T, class Error>
class AsyncAnswer {
public:
    using Outcome = Result<T, Error>;
    using Signature = void(Outcome);
    using Time = std::chrono::steady_clock::time_point;

    // The executor is asked for while the handler still has its own type: Boost 1.81 can't post an erased one.
    template <class Handler>
    AsyncAnswer(Handler handler, Time deadline, Error when_late) {
        const asio::any_io_executor executor = asio::get_associated_executor(handler);
        state_ = std::make_shared<State>(executor, std::move(handler));
        if (deadline == Time::max()) return;
        state_->timer.emplace(executor, deadline);
        state_->timer->async_wait([state = state_, when_late](const boost::system::error_code& cancelled) {
            if (!cancelled) settle(*state, Unexpected(when_late));
        });
    }

    // Of whoever waits for the answer.
    asio::any_io_executor executor() const { return state_->executor; }

    void operator()(Outcome answer) {
        const asio::any_io_executor executor = state_->executor;
        asio::post(executor, [state = std::move(state_), answer = std::move(answer)]() mutable {
            state->stop_timer();
            settle(*state, std::move(answer));
        });
    }

    // The same, by whoever is on that executor's thread already, outside of any coroutine: the coroutine goes on before
    // this returns.
    void settle_here(Outcome answer) {
        const std::shared_ptr<State> state = std::move(state_);
        state->stop_timer();
        settle(*state, std::move(answer));
    }

private:
    struct State {
        template <class Handler>
        State(const asio::any_io_executor& where, Handler its_handler)
            : executor(asio::prefer(where, asio::execution::outstanding_work.tracked)),
              handler(std::move(its_handler)) {}
        void stop_timer() {
            if (timer) timer->cancel();
        }
        const asio::any_io_executor executor;
        std::optional<asio::steady_timer> timer;  // nullopt: no deadline, or none that this sees to
        asio::any_completion_handler<Signature> handler;
        std::atomic<bool> settled = false;  // the executor may have several threads
    };

    static void settle(State& state, Outcome answer) {
        if (state.settled.exchange(true)) return;
        asio::any_completion_handler<Signature> handler = std::move(state.handler);
        std::move(handler)(std::move(answer));
    }

    std::shared_ptr<State> state_;
};

// `start(AsyncAnswer<T, Error>)` gives the answer away, perhaps having answered; from then on it touches nothing of the
// coroutine's frame. At the deadline the coroutine goes on with `when_late`.
template <class T, class Error, class Start>
asio::awaitable<Result<T, Error>> async_answer(std::chrono::steady_clock::time_point deadline, Error when_late,
                                               Start start) {
    auto initiate = [](auto handler, Start begin, std::chrono::steady_clock::time_point until, Error late) {
        begin(AsyncAnswer<T, Error>(std::move(handler), until, late));
    };
    return asio::async_initiate<const asio::use_awaitable_t<>, typename AsyncAnswer<T, Error>::Signature>(
        initiate, asio::use_awaitable, std::move(start), deadline, when_late);
}

}  // namespace keyledger::eventstore
