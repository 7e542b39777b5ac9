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

// An io_context that nobody else runs, lent out until the destructor. It is never destroyed, for whoever posted the
// last answer may still be at work in it: nobody waits for that, neither at the end of a run nor of the programme.
class LentContext {
public:
    LentContext() {
        Contexts& contexts = all();
        const std::lock_guard lock(contexts.mutex);
        if (contexts.free.empty()) contexts.free.push_back(&contexts.made.emplace_back());
        context_ = contexts.free.back();
        contexts.free.pop_back();
        context_->restart();
    }
    ~LentContext() {
        const std::lock_guard lock(all().mutex);
        all().free.push_back(context_);
    }
    LentContext(const LentContext&) = delete;
    LentContext& operator=(const LentContext&) = delete;
    boost::asio::io_context& operator*() const { return *context_; }
    boost::asio::io_context* operator->() const { return context_; }

private:
    struct Contexts {
        std::mutex mutex;
        std::deque<boost::asio::io_context> made;
        std::vector<boost::asio::io_context*> free;
    };
    static Contexts& all() {
        static Contexts& contexts = *new Contexts;
        return contexts;
    }
    boost::asio::io_context* context_ = nullptr;
};

// All at once, on this thread; their answers in the same order. Rethrows what one throws. The io_context outlives
// the call: whoever posted the last answer may still be at work in it.
template <class T>
std::vector<T> await_all(std::vector<boost::asio::awaitable<T>> works) {
    const LentContext context;
    std::vector<std::optional<T>> answers(works.size());
    std::exception_ptr failure;
    for (std::size_t i = 0; i < works.size(); ++i)
        boost::asio::co_spawn(*context, keep_answer(std::move(works[i]), &answers[i]), [&](std::exception_ptr thrown) {
            if (thrown) failure = thrown;
        });
    context->run();
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
