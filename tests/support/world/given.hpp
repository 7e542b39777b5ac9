#pragma once
// Given/When/Then for pure rules: a past folded by the aggregate's own `evolve`, and what a decision must be.
//
//     const User user = given<User>(registered(), UserDisabled{"left"});
//     EXPECT_TRUE(decides(decide(user, EnableUser{}), {UserEnabled{}}));
//     EXPECT_TRUE(refuses(decide(user, ChangePassword{}), refusals::kUserDisabled));
//     EXPECT_TRUE(stays_quiet(decide(user, DisableUser{"again"})));
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "tests/support/world/ids.hpp"

namespace keyledger::test {

inline constexpr Instant kNow = Instant::at_ms(1'700'000'000'000);
inline constexpr Duration kSecond = seconds(1);
inline constexpr Duration kMinute = minutes(1);
inline constexpr Duration kDay = days(1);

// ---- given -----------------------------------------------------------------------------------------------------
// The events stand at the positions 1, 2, 3 … and happened one second after the other, the first at kNow.
template <class Aggregate, class... Events>
Aggregate given(Events... events) {
    Aggregate state;
    Recorded recorded{0, kNow - kSecond};
    auto next = [&](typename Aggregate::Event event) {
        recorded.position += 1;
        recorded.occurred_at += kSecond;
        state = evolve(std::move(state), event, recorded);
    };
    (next(std::move(events)), ...);
    return state;
}
// Further events from a given place on.
template <class Aggregate>
Aggregate further(Aggregate state, const typename Aggregate::Event& event, const Recorded& recorded) {
    return evolve(std::move(state), event, recorded);
}

// ---- then ------------------------------------------------------------------------------------------------------
inline void print(std::ostream& out, const std::string& value) { out << '"' << value << '"'; }
inline void print(std::ostream& out, std::int64_t value) { out << value; }
inline void print(std::ostream& out, Instant value) { out << value.ms(); }
inline void print(std::ostream& out, Duration value) { out << value.ms(); }
inline void print(std::ostream& out, const Uuid& value) { out << value.to_string(); }
template <class E>
    requires std::is_enum_v<E>
void print(std::ostream& out, E value) {
    for (const auto& [each, name] : enum_names(E{}))
        if (each == value) out << name;
}
template <class T>
void print(std::ostream& out, const std::vector<T>& values) {
    for (const auto& value : values) print(out, value), out << ' ';
}
template <class T>
void print(std::ostream& out, const std::optional<T>& value) {
    if (value) print(out, *value);
    else out << "nothing";
}
template <class T>
void print(std::ostream& out, const Personal<T>& value) {
    print(out, value.value);
}

// As its declaration lists it, so that two events are equal exactly when their texts are.
template <class... E>
std::string text_of(const std::variant<E...>& event) {
    std::ostringstream out;
    auto show = [&]<class Event>(const Event& one) {
        out << Event::kType << " {";
        auto each = [&](const auto& field) { out << ' ' << field.name << '=', print(out, one.*field.member); };
        std::apply([&](const auto&... field) { (each(field), ...); }, Event::fields());
        out << " }";
    };
    std::visit(show, event);
    return out.str();
}
template <class Event>
std::string text_of(const std::vector<Event>& events) {
    std::string text;
    for (const Event& event : events) text += text_of(event) + '\n';
    return text.empty() ? "no event\n" : text;
}

template <class Event>
testing::AssertionResult decides(const std::vector<Event>& events,
                                 const std::type_identity_t<std::vector<Event>>& expected) {
    if (text_of(events) == text_of(expected)) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "decided\n" << text_of(events) << "instead of\n" << text_of(expected);
}
template <class Event, class Error>
testing::AssertionResult decides(const Result<std::vector<Event>, Error>& decision,
                                 const std::type_identity_t<std::vector<Event>>& expected) {
    if (decision) return decides(*decision, expected);
    return testing::AssertionFailure() << "refused: " << decision.error();
}
template <class Event, class Error>
testing::AssertionResult refuses(const Result<std::vector<Event>, Error>& decision,
                                 std::type_identity_t<Error> expected) {
    if (decision) return testing::AssertionFailure() << "decided\n" << text_of(*decision);
    if (decision.error() == expected) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "refused: " << decision.error() << " instead of: " << expected;
}
template <class Decision>
testing::AssertionResult stays_quiet(const Decision& decision) {
    return decides(decision, {});
}

}  // namespace keyledger::test
