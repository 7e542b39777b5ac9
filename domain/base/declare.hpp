#pragma once
// How an event is declared: a struct with one list of its fields, and with what else is to be known of it. The JSON
// codec, sealing, the leaf encoding, the Kafka record, the audit trail and the event reference all follow from that, so
// that a field can't be forgotten in one of them.
//
//     struct RoleAssigned {
//         SubjectId subject_id;
//         RoleId role_id;
//         static constexpr std::string_view kType = "role.assigned";  // stored: never changes
//         static constexpr int kSchema = 1;                           // grows with an upcaster in eventstore/codec/
//         static constexpr std::string_view kMeaning = "The subject has the role from now on.";  // for docs/events.md
//         static constexpr auto fields() {
//             using E = RoleAssigned;
//             return std::tuple{Field{"subject_id", &E::subject_id, "who has it"},
//                               Field{"role_id", &E::role_id, "which role"}};
//         }
//         constexpr About about() const { return About::account(subject_id); }  // or its aggregate says it: kAbout
//         AuditOutcome outcome() const { return AuditOutcome::success(role_id.to_string()); }  // else: it succeeded
//     };
//
// An event with which the key of its stream's subject is destroyed says `kErases = true`. One whose personal fields
// are another subject's than its stream's says whose: `Uuid sealed_for() const`.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "domain/base/id.hpp"
#include "domain/base/time.hpp"

namespace keyledger {

using Position = std::int64_t;  // of an event in the log: 1, 2, 3 … (I1)

template <class Event, class Value>
struct Field {
    std::string_view name;
    Value Event::*member;
    std::string_view meaning{};  // for docs/events.md; the fields of states have none
};
// g++ deduces these by itself (P1816), clang 16 does not.
template <class Event, class Value>
Field(std::string_view, Value Event::*) -> Field<Event, Value>;
template <class Event, class Value>
Field(std::string_view, Value Event::*, std::string_view) -> Field<Event, Value>;

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
// Of a value that is no enumerator: empty.
template <class E>
constexpr std::string_view stored_name(E wanted) {
    for (const auto& [value, name] : enum_names(wanted))
        if (value == wanted) return name;
    return {};
}

// And back; nullopt: nothing is called so.
template <class E>
constexpr std::optional<E> stored_value(std::string_view name) {
    for (const auto& [value, stored] : enum_names(E{}))
        if (stored == name) return value;
    return std::nullopt;
}

// Whom or what an event is about: the key of its Kafka record, so that the events of one subject keep their order; and
// whose entry it is in the audit trail, if that is an account.
struct About {
    enum class What {
        kAccount,  // a user or a service account
        kThing,    // whatever else has an id: a role, a group, a stream
        kAsBegun,  // what the first event of its stream is about
    };
    What what = What::kThing;
    std::optional<Uuid> id{};  // empty: that of the stream

    static constexpr About account(const SubjectId& id) { return {What::kAccount, id}; }
    static constexpr About thing(const Uuid& id) { return {What::kThing, id}; }
    static constexpr About streams_account() { return {What::kAccount}; }
    static constexpr About stream() { return {What::kThing}; }
    static constexpr About as_begun() { return {What::kAsBegun}; }
};

// What came of it, as the audit trail tells it. An event that has a field `reason` does not compile without one.
struct AuditOutcome {
    bool succeeded = true;
    std::optional<std::string> reason{};  // in the clear for whoever may read the trail: nothing personal, no secret

    static AuditOutcome success(std::string reason) { return {true, std::move(reason)}; }
    static AuditOutcome failure(std::string reason) { return {false, std::move(reason)}; }
};

// Where and when an event was recorded: what `evolve` may know beside the event itself.
struct Recorded {
    Position position = 0;
    Instant occurred_at;  // the command's clock
};

}  // namespace keyledger
