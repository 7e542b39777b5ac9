#include "eventstore/kafka/publishing/publisher.hpp"

#include <algorithm>
#include <utility>

#include "eventstore/codec/jcs.hpp"

namespace keyledger::eventstore::kafka {
namespace {

using State = PublisherState;

Unexpected<Setback> setback(State state, std::string sentence) {
    return Unexpected(Setback{state, std::move(sentence)});
}

// What Kafka holds already may be from before there were MACs, and is still to be known again.
Position first_to_sign(const ResumePoint& resume_point, Position next) {
    const auto& there = resume_point.already_there;
    return there.empty() ? next : std::max(next, there.rbegin()->first.position + 1);
}

}  // namespace

std::string_view name_of(PublisherState state) {
    switch (state) {
        case State::kNotStarted: return "not_started";
        case State::kStarting: return "starting";
        case State::kPublishing: return "publishing";
        case State::kStandby: return "standby";
        case State::kWaitingForBroker: return "waiting_for_broker";
        case State::kWaitingForLog: return "waiting_for_log";
        case State::kRecovering: return "recovering";
        case State::kEnded: return "ended";
        case State::kStoppedTopicMissing: return "stopped_topic_missing";
        case State::kStoppedTopicMismatch: return "stopped_topic_mismatch";
        case State::kStoppedPositionMissing: return "stopped_position_missing";
        case State::kStoppedPositionUnreadable: return "stopped_position_unreadable";
        case State::kStoppedBehindCheckpoint: return "stopped_behind_checkpoint";
        case State::kStoppedAheadOfLog: return "stopped_ahead_of_log";
        case State::kStoppedOtherHistory: return "stopped_other_history";
        case State::kStoppedOtherLog: return "stopped_other_log";
        case State::kStoppedEventsMissing: return "stopped_events_missing";
        case State::kStoppedRecordRefused: return "stopped_record_refused";
        case State::kStoppedEventUnreadable: return "stopped_event_unreadable";
        case State::kStoppedHole: return "stopped_hole";
        case State::kStoppedDefect: return "stopped_defect";
    }
    return "unknown";
}

std::string transactional_id(const Uuid& log_id, OutputKind output) {
    const bool events = output == OutputKind::kEvents;
    return "keyledger." + log_id.to_string() + "." + (events ? "publisher" : std::string(name_of(output)));
}

Publisher::Publisher(PublisherOptions options, PublisherPorts ports)
    : options_(std::move(options)),
      ports_(ports),
      output_(make_output(options_.output, options_.topics, ports.origins)),
      topics_(output_->topics()),
      macs_(options_.macs),
      gathering_(options_.visible_within, kLeastPause),
      jitter_(std::random_device{}()) {
    read_limit_ = std::min(kFirstReadEvents, max_transaction_events());
}

Publisher::~Publisher() { stop(); }

std::int32_t Publisher::max_transaction_events() const {
    return std::clamp(options_.max_transaction_events, 1, kMaxTransactionEvents);
}

void Publisher::start() {
    enter(State::kStarting, "the publisher starts");
    thread_ = std::thread([this] { run(); });
}

void Publisher::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    ports_.source.interrupt();
    if (thread_.joinable()) thread_.join();
}

PublisherStatus Publisher::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

std::optional<PublisherStatus> Publisher::await(const std::function<bool(const PublisherStatus&)>& wanted,
                                                std::chrono::milliseconds at_most) const {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, at_most, [&] { return wanted(status_); })) return std::nullopt;
    return status_;
}

bool Publisher::stopping() const {
    const std::lock_guard lock(mutex_);
    return stopping_;
}

void Publisher::rest(Gathering::Duration at_most) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, at_most, [&] { return stopping_; });
}

void Publisher::enter(PublisherState state, std::string sentence) {
    const std::lock_guard lock(mutex_);
    status_.state = state;
    status_.sentence = std::move(sentence);
    changed_.notify_all();
}

void Publisher::note(const Setback& problem) {
    if (options_.client.log) options_.client.log(is_stopped(problem.state) ? 3 : 4, problem.sentence);
    const std::lock_guard lock(mutex_);
    status_.state = problem.state;
    status_.sentence = problem.sentence;
    ++status_.setbacks;
    changed_.notify_all();
}

void Publisher::run() {
    while (!stopping()) {
        const Setback problem = attempt();
        producer_.reset();
        // Another node may have better luck: it may reach the broker, or know the event type.
        ports_.leadership.release();
        if (problem.state == State::kEnded) break;
        note(problem);
        if (is_stopped(problem.state)) return;
        // It may have been more than the broker takes within a transaction's time.
        if (std::exchange(in_transaction_, false)) read_limit_ = std::max(1, read_limit_ / 2);
        const auto half = backoff_.count() / 2;
        rest(std::chrono::milliseconds(half + static_cast<std::int64_t>(jitter_() % static_cast<unsigned>(half + 1))));
        backoff_ = std::min<std::chrono::milliseconds>(backoff_ * 2, kMaxBackoff);
    }
    enter(State::kEnded, "stopped by request");
}

