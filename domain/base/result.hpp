#pragma once
// Result<T, E>: an expected outcome as a value, with the names of C++23's std::expected. Reading the side
// that is not there is a bug in the caller and throws BadResultAccess. Not thread-safe, like std::optional.
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>

namespace keyledger {

struct BadResultAccess : std::logic_error {
    using std::logic_error::logic_error;
};

template <class E>
class Unexpected {
public:
    constexpr explicit Unexpected(E error) : error_(std::move(error)) {}
    constexpr const E& error() const& noexcept { return error_; }
    constexpr E&& error() && noexcept { return std::move(error_); }

private:
    E error_;
};
template <class E>
Unexpected(E) -> Unexpected<E>;

template <class T, class E>
class [[nodiscard]] Result {
public:
    using value_type = T;
    using error_type = E;

    constexpr Result(T value) : either_(std::in_place_index<0>, std::move(value)) {}
    template <class G>
        requires std::is_constructible_v<E, G&&>
    constexpr Result(Unexpected<G> failure) : either_(std::in_place_index<1>, std::move(failure).error()) {}

    constexpr bool has_value() const noexcept { return either_.index() == 0; }
    constexpr explicit operator bool() const noexcept { return has_value(); }

    constexpr T& value() & { return need(), *std::get_if<0>(&either_); }
    constexpr const T& value() const& { return need(), *std::get_if<0>(&either_); }
    constexpr T&& value() && { return need(), std::move(*std::get_if<0>(&either_)); }
    constexpr T& operator*() & { return value(); }
    constexpr const T& operator*() const& { return value(); }
    constexpr T&& operator*() && { return std::move(*this).value(); }
    constexpr T* operator->() { return &value(); }
    constexpr const T* operator->() const { return &value(); }

    constexpr const E& error() const& {
        if (has_value()) throw BadResultAccess("Result holds a value, its error was read");
        return *std::get_if<1>(&either_);
    }

private:
    constexpr void need() const {
        if (!has_value()) throw BadResultAccess("Result holds an error, its value was read");
    }
    std::variant<T, E> either_;
};

template <class E>
class [[nodiscard]] Result<void, E> {
public:
    using value_type = void;
    using error_type = E;

    constexpr Result() = default;
    template <class G>
        requires std::is_constructible_v<E, G&&>
    constexpr Result(Unexpected<G> failure) : error_(std::in_place_index<1>, std::move(failure).error()) {}

    constexpr bool has_value() const noexcept { return error_.index() == 0; }
    constexpr explicit operator bool() const noexcept { return has_value(); }
    constexpr void value() const {
        if (!has_value()) throw BadResultAccess("Result holds an error, its value was read");
    }
    constexpr const E& error() const& {
        if (has_value()) throw BadResultAccess("Result holds a value, its error was read");
        return *std::get_if<1>(&error_);
    }

private:
    std::variant<std::monostate, E> error_;
};

}  // namespace keyledger

// The value, or the end with its error: in a function, and in a coroutine. `name` is the Result, which holds a value
// from there on:
//
//     KEYLEDGER_CO_TRY(checked, co_await check_password(services, attempt, user, password, caller));
//     const std::int32_t revision = checked->revision;
//
// Each is a statement of its own, in braces where an `if` stands before it. The compiler sees the two statements that
// would be written out, so that the rule on `co_await` is the same: it stands in no expression with `{`, `[` or `?`
// (g++ 12 may destroy their temporaries twice; docs/hacking.md).
#define KEYLEDGER_TRY(name, ...) \
    auto name = __VA_ARGS__;     \
    if (!name) return ::keyledger::Unexpected(name.error())
#define KEYLEDGER_CO_TRY(name, ...) \
    auto name = __VA_ARGS__;        \
    if (!name) co_return ::keyledger::Unexpected(name.error())
