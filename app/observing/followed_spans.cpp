#include "app/observing/followed_spans.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace keyledger::app {
namespace {

constexpr std::size_t kMostWaiting = 4'096;       // for those who stand stopped
constexpr std::chrono::seconds kLongestWait{10};  // then a span ends with who was done last
constexpr Duration kTooOld = minutes(15);         // what is read again, or was there before tracing, is no news

// Most events of most logs have none: these are not parsed for it.
std::string traceparent_of(const eventstore::FollowedEvent& event) {
    return event.metadata.find("\"trace") == std::string::npos ? std::string() : event.envelope().traceparent;
}

}  // namespace

void FollowedSpans::read(const eventstore::FollowedEvents& events) try {
    const SteadyTime now = std::chrono::steady_clock::now();
    const Instant oldest = clock_.now() - kTooOld;
    for (const auto& followed : events) {
        const eventstore::FollowedEvent& event = *followed;
        if (event.trust != eventstore::RecordedEvent::Trust::kBelieved || event.recorded_at < oldest) continue;
        std::string traceparent = traceparent_of(event);
        if (!is_recorded(traceparent)) continue;
        const std::lock_guard lock(mutex_);
        if (!waiting_.empty() && waiting_.back().position >= event.position) continue;  // it is read again
        if (waiting_.size() >= kMostWaiting) waiting_.pop_front();
        waiting_.push_back(
            {event.position, std::move(traceparent), event.type, event.event_id.to_string(), now, {}, 0});
    }
} catch (const std::exception& error) {
    spdlog::debug("the traces of what was read can't be told: {}", error.what());
}

void FollowedSpans::done(std::string_view part, Position up_to) {
    const SteadyTime now = std::chrono::steady_clock::now();
    std::vector<Traced> finished;
    {
        const std::lock_guard lock(mutex_);
        auto at = reached_.find(part);
        if (at == reached_.end()) at = reached_.emplace(std::string(part), 0).first;
        const Position before = std::exchange(at->second, std::max(at->second, up_to));
        for (Traced& one : waiting_) {
            if (one.position > up_to) break;
            if (one.position <= before) continue;
            ++one.done;
            one.last_done = now;
        }
        const auto is_over = [&](const Traced& one) { return one.done >= parts_ || now - one.begun > kLongestWait; };
        std::ranges::copy_if(waiting_, std::back_inserter(finished), is_over);
        std::erase_if(waiting_, is_over);
    }
    for (const Traced& one : finished)
        if (one.done > 0) finish(one);
}

void FollowedSpans::finish(const Traced& one) {
    integrations::Span span = span_;
    span.is_parent_remote = true;
    span.attributes.emplace_back("keyledger.event.type", one.type);
    span.attributes.emplace_back("keyledger.event.id", one.event_id);
    span.attributes.emplace_back("keyledger.position", one.position);
    recorder_.record_below(one.traceparent, std::move(span), one.begun, one.last_done);
}

}  // namespace keyledger::app
