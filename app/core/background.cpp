#include "app/core/background.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <utility>

namespace keyledger::app {

namespace asio = boost::asio;

asio::awaitable<void> Background::run(asio::awaitable<void> work) {
    if (!begin()) {
        co_await std::move(work);
        co_return;
    }
    const auto executor = co_await asio::this_coro::executor;
    asio::co_spawn(executor, std::move(work), [this](std::exception_ptr failure) {
        try {
            if (failure) std::rethrow_exception(failure);
        } catch (const std::exception& error) {
            spdlog::error("what no answer waited for failed: {}", error.what());
        }
        end();
    });
}

bool Background::stop(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return ended_.wait_for(lock, patience, [&] { return running_ == 0; });
}

bool Background::begin() {
    const std::lock_guard lock(mutex_);
    if (running_ >= kMostInBackground) return false;
    running_ += 1;
    return true;
}

void Background::end() {
    const std::lock_guard lock(mutex_);
    running_ -= 1;
    if (running_ == 0) ended_.notify_all();
}

}  // namespace keyledger::app
