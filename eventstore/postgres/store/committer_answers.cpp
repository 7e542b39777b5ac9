// The committer's other half: what the server says of a batch.
#include <algorithm>
#include <charconv>
#include <exception>
#include <new>

#include "eventstore/postgres/store/committer.hpp"

namespace keyledger::eventstore::postgres {
namespace {

Result<Verdict, StoreError> after_end_of_key(const CommitterSettings& settings, const std::string& key_id) {
    if (!settings.on_ended_key || !settings.on_ended_key(key_id)) return Unexpected(StoreError::kUnavailable);
    return Verdict(Conflict{Conflict::Kind::kSubjectKey, {}});
}

}  // namespace

void Committer::on_answer() {
    auto answer = connection_->take_answer();
    if (!in_flight_) return on_broken(answer ? "an answer that nobody asked for" : answer.error().text);
    if (!answer) return on_error(answer.error());
    if (answer->size() != in_flight_->size()) return on_broken("an answer for another number of commands");
    pause_ = {};
    on_verdicts(*answer);
}

void Committer::on_verdicts(const std::vector<VerdictRow>& rows) {
    Batch answered = std::move(*in_flight_);
    in_flight_.reset();
    const bool durable = !connection_->was_warned();  // else committed, but perhaps not on the standby
    {
        const std::lock_guard lock(mutex_);
        batch_ns_.observe(std::chrono::nanoseconds(Clock::now() - in_flight_since_).count());
        in_flight_since_ = {};
    }
    const LogTail::Epoch epoch = tail_epoch_;
    LogTail::HandOver hand_over = std::move(hand_over_);
    std::exception_ptr failure;  // for want of memory: these are told all the same
    try {
        take_arrivals();
        grow();
        launch();  // the next is on its way while these are told
    } catch (...) {
        failure = std::current_exception();
    }
    if (durable) tell_tail(answered, rows, epoch);
    hand_over.reset();
    Position newest = 0;
    CommitterStatus counts;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        PendingAppend& waiting = answered.waiting()[i];
        Verdict verdict = rows[i].verdict;
        if (auto* duplicate = std::get_if<Duplicate>(&verdict)) {
            duplicate->same_request = duplicate->fingerprint == waiting.append.fingerprint;
            if (waiting.in_doubt && waiting.begins_with(rows[i].first_event))  // of its own resend
                verdict = Appended{duplicate->first_position, duplicate->event_count};
        }
        if (const auto* appended = std::get_if<Appended>(&verdict)) {
            newest = std::max(newest, appended->first_position + appended->event_count - 1);
            ++counts.appended;
            counts.events += static_cast<std::uint64_t>(appended->event_count);
        }
        counts.conflicts += std::holds_alternative<Conflict>(verdict) ? 1 : 0;
        counts.already_spent += std::holds_alternative<AlreadySpent>(verdict) ? 1 : 0;
        counts.duplicates += std::holds_alternative<Duplicate>(verdict) ? 1 : 0;
        counts.claims_taken += std::holds_alternative<ClaimTaken>(verdict) ? 1 : 0;
        if (durable) finish(waiting, std::move(verdict));
        else finish(waiting, Unexpected(StoreError::kOutcomeUnknown));
    }
    note([&](CommitterStatus& status) {
        status.commands += rows.size();
        status.appended += counts.appended;
        status.events += counts.events;
        status.conflicts += counts.conflicts;
        status.already_spent += counts.already_spent;
        status.duplicates += counts.duplicates;
        status.claims_taken += counts.claims_taken;
    });
    if (newest > 0) announce(newest);
    if (failure) std::rethrow_exception(failure);
}

// Before anybody is answered: who reads on because of an answer finds them in memory. Events that were appended in an
// earlier sending, as those of a duplicate, are left to whoever reads the log.
void Committer::tell_tail(Batch& answered, const std::vector<VerdictRow>& rows, LogTail::Epoch epoch) try {
    if (!tail_) return;
    std::vector<Position> first_positions;
    for (const VerdictRow& row : rows) {
        const auto* appended = std::get_if<Appended>(&row.verdict);
        first_positions.push_back(appended != nullptr && appended->event_count > 0 ? appended->first_position : 0);
    }
    tail_->offer(epoch, answered.take_recorded(first_positions));
} catch (const std::bad_alloc&) {
    tail_->clear();  // whoever waits is answered all the same, and followers read the log
}

void Committer::on_error(const ServerError& error) {
    hand_over_.reset();
    note([&](CommitterStatus& status) {
        in_flight_since_ = {};
        status.last_error = error.text;
    });
    switch (error.remedy) {
        case Remedy::kReconnect: return on_broken(error.text);
        case Remedy::kGiveUp: return halve(Unexpected(StoreError::kBadData));
        case Remedy::kKeyEnded: return halve(after_end_of_key(settings_, error.detail));
        case Remedy::kStampAgain: return stamp_again(error);
        case Remedy::kNotNow:
            newest_ = Instant();  // it was a wrong clock's: the server tells the right one again when it is needed
            fail(*in_flight_);
            return in_flight_.reset();
        case Remedy::kRetry: break;
    }
    resends_.push_front(std::move(*in_flight_));
    in_flight_.reset();
    pause_longer();
}

// Another node appended meanwhile, by a clock that is ahead of this one's; or the key is used no more.
void Committer::stamp_again(const ServerError& error) {
    std::int64_t newest_ms = 0;
    const char* const end = error.detail.data() + error.detail.size();
    const auto parsed = std::from_chars(error.detail.data(), end, newest_ms);
    const bool is_time = parsed.ec == std::errc{} && parsed.ptr == end && Instant::at_ms(newest_ms) > newest_;
    if (is_time) newest_ = Instant::at_ms(newest_ms);
    resends_.push_front(std::move(*in_flight_));
    in_flight_.reset();
    if (is_time) return;
    (void)learn_writing_key();
    pause_longer();
}

// Something in this batch can't be stored. Its halves are tried until the culprit is alone; all others pass.
void Committer::halve(const Result<Verdict, StoreError>& of_culprit) {
    Batch batch = std::move(*in_flight_);
    in_flight_.reset();
    if (batch.size() == 1) {
        const bool is_bad = !of_culprit && of_culprit.error() == StoreError::kBadData;
        note([&](CommitterStatus& status) { status.bad_data += is_bad ? 1 : 0; });
        return finish(batch.waiting().front(), of_culprit);
    }
    note([](CommitterStatus& status) { ++status.halvings; });
    const std::size_t middle = batch.size() / 2;
    resends_.push_front(batch.only(middle, batch.size()));
    resends_.push_front(batch.only(0, middle));
}

}  // namespace keyledger::eventstore::postgres
