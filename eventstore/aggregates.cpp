#include "eventstore/aggregates.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <tuple>
#include <type_traits>

#include "eventstore/codec/jcs.hpp"
#include "eventstore/sealing/sealed_for.hpp"

namespace keyledger::eventstore {
namespace {

// ---- the list --------------------------------------------------------------------------------------------------
// Of each aggregate, in the list's order. The variants of events and of states have that order, too: what an event or a
// state is, its index says.
template <class... Aggregate>
constexpr auto stream_types(std::type_identity<AggregateList<Aggregate...>>) {
    return std::array<std::string_view, sizeof...(Aggregate)>{Aggregate::kStreamType...};
}
constexpr auto kStreamTypes = stream_types(std::type_identity<Aggregates>{});
static_assert(std::variant_size_v<Aggregates::Event> == kStreamTypes.size());

consteval bool are_told_apart() {
    for (std::size_t i = 0; i < kStreamTypes.size(); ++i)
        for (std::size_t k = i + 1; k < kStreamTypes.size(); ++k)
            if (kStreamTypes[i] == kStreamTypes[k]) return false;
    return true;
}
static_assert(are_told_apart(), "two aggregates have the same kStreamType");

template <class Aggregate, class With>
void call(With& with) {
    with.template operator()<Aggregate>();
}
template <class With, class... Aggregate>
constexpr auto calls(std::type_identity<AggregateList<Aggregate...>>) {
    return std::array<void (*)(With&), sizeof...(Aggregate)>{&call<Aggregate, With>...};
}
// Calls `with.operator()<Aggregate>()` for the one at that place of the list; nothing beyond its end.
template <class With>
void at_place(std::size_t place, With&& with) {
    static constexpr auto kCalls = calls<std::remove_reference_t<With>>(std::type_identity<Aggregates>{});
    if (place < kCalls.size()) kCalls[place](with);
}

// Calls it for the one of this type. Throws CodecError for a type that none has.
template <class With>
void of_type(std::string_view stream_type, With&& with) {
    const auto* found = std::ranges::find(kStreamTypes, stream_type);
    if (found == kStreamTypes.end()) throw CodecError("unknown stream type '" + std::string(stream_type) + "'");
    at_place(static_cast<std::size_t>(found - kStreamTypes.begin()), with);
}

// Calls `with.operator()<Aggregate>(event)` with the event as its aggregate declares it.
template <class With>
void visit_one(const AnyEvent& event, With&& with) {
    at_place(event.index(), [&]<class Aggregate> {
        const auto* of_one = std::get_if<typename Aggregate::Event>(&event);
        std::visit([&](const auto& one) { with.template operator()<Aggregate>(one); }, *of_one);
    });
}

// ---- what one declares -----------------------------------------------------------------------------------------
template <class Event>
constexpr bool kHasPersonalFields =
    std::apply([](const auto&... field) { return (is_personal(field) || ...); }, Event::fields());

template <class Event>
constexpr bool kHasReason =
    std::apply([](const auto&... field) { return ((field.name == "reason") || ...); }, Event::fields());

template <class Event>
AuditOutcome outcome_of(const Event& event) {
    constexpr bool kDeclared = requires { event.outcome(); };
    static_assert(kDeclared || !kHasReason<Event>, "it has a reason: say by outcome() whether it is of a failure");
    if constexpr (kDeclared) return event.outcome();
    else return {};
}

// Not under the key of its stream: the event says whose it is.
template <class Event>
constexpr bool kIsSealedForAnother = requires(const Event& event) { event.sealed_for(); };

template <class... Event>
consteval bool any_seals_under_its_own_key(std::type_identity<std::variant<Event...>>) {
    return ((kHasPersonalFields<Event> && !kIsSealedForAnother<Event>) || ...);
}
// What is sealed for somebody else need not be in the state: then folding takes no key.
template <class Aggregate>
constexpr bool kIsPersonal = any_seals_under_its_own_key(std::type_identity<typename Aggregate::Event>{}) ||
                             requires(const Aggregate& state) { state.has_personal_data(); };

}  // namespace

const void* find_event(const AnyEvent& event, std::string_view stream_type) {
    const std::size_t place = event.index();
    if (place >= kStreamTypes.size() || kStreamTypes[place] != stream_type) return nullptr;
    return std::visit([](const auto& of_one) -> const void* { return &of_one; }, event);
}

const void* find_state(const AnyState& state, std::string_view stream_type) {
    const auto found = [&]<class Aggregate>(const Aggregate& one) -> const void* {
        return Aggregate::kStreamType == stream_type ? &one : nullptr;
    };
    return std::visit(found, state);
}

AnyEventPtr any_event(std::string_view stream_type, const void* event) {
    AnyEventPtr any;
    of_type(stream_type, [&]<class Aggregate> {
        any = std::make_shared<const AnyEvent>(*static_cast<const typename Aggregate::Event*>(event));
    });
    return any;
}

std::string_view stream_type_of(const AnyEvent& event) {
    return event.index() < kStreamTypes.size() ? kStreamTypes[event.index()] : std::string_view();
}

std::string_view stream_type_of(const AnyState& state) {
    return std::visit([]<class Aggregate>(const Aggregate&) { return Aggregate::kStreamType; }, state);
}

const AnyStatePtr& empty_state(std::string_view stream_type) {
    const AnyStatePtr* empty = nullptr;
    of_type(stream_type, [&]<class Aggregate> {
        static const auto kEmpty = std::make_shared<const AnyState>(Aggregate{});
        empty = &kEmpty;
    });
    return *empty;
}

std::shared_ptr<AnyState> copy_of(const AnyState& state) { return std::make_shared<AnyState>(state); }

void evolve(AnyState& state, const AnyEvent& event, const Recorded& recorded) {
    at_place(event.index(), [&]<class Aggregate> {
        auto* aggregate = std::get_if<Aggregate>(&state);
        if (!aggregate) throw CodecError("an event stands in another aggregate's stream");
        *aggregate = evolve(std::move(*aggregate), std::get<typename Aggregate::Event>(event), recorded);
    });
}

bool can_hold_names(const AnyState& state) {
    return std::visit([](const auto& one) { return requires { one.held_names(); }; }, state);
}

std::vector<ClaimedName> held_names(const AnyState& state) {
    const auto held = [](const auto& one) {
        if constexpr (requires { one.held_names(); }) return one.held_names();
        else return std::vector<ClaimedName>();
    };
    return std::visit(held, state);
}

About about(const AnyEvent& event) {
    About about;
    visit_one(event, [&]<class Aggregate>(const auto& one) {
        if constexpr (requires { one.about(); }) about = one.about();
        else about = Aggregate::kAbout;
    });
    return about;
}

AuditOutcome audit_outcome(const AnyEvent& event) {
    AuditOutcome outcome;
    visit_one(event, [&]<class Aggregate>(const auto& one) { outcome = outcome_of(one); });
    return outcome;
}

bool has_personal_fields(const AnyEvent& event) {
    bool has = false;
    visit_one(event, [&]<class Aggregate, class Event>(const Event&) { has = kHasPersonalFields<Event>; });
    return has;
}

Uuid sealed_for(const AnyEvent& event, const Uuid& stream_id) {
    Uuid subject = stream_id;
    visit_one(event, [&]<class Aggregate, class Event>(const Event& one) {
        if constexpr (kIsSealedForAnother<Event>) subject = one.sealed_for();
    });
    return subject;
}

bool erases(const AnyEvent& event) {
    bool erases = false;
    visit_one(event, [&]<class Aggregate, class Event>(const Event&) { erases = requires { Event::kErases; }; });
    return erases;
}

bool is_personal(std::string_view stream_type) {
    bool personal = false;
    of_type(stream_type, [&]<class Aggregate> { personal = kIsPersonal<Aggregate>; });
    return personal;
}

bool is_erased(const AnyState& state) {
    const auto erased = []<class Aggregate>(const Aggregate& one) {
        if constexpr (kIsPersonal<Aggregate>) return one.is_erased();
        else return false;
    };
    return std::visit(erased, state);
}

bool tells_of_a_person(const AnyState& state) {
    const auto tells = []<class Aggregate>(const Aggregate& one) {
        if constexpr (kIsPersonal<Aggregate>) return one.has_personal_data();
        else return false;
    };
    return std::visit(tells, state);
}

}  // namespace keyledger::eventstore
