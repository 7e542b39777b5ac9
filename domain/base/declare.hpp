#pragma once
// How an event is declared: a struct and one list of its fields. The JSON codec, sealing, the leaf encoding, the
// Kafka value and the event reference all follow from that list, so a field can't be forgotten in one of them.
//
//     struct UserDisabled {
//         std::string reason;
//         static constexpr std::string_view kType = "user.disabled";  // stored: never changes
//         static constexpr int kSchema = 1;                            // grows with an upcaster beside it
//         static constexpr auto fields() { return std::tuple{Field{"reason", &UserDisabled::reason}}; }
//     };
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>

namespace keyledger {

using Position = std::int64_t;  // of an event in the log: 1, 2, 3 … (I1)

template <class Event, class Value>
struct Field {
    std::string_view name;
    Value Event::*member;
};
// g++ deduces both by itself (P1816), clang 16 does not.
template <class Event, class Value>
Field(std::string_view, Value Event::*) -> Field<Event, Value>;

// Personal data: stored sealed under its subject's key, and empty once that key is destroyed, so that every
// reader must face the erased value. A value that was never given is empty too.
template <class T>
struct Personal {
    std::optional<T> value;
    bool operator==(const Personal&) const = default;
};

template <class Event, class T>
constexpr bool is_personal(const Field<Event, Personal<T>>&) {
    return true;
}
template <class Event, class Value>
constexpr bool is_personal(const Field<Event, Value>&) {
    return false;
}

// The stored name of an enumerator: `enum_names(E)`, found beside E, lists them all. Names never change.
template <class E>
struct EnumName {
    E value;
    std::string_view name;
};
template <class E>
EnumName(E, std::string_view) -> EnumName<E>;

// Where and when an event was recorded: what `evolve` may know beside the event itself.
struct Recorded {
    Position position = 0;
    std::int64_t occurred_at_ms = 0;  // the command's clock
};

}  // namespace keyledger
