#pragma once
// Request ids, which are whatever callers call their requests, and W3C trace context, which is taken over when
// well-formed and made otherwise.
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace keyledger::api {

// Random bytes from the kernel, bought in bulk. One an I/O thread; not thread-safe.
class RandomBytes {
public:
    // Throws std::system_error when the kernel gives none.
    void fill(char* to, std::size_t size);

private:
    std::array<char, 4096> pool_{};
    std::size_t used_ = sizeof pool_;
};

// [A-Za-z0-9._-]{1,64}: what may stand in logs and events.
bool valid_request_id(std::string_view text) noexcept;
std::string make_request_id(RandomBytes& random);

inline constexpr std::size_t kMaxEchoedRequestIdBytes = 1024;

struct RequestId {
    std::string logged;  // valid_request_id()
    std::string echoed;  // the value of the header in the answer
};
// From the header of a request, if it has one. What is told is what was given, and what is logged is that with '_' for
// whatever must not stand there. nullopt where none was given, or one that could break a header or is too long.
std::optional<RequestId> request_id_of(std::optional<std::string_view> given);

// Version 00 of https://www.w3.org/TR/trace-context/, from a header of that or a later version; nullopt if
// malformed.
std::optional<std::string> accept_traceparent(std::string_view header);
std::string make_traceparent(RandomBytes& random);
std::string trace_id_of(std::string_view traceparent);  // 32 hexadecimal digits, as request ids have
std::string span_id_of(std::string_view traceparent);   // 16
bool is_sampled(std::string_view traceparent);          // its flag says that it is recorded

// Whether requests are spans of their own, and which are recorded. Where `follows_callers`, that is decided by whoever
// began the trace; else, and in traces that begin here, by chance, which no caller can foresee.
struct TraceRules {
    bool is_on = false;
    double share = 1;
    bool follows_callers = true;
};
// The context of a request's own span, within the caller's trace if there is one.
std::string begin_span(RandomBytes& random, const std::optional<std::string>& caller, const TraceRules& rules);

}  // namespace keyledger::api
