#pragma once
// The aggregate `anonymous_callers`: everybody who called on one day without being logged in. Their addresses and
// agents are sealed under a key of that day; erasing the day destroys it. Stream id: derived from the day, and the
// subject of its key. Pure.
#include <tuple>
#include <variant>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/time.hpp"

namespace keyledger {

// ---- events -----------------------------------------------------------------------------------------------
struct AnonymousCallersErased {  // of commands carried out from `from` on and before `before`
    Instant from;
    Instant before;
    static constexpr std::string_view kType = "anonymous_callers.erased";
    static constexpr int kSchema = 1;
    static constexpr bool kErases = true;
    static constexpr std::string_view kMeaning =
        "The day's key was destroyed together with this event, a configured time after the day. What the day's "
        "anonymous callers left in any envelope reads as `null` from then on.";
    static constexpr auto fields() {
        using E = AnonymousCallersErased;
        return std::tuple{Field{"from_ms", &E::from, "the day's beginning"}, Field{"before_ms", &E::before, "its end"}};
    }
};
using AnonymousCallersEvent = std::variant<AnonymousCallersErased>;

// ---- commands ---------------------------------------------------------------------------------------------
struct EraseAnonymousCallers {
    Instant from;
    Instant before;
};

// ---- state ------------------------------------------------------------------------------------------------
struct AnonymousCallers {
    enum class Status { kKept, kErased };
    Status status = Status::kKept;

    static constexpr std::string_view kStreamType = "anonymous_callers";
    static constexpr std::string_view kTitle = "Anonymous callers";
    static constexpr std::string_view kMeaning =
        "One a day (UTC); the stream's id is derived from the day. The addresses and agents of callers who are no "
        "users (anonymous, clients) are sealed under a key of the day.";
    static constexpr About kAbout = About::stream();
    using Event = AnonymousCallersEvent;
};

// ---- rules ------------------------------------------------------------------------------------------------
std::vector<AnonymousCallersEvent> decide(const AnonymousCallers& callers, const EraseAnonymousCallers& command);
AnonymousCallers evolve(AnonymousCallers callers, const AnonymousCallersEvent& event, const Recorded& recorded);

}  // namespace keyledger