Setback Publisher::attempt() try {
    while (!stopping()) {
        const Candidacy candidacy = ports_.leadership.try_acquire();
        if (candidacy == Candidacy::kLeading) return publish_as_leader();
        const bool other = candidacy == Candidacy::kOtherLeads;
        enter(other ? State::kStandby : State::kWaitingForLog,
              other ? "another process publishes" : "the database can't say who publishes");
        rest(kStandbyWait);
    }
    return {State::kEnded, "stopped by request"};
} catch (const CodecError& error) {
    return {State::kStoppedEventUnreadable, std::string("an event can't be read: ") + error.what()};
} catch (const std::exception& error) {
    return {State::kStoppedDefect, std::string("unexpected: ") + error.what()};
}

Setback Publisher::publish_as_leader() {
    auto begun = begin_anew();
    if (!begun) return begun.error();
    while (!stopping()) {
        auto published = publish_waiting();
        if (!published) return published.error();
    }
    return {State::kEnded, "stopped by request"};
}

Result<void, Setback> Publisher::begin_anew() {
    // Says "starting" only where nothing worse is known yet.
    if (backoff_ == kMinBackoff) enter(State::kStarting, "taking over from what Kafka holds");
    auto checkpoint = ports_.cursors.load();
    if (!checkpoint) return Unexpected(setback_of(checkpoint.error(), "reading the checkpoint"));
    auto head = ports_.source.head();
    if (!head) return Unexpected(setback_of(head.error(), "asking for the log's head"));
    see_head(head->cursor.position);
    // Beyond the log's end nothing was published: whoever can write to the table put it there. Kafka knows better.
    const bool is_true = checkpoint->position <= head->cursor.position;
    const Cursor published = is_true ? *checkpoint : Cursor{};
    // A topic that is gone although this log was published must not be made anew: that would hide the loss.
    const IfMissing if_missing = checkpoint->position > 0 ? IfMissing::kRefuse : IfMissing::kCreate;
    auto topics = ensure_topics(options_.client, options_.topics, topics_, if_missing);
    if (!topics) return Unexpected(setback_of(topics.error()));
    if (stopping()) return setback(State::kEnded, "stopped by request");

    TransactionalProducer::Topics names{{}, options_.topics.positions()};
    for (const OutputTopic& topic : topics_) names.outputs.push_back(topic.name);
    auto producer =
        TransactionalProducer::open(options_.client, transactional_id(head->log_id, options_.output), names);
    if (!producer) return Unexpected(setback_of(producer.error()));
    producer_ = std::move(*producer);
    auto fenced = producer_->init(kInitTimeout);
    if (!fenced) return Unexpected(setback_of(fenced.error()));
    auto resume_point =
        take_over(options_.client, options_.topics,
                  {options_.output, *output_, ports_.source, published, macs_, [this] { return stopping(); }});
    if (!resume_point) return Unexpected(resume_point.error());
    resume_point_ = std::move(*resume_point);
    source_ = {head->log_id, options_.issuer};
    // The last commit's cursor may not have been stored. If the database is away now, the next commit stores
    // it.
    if (resume_point_.cursor.position > published.position) (void)ports_.cursors.store(resume_point_.cursor);
    auto passed = pass(Step::kTookOver);
    if (!passed) return passed;
    const std::lock_guard lock(mutex_);
    status_.state = State::kPublishing;
    status_.sentence = publishing();
    status_.foreign = resume_point_.foreign.count;
    status_.published = resume_point_.cursor.position;
    ++status_.takeovers;
    changed_.notify_all();
    return {};
}

Result<void, Setback> Publisher::publish_waiting() {
    if (!ports_.leadership.still_held()) return setback(State::kStandby, "leadership was lost");
    const auto began = std::chrono::steady_clock::now();
    const std::int32_t asked_for = read_limit_;
    auto events = ports_.source.follow_after(resume_point_.cursor, asked_for);
    if (!events)
        return Unexpected(setback_of(events.error(), "reading after " + std::to_string(resume_point_.cursor.position)));
    Position seen = events->empty() ? resume_point_.cursor.position : events->back()->position;
    if (std::ssize(*events) == asked_for) {
        const auto head = ports_.source.head();
        if (head) seen = head->cursor.position;
    }
    see_head(seen);
    if (!events->empty()) {
        auto published = publish(*events);
        if (!published) return published;
        backoff_ = kMinBackoff;
        if (resume_point_.cursor.position < seen) return published;
        rest(gathering_.pause_after(std::chrono::steady_clock::now() - began));
        return published;
    }
    if (producer_->broker_answers()) {
        enter(State::kPublishing, publishing());
        backoff_ = kMinBackoff;
        ports_.source.wait(kIdleWait);
    } else {
        enter(State::kWaitingForBroker, "no broker can be reached");
    }
    return {};
}

