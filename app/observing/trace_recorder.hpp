#pragma once
// Makes spans of what happened to a request and its events. By W3C Trace Context an event's envelope names the span of
// its request; what is done with the event later, on any node, is a child of that. Any thread.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "commands/runtime/ports.hpp"
#include "integrations/traces/span.hpp"

namespace keyledger::app {

using SteadyTime = std::chrono::steady_clock::time_point;

// The context of a traced piece of work; false of one that nobody records.
bool is_recorded(std::string_view traceparent);

class TraceRecorder {
public:
    // Both outlive it.
    TraceRecorder(integrations::SpanSink& sink, const commands::Clock& clock) : sink_(sink), clock_(clock) {}

    // A span of its own id below the one that `traceparent` names, from `begun` until now.
    void record_below(std::string_view traceparent, integrations::Span span, SteadyTime begun, SteadyTime ended);
    // The span that `traceparent` names itself.
    void record(std::string_view traceparent, integrations::Span span, SteadyTime begun, SteadyTime ended);

private:
    // Since 1970. Steady from one span to the next, so that none seems to begin before its parent; the wall clock's
    // leaps are followed.
    std::int64_t unix_ns(SteadyTime at);
    void finish(std::string_view traceparent, integrations::Span span, SteadyTime begun, SteadyTime ended);

    integrations::SpanSink& sink_;
    const commands::Clock& clock_;
    std::atomic<std::int64_t> offset_ns_ = 0;  // from the steady clock to 1970; 0: not known yet
};

}  // namespace keyledger::app
