#include "app/observing/trace_recorder.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "api/requests/identifiers.hpp"
#include "security/primitives/hex.hpp"
#include "security/primitives/random.hpp"

namespace keyledger::app {
namespace {

constexpr std::size_t kTraceparentBytes = 55;
constexpr std::int64_t kNsOfMs = 1'000'000;
constexpr std::int64_t kLeapNs = 20 * kNsOfMs;  // the wall clock tells milliseconds, and is asked between two others

std::int64_t ns_of(SteadyTime at) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
}

std::string new_span_id() {
    std::array<std::uint8_t, 8> bytes{};
    security::fill_random(bytes);
    bytes[0] |= 1;  // it may not be all zero
    return security::hex_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

bool is_recorded(std::string_view traceparent) {
    return traceparent.size() == kTraceparentBytes && api::is_sampled(traceparent);
}

std::int64_t TraceRecorder::unix_ns(SteadyTime at) {
    const std::int64_t now = clock_.now().ms() * kNsOfMs - ns_of(std::chrono::steady_clock::now());
    std::int64_t offset = offset_ns_.load(std::memory_order_relaxed);
    if (offset == 0 || std::abs(now - offset) > kLeapNs) {
        offset = now;
        offset_ns_.store(offset, std::memory_order_relaxed);
    }
    return ns_of(at) + offset;
}

void TraceRecorder::record_below(std::string_view traceparent, integrations::Span span, SteadyTime begun,
                                 SteadyTime ended) {
    span.span_id = new_span_id();
    span.parent_id = api::span_id_of(traceparent);
    finish(traceparent, std::move(span), begun, ended);
}

void TraceRecorder::record(std::string_view traceparent, integrations::Span span, SteadyTime begun, SteadyTime ended) {
    span.span_id = api::span_id_of(traceparent);
    finish(traceparent, std::move(span), begun, ended);
}

void TraceRecorder::finish(std::string_view traceparent, integrations::Span span, SteadyTime begun, SteadyTime ended) {
    span.trace_id = api::trace_id_of(traceparent);
    span.begun_ns = unix_ns(begun);
    span.ended_ns = span.begun_ns + std::max<std::int64_t>(0, ns_of(ended) - ns_of(begun));
    sink_.take(std::move(span));
}

}  // namespace keyledger::app