Result<void, Setback> Publisher::publish(const FollowedEvents& events) {
    auto begun = producer_->begin();
    if (!begun) return Unexpected(setback_of(begun.error()));
    in_transaction_ = true;
    macs_.forget_keys();
    if (resume_point_.signed_from == 0)
        resume_point_.signed_from = first_to_sign(resume_point_, events.front()->position);
    auto sent = send(events);
    if (!sent) return Unexpected(sent.error());
    const auto taken = static_cast<std::int32_t>(sent->events);
    read_limit_ = sent->events < events.size() ? taken : std::min(2 * read_limit_, max_transaction_events());
    auto flushed = producer_->flush([&] { return keep_waiting(); });
    if (!flushed) return Unexpected(setback_of(flushed.error()));
    auto passed = pass(Step::kProduced);
    if (!passed) return passed;
    auto committed = producer_->commit();
    if (!committed) return Unexpected(setback_of(committed.error()));
    in_transaction_ = false;
    passed = pass(Step::kCommitted);
    if (!passed) return passed;
    remember(*events[sent->events - 1], sent->records);
    // A checkpoint that stays behind makes the next start less strict, not wrong; and the next commit stores
    // again.
    (void)ports_.cursors.store(resume_point_.cursor);
    return pass(Step::kCursorStored);
}

Result<Publisher::Sent, Setback> Publisher::send(const FollowedEvents& events) {
    auto prepared = output_->prepare(events);
    if (!prepared) return Unexpected(setback_of(prepared.error(), "looking up the users of sessions"));
    Sent sent;
    std::size_t bytes = 0;
    for (; sent.events < events.size() && bytes < kMaxTransactionBytes; ++sent.events) {
        auto queued = send(*events[sent.events], sent);
        if (!queued) return Unexpected(queued.error());
        bytes += *queued;
    }
    const RecordedEvent& last = *events[sent.events - 1];
    const PositionRecord position{
        source_.log_id(), {last.position, last.leaf_hash}, resume_point_.offsets, resume_point_.signed_from};
    Record record{std::string(name_of(options_.output)), encode(position), {}};
    macs_.sign(record, options_.topics.positions(), source_.log_id());
    auto queued = producer_->send_position(record);
    if (!queued) return Unexpected(setback_of(queued.error()));
    return sent;
}

Result<std::size_t, Setback> Publisher::send(const FollowedEvent& event, Sent& sent) {
    const auto& there = resume_point_.already_there;
    const bool may_be_there = !there.empty();
    if (may_be_there) {
        const std::string id = event.event_id.to_string();
        for (auto at = there.lower_bound({event.position, 0, ""});
             at != there.end() && at->first.position == event.position; ++at)
            if (at->second != id)
                return setback(State::kStoppedOtherHistory, "Kafka has another event at position " +
                                                                std::to_string(event.position) + " than the log");
    }
    std::size_t bytes = 0;
    for (auto& [topic, record] : output_->records_of(event, source_)) {
        if (may_be_there && there.contains({event.position, topic, record.key})) continue;
        macs_.sign(record, topics_.at(topic).name, source_.log_id());
        auto queued = producer_->send_event(topic, event.position, record);
        if (!queued) return Unexpected(setback_of(queued.error()));
        bytes += record.bytes();
        ++sent.records;
    }
    return bytes;
}

void Publisher::remember(const RecordedEvent& last, std::int64_t records) {
    resume_point_.cursor = {last.position, last.leaf_hash};
    auto& there = resume_point_.already_there;
    there.erase(there.begin(), there.lower_bound({last.position + 1, 0, ""}));
    // Else they stay: a publisher that takes over has to find those that are still to be skipped.
    if (there.empty()) {
        const auto partitions = static_cast<std::size_t>(options_.topics.partitions);
        for (const auto& [topic, partition, offset] : producer_->delivered_ends()) {
            std::int64_t& end = resume_point_.offsets[topic * partitions + static_cast<std::size_t>(partition)];
            end = std::max(end, offset + 1);  // behind the commit marker
        }
    }
    const std::lock_guard lock(mutex_);
    status_.state = State::kPublishing;
    status_.sentence = publishing();
    status_.published = last.position;
    status_.records += records;
    ++status_.transactions;
    changed_.notify_all();
}

std::string Publisher::publishing() const {
    const ForeignRecordCount& foreign = resume_point_.foreign;
    if (foreign.count == 0) return "publishing";
    return "publishing; passed over " + std::to_string(foreign.count) +
           " records that somebody else wrote, the first at " + foreign.where + ": see who may write to the topics";
}

void Publisher::see_head(Position head) {
    const std::lock_guard lock(mutex_);
    status_.head = std::max(status_.head, head);
}

bool Publisher::keep_waiting() {
    if (!producer_->all_brokers_down()) return true;
    enter(State::kWaitingForBroker, "no broker can be reached; the backlog drains when one can");
    return !stopping();
}

Result<void, Setback> Publisher::pass(Step step) {
    if (options_.on_step && options_.on_step(step) == Then::kLoseAnswer)
        return setback(State::kRecovering, "the answer was lost, as a test asked for");
    return {};
}

}  // namespace keyledger::eventstore::kafka
