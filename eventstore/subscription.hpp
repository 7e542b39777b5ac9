#pragma once
// Which aggregates concern a follower of the log: a read model, a topic of states, a model in memory.
//
//     using Concerns = Subscription<User, Session>;
//     Concerns::deliver(event, [&](const auto& of_one) { std::visit(Visitor{…}, of_one); });
//
// A new event of one of these does not compile until the follower handles it, for it visits each aggregate's events
// with an overload for every one. Events of others are none of its business, also of aggregates that are not written
// yet.
#include "domain/base/id.hpp"
#include "eventstore/any.hpp"

namespace keyledger::eventstore {

template <class... Aggregate>
struct Subscription {
    // Calls `follower(const User::Event&)` or the like; false: the event is of another aggregate.
    template <class Follower>
    static bool deliver(const AnyEvent& event, Follower&& follower) {
        return (hand(event_in<Aggregate>(event), follower) || ...);
    }
    // With the id of the event's stream, as one of that aggregate's: `follower(const Id<User>&, const User::Event&)`.
    template <class Follower>
    static bool deliver(const AnyEvent& event, const Uuid& stream_id, Follower&& follower) {
        return (hand(event_in<Aggregate>(event), [&](const auto& one) { follower(Id<Aggregate>{stream_id}, one); }) ||
                ...);
    }
    // The same of states: `follower(const User&)`.
    template <class Follower>
    static bool deliver(const AnyState& state, Follower&& follower) {
        return (hand(state_in<Aggregate>(state), follower) || ...);
    }

private:
    template <class One, class Follower>
    static bool hand(const One* one, Follower&& follower) {
        if (one) follower(*one);
        return one != nullptr;
    }
};

}  // namespace keyledger::eventstore
