#include "app/observing/watched_store.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "eventstore/codec/envelope.hpp"

namespace keyledger::app {
namespace {

using eventstore::Append;
using eventstore::EventMetadata;
using eventstore::StoreError;
using eventstore::Verdict;

// What is to be told of an append once it has an answer.
struct Seen {
    std::shared_ptr<const EventMetadata> by;
    std::vector<AdminAct> acts;
    std::int64_t events = 0;
    SteadyTime begun;
    bool is_traced = false;
};

// As it was said when it was encoded, or decoded.
std::shared_ptr<const EventMetadata> envelope_of(const eventstore::NewEvent& first,
                                                 std::shared_ptr<const EventMetadata> said) {
    if (said) return said;
    eventstore::NullFieldOpener opener;
    return std::make_shared<const EventMetadata>(
        decode_metadata(first.metadata, {first.event_id, first.stream_type, first.stream_id}, opener));
}

std::optional<Seen> look_at(const Append& append, std::shared_ptr<const EventMetadata> said, AdminActors actors,
                            bool records) try {
    if (append.events.empty()) return std::nullopt;
    Seen seen;
    seen.by = envelope_of(append.events.front(), std::move(said));
    seen.acts = admin_acts(append, *seen.by, actors);
    seen.is_traced = records && is_recorded(seen.by->traceparent);
    if (seen.acts.empty() && !seen.is_traced) return std::nullopt;
    seen.events = static_cast<std::int64_t>(append.events.size());
    seen.begun = std::chrono::steady_clock::now();
    return seen;
} catch (const std::exception& error) {
    spdlog::error("what is appended could not be looked at: {}", error.what());
    return std::nullopt;
}

std::string_view name_of(const Verdict& verdict) {
    struct Names {
        std::string_view operator()(const eventstore::Appended&) const { return "appended"; }
        std::string_view operator()(const eventstore::Conflict&) const { return "conflict"; }
        std::string_view operator()(const eventstore::Duplicate&) const { return "duplicate"; }
        std::string_view operator()(const eventstore::ClaimTaken&) const { return "claim_taken"; }
        std::string_view operator()(const eventstore::AlreadySpent&) const { return "already_spent"; }
    };
    return std::visit(Names{}, verdict);
}

integrations::Span span_of(const Seen& seen, const Result<Verdict, StoreError>& answer) {
    integrations::Span span;
    span.name = "append";
    span.kind = integrations::SpanKind::kClient;
    span.has_failed = !answer;
    span.attributes = {{"db.system.name", "postgresql"},
                       {"db.operation.name", "append"},
                       {"keyledger.append.outcome", std::string(answer ? name_of(*answer) : "unavailable")},
                       {"keyledger.append.events", seen.events}};
    if (const auto* appended = answer ? std::get_if<eventstore::Appended>(&*answer) : nullptr)
        span.attributes.emplace_back("keyledger.position", appended->first_position);
    return span;
}

// 0: nothing was written now. A duplicate of an id that a client sent was told the first time; one of an id that was
// made here is this very append, sent twice, and is in the log (Append::CommandIdRetention tells the two apart).
Position position_of(const Verdict& verdict, Append::CommandIdRetention retention) {
    if (const auto* appended = std::get_if<eventstore::Appended>(&verdict)) return appended->first_position;
    const auto* twice = std::get_if<eventstore::Duplicate>(&verdict);
    return twice != nullptr && retention == Append::CommandIdRetention::kForAnHour ? twice->first_position : 0;
}

}  // namespace

WatchedStore::Answer<Verdict> WatchedStore::append(Append append, eventstore::Deadline deadline) {
    // Nobody behind this one looks at what was said of the envelope, and the writer has no time to give it back.
    auto said = std::exchange(append.envelope, nullptr);
    const std::optional<Seen> seen = look_at(append, std::move(said), admin_log_.actors(), recorder_ != nullptr);
    const auto retention = append.id_retention;
    auto answer = co_await store_.append(std::move(append), deadline);
    if (!seen) co_return answer;
    if (seen->is_traced)
        recorder_->record_below(seen->by->traceparent, span_of(*seen, answer), seen->begun,
                                std::chrono::steady_clock::now());
    const bool is_unknown = !answer && answer.error() == StoreError::kOutcomeUnknown;
    const Position position = answer ? position_of(*answer, retention) : 0;
    if (!seen->acts.empty() && (position > 0 || is_unknown)) admin_log_.write(seen->acts, *seen->by, position);
    co_return answer;
}

}  // namespace keyledger::app
