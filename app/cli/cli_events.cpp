#include <csignal>
#include <iostream>

#include "api/wire/write_json.hpp"
#include "app/cli/cli.hpp"
#include "app/core/log_reading.hpp"
#include "eventstore/codec/envelope.hpp"
#include "eventstore/codec/jcs.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::app {
namespace {

using eventstore::RecordedEvent;

constexpr std::int32_t kBatch = 1'000;
constexpr auto kFollowInterval = std::chrono::milliseconds(200);
volatile std::sig_atomic_t interrupted = 0;

// What is personal in it stays sealed, and out of here. Nothing is decided by it, so that nobody has to believe it.
std::string envelope_of(const RecordedEvent& event) try {
    eventstore::NullFieldOpener nothing;
    const eventstore::EnvelopePlace place{event.event_id, event.stream_type, event.stream_id};
    return eventstore::describe(eventstore::decode_metadata(event.metadata, place, nothing));
} catch (const eventstore::CodecError&) {
    return event.metadata;
}

// The payload is JSON already: it is put in as it is stored.
std::string as_json(const RecordedEvent& event) {
    api::JsonText json;
    std::string text = json.number("position", event.position)
                           .text("tenant", event.tenant)
                           .text("stream_type", event.stream_type)
                           .text("stream_id", event.stream_id.to_string())
                           .number("version", event.version)
                           .text("type", event.type)
                           .number("schema_version", event.schema_version)
                           .text("event_id", event.event_id.to_string())
                           .time("recorded_at", event.recorded_at)
                           .text("leaf_hash", security::hex_encode(security::view_of(event.leaf_hash)))
                           .finish();
    text.pop_back();
    // Anything may stand in what the service did not write.
    if (event.is_inert()) return text + ",\"inert\":true}";
    return text + ",\"payload\":" + event.payload + ",\"metadata\":" + envelope_of(event) + "}";
}

std::string as_text(const RecordedEvent& event) {
    return std::to_string(event.position) + "  " + api::rfc3339(event.recorded_at) + "  " + event.type + "  " +
           event.stream_id.to_string() + " v" + std::to_string(event.version) + "  " +
           (event.is_inert() ? "(not written by the service: it means nothing)" : event.payload);
}

void print(const RecordedEvent& event, Format format) {
    std::cout << (format == Format::kJson ? as_json(event) : as_text(event)) << '\n';
}

std::optional<Config> log_config(const Environment& environment) {
    return require_config(environment, {ConfigPart::kDatabase});
}

void wait_a_moment() {
    timespec pause{0, std::chrono::nanoseconds(kFollowInterval).count()};
    ::nanosleep(&pause, nullptr);  // ends early on a signal
}

}  // namespace

Exit tail_events(const Environment& environment, const TailEvents& options) {
    const auto config = log_config(environment);
    if (!config) return Exit::kUsage;
    Log log(*config);
    if (options.follow) {
        std::signal(SIGINT, [](int) { interrupted = 1; });
        std::signal(SIGTERM, [](int) { interrupted = 1; });
    }
    Position next = options.from;
    if (next <= 0) next = std::max<Position>(1, log.head().cursor.position - options.limit + 1);
    std::int64_t left = options.follow ? std::numeric_limits<std::int64_t>::max() : options.limit;
    while (left > 0 && !interrupted) {
        const auto events = log.read(next, static_cast<std::int32_t>(std::min<std::int64_t>(left, kBatch)));
        for (const RecordedEvent& event : events) print(event, options.format);
        std::cout.flush();
        left -= static_cast<std::int64_t>(events.size());
        if (!events.empty()) next = events.back().position + 1;
        if (!events.empty()) continue;
        if (!options.follow) break;
        wait_a_moment();
    }
    return Exit::kGood;
}

Exit show_event(const Environment& environment, std::int64_t position, Format format) {
    const auto config = log_config(environment);
    if (!config) return Exit::kUsage;
    Log log(*config);
    const auto events = log.read(position, 1);
    if (events.empty() || events.front().position != position) {
        std::cerr << "keyledger: there is no event at position " << position << "; the log ends at "
                  << log.head().cursor.position << '\n';
        return Exit::kFailed;
    }
    const RecordedEvent& event = events.front();
    if (format == Format::kJson) {
        std::cout << as_json(event) << '\n';
        return Exit::kGood;
    }
    std::cout << "position     " << event.position << "\nrecorded at  " << api::rfc3339(event.recorded_at)
              << "\ntype         " << event.type << " (schema version " << event.schema_version << ")\nstream       "
              << event.stream_type << ' ' << event.stream_id.to_string() << ", version " << event.version
              << "\nevent id     " << event.event_id.to_string() << "\nleaf hash    "
              << security::hex_encode(security::view_of(event.leaf_hash)) << "\npayload      " << event.payload
              << "\nmetadata     " << (event.is_inert() ? event.metadata : envelope_of(event)) << '\n';
    return Exit::kGood;
}

}  // namespace keyledger::app
