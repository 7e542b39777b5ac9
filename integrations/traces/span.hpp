#pragma once
// A span: one piece of work in a trace (OpenTelemetry). Values; nothing secret or personal stands in them (I10).
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace keyledger::integrations {

// By the numbers of OTLP.
enum class SpanKind : std::uint8_t { kInternal = 1, kServer = 2, kClient = 3, kProducer = 4, kConsumer = 5 };

struct Span {
    using Value = std::variant<std::string, std::int64_t>;

    std::string trace_id{};         // 32 lower-case hexadecimal digits
    std::string span_id{};          // 16
    std::string parent_id{};        // 16; empty: the trace begins with it
    bool is_parent_remote = false;  // another process', or in another process before
    std::string name{};
    SpanKind kind = SpanKind::kInternal;
    std::int64_t begun_ns = 0;  // since 1970
    std::int64_t ended_ns = 0;
    std::vector<std::pair<std::string_view, Value>> attributes{};  // names live for ever
    bool has_failed = false;
};

// Takes spans that have ended. Any thread, at once, whatever becomes of them.
class SpanSink {
public:
    virtual ~SpanSink() = default;
    virtual void take(Span span) noexcept = 0;
};

}  // namespace keyledger::integrations
