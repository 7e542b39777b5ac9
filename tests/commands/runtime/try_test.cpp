// KEYLEDGER_TRY and KEYLEDGER_CO_TRY: what they give, when they end, and that nothing is destroyed twice or never (g++
// 12 destroys temporaries of some statements with `co_await` twice; this runs under -O2 and under ASan too).
#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>

#include "commands/runtime/errors.hpp"
#include "eventstore/store.hpp"
#include "tests/support/run.hpp"

namespace keyledger::commands {
namespace {

namespace asio = boost::asio;
using test::run;

// Counts those that live.
class Alive {
public:
    explicit Alive(std::string text) : text_(std::move(text)) { ++count; }
    Alive(const Alive& other) : text_(other.text_) { ++count; }
    Alive(Alive&& other) noexcept : text_(std::move(other.text_)) { ++count; }
    Alive& operator=(const Alive&) = default;
    Alive& operator=(Alive&&) = default;
    ~Alive() { --count; }
    const std::string& text() const { return text_; }

    static inline int count = 0;

private:
    std::string text_;  // longer than what a string holds in itself, so that ASan sees it freed twice
};

const std::string kLong(100, 'x');

template <class T>
using Answer = asio::awaitable<Result<T, CommandError>>;
using Stored = asio::awaitable<Result<Alive, eventstore::StoreError>>;

Stored read(Alive asked, bool is_there) {
    co_await asio::post(asio::use_awaitable);
    if (!is_there) co_return Unexpected(eventstore::StoreError::kOutcomeUnknown);
    co_return Alive(asked.text() + "!");
}

Answer<void> check(const Alive& asked, const Alive& found) {
    co_await asio::post(asio::use_awaitable);
    if (asked.text() == found.text()) co_return Unexpected(refusals::kBusy);
    co_return Result<void, CommandError>{};
}

Answer<Alive> twice(bool is_there, bool is_there_again) {
    const Alive asked(kLong);
    KEYLEDGER_CO_TRY(first, co_await read(Alive(asked.text()), is_there));
    KEYLEDGER_CO_TRY(second, co_await read(*first, is_there_again));
    KEYLEDGER_CO_TRY(checked, co_await check(asked, *second));
    KEYLEDGER_CO_TRY(failed, co_await check(Alive(kLong + "!!"), *second));
    co_return std::move(*second);
}

Result<Alive, RefusalRef> decided(bool may) {
    if (!may) return Unexpected(refusals::kForbidden);
    return Alive(kLong);
}

Result<std::string, CommandError> plainly(bool may) {
    KEYLEDGER_TRY(one, decided(may));
    KEYLEDGER_TRY(other, decided(may));
    return one->text() + other->text();
}

TEST(Try, EndsACoroutineWithTheErrorAsACommandsError) {
    EXPECT_EQ(run(twice(false, true)).error().refusal, refusals::kOutcomeUnknown);
    EXPECT_EQ(run(twice(true, false)).error().refusal, refusals::kOutcomeUnknown);
    EXPECT_EQ(run(twice(true, true)).error().refusal, refusals::kBusy);
    EXPECT_EQ(Alive::count, 0) << "each that was made was destroyed once";
}

TEST(Try, GoesOnWithTheValue) {
    const auto ask = []() -> Answer<std::string> {
        KEYLEDGER_CO_TRY(found, co_await read(Alive(kLong), true));
        co_return found->text();
    };
    EXPECT_EQ(*run(ask()), kLong + "!");
    EXPECT_EQ(Alive::count, 0);
}

TEST(Try, EndsAFunctionLikewise) {
    EXPECT_EQ(*plainly(true), kLong + kLong);
    EXPECT_EQ(plainly(false).error().refusal, refusals::kForbidden);
    EXPECT_EQ(Alive::count, 0);
}

}  // namespace
}  // namespace keyledger::commands
