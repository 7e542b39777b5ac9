#pragma once
// Spans of what a follower of the log did with the events of traced requests: from when it had read one until it was
// done with it. Followers are watched from outside, by the log that they read and the place that they say they
// reached.
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "app/observing/trace_recorder.hpp"
#include "eventstore/cursor_store.hpp"
#include "eventstore/log_source.hpp"

namespace keyledger::app {

// Any thread.
class FollowedSpans {
public:
    // `span`: what all spans have alike. `parts`: how many say done() of each event. The recorder outlives it.
    FollowedSpans(TraceRecorder& recorder, const commands::Clock& clock, integrations::Span span, std::size_t parts)
        : recorder_(recorder), clock_(clock), span_(std::move(span)), parts_(parts) {}

    void read(const eventstore::FollowedEvents& events);
    // `part` is done with all up to this position.
    void done(std::string_view part, Position up_to);

private:
    struct Traced {
        Position position = 0;
        std::string traceparent;
        std::string type;
        std::string event_id;
        SteadyTime begun;
        SteadyTime last_done{};
        std::size_t done = 0;
    };
    void finish(const Traced& one);

    TraceRecorder& recorder_;
    const commands::Clock& clock_;
    const integrations::Span span_;
    const std::size_t parts_;
    std::mutex mutex_;            // guards what follows
    std::deque<Traced> waiting_;  // by position
    std::map<std::string, Position, std::less<>> reached_;
};

// What the follower reads.
class TracedLogSource : public eventstore::LogSource {
public:
    TracedLogSource(std::unique_ptr<eventstore::LogSource> source, std::shared_ptr<FollowedSpans> spans)
        : owned_(std::move(source)), source_(*owned_), spans_(std::move(spans)) {}
    // `source` outlives it; no spans: nothing is watched.
    TracedLogSource(eventstore::LogSource& source, std::shared_ptr<FollowedSpans> spans)
        : source_(source), spans_(std::move(spans)) {}

    Result<std::vector<eventstore::RecordedEvent>, eventstore::ReadError> read_after(const eventstore::Cursor& cursor,
                                                                                     std::int32_t limit) override {
        return source_.read_after(cursor, limit);
    }
    Result<eventstore::FollowedEvents, eventstore::ReadError> follow_after(const eventstore::Cursor& cursor,
                                                                           std::int32_t limit) override {
        auto events = source_.follow_after(cursor, limit);
        if (spans_ && events) spans_->read(*events);
        return events;
    }
    Result<eventstore::Head, eventstore::ReadError> head() override { return source_.head(); }
    void wait(std::chrono::milliseconds at_most) override { source_.wait(at_most); }
    void interrupt() override { source_.interrupt(); }

private:
    const std::unique_ptr<eventstore::LogSource> owned_;
    eventstore::LogSource& source_;
    const std::shared_ptr<FollowedSpans> spans_;
};

// Where a publisher stores how far it came: when it does, Kafka has committed what is before.
class TracedCursors : public eventstore::CursorStore {
public:
    TracedCursors(eventstore::CursorStore& cursors, std::shared_ptr<FollowedSpans> spans)
        : cursors_(cursors), spans_(std::move(spans)) {}

    Result<eventstore::Cursor, eventstore::ReadError> load() override { return cursors_.load(); }
    Result<void, eventstore::ReadError> store(const eventstore::Cursor& cursor) override {
        if (spans_) spans_->done({}, cursor.position);
        return cursors_.store(cursor);
    }

private:
    eventstore::CursorStore& cursors_;
    const std::shared_ptr<FollowedSpans> spans_;
};

}  // namespace keyledger::app
