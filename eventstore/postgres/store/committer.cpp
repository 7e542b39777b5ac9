#include "eventstore/postgres/store/committer.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "eventstore/append_rules.hpp"

namespace keyledger::eventstore::postgres {
namespace {

constexpr std::chrono::milliseconds kFirstPause{20};
constexpr std::chrono::milliseconds kTick{50};  // how late an expired entry may be noticed
// While a batch is in flight, so many are worth waking for, to encode them. The rest is encoded when the answer comes.
constexpr std::size_t kWorthEncoding = 16;
constexpr std::chrono::milliseconds kBackendPause{20};
constexpr std::chrono::milliseconds kBackendPatience{2'000};

}  // namespace

Committer::Committer(std::string url, WallClock now, CommitterSettings settings,
                     std::shared_ptr<Authenticity> authenticity, std::shared_ptr<LogTail> tail)
    : url_(std::move(url)),
      now_(std::move(now)),
      settings_(settings),
      authenticity_(std::move(authenticity)),
      tail_(std::move(tail)),
      wake_fd_(eventfd(0, EFD_NONBLOCK)) {
    if (wake_fd_ < 0) throw std::runtime_error("no eventfd: too many open files");
    writer_ = std::thread([this] { run(); });
}

Committer::~Committer() {
    stop();
    close(wake_fd_);
}

void Committer::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake();
    if (writer_.joinable()) writer_.join();
}

void Committer::wake() {
    const std::uint64_t one = 1;
    // A full counter is a wake-up already.
    [[maybe_unused]] const auto written = write(wake_fd_, &one, sizeof one);
}

void Committer::on_appended(std::function<void(Position)> hook) {
    const std::lock_guard lock(mutex_);
    hooks_.push_back(std::move(hook));
}

CommitterStatus Committer::status() const {
    const std::lock_guard lock(mutex_);
    CommitterStatus status = status_;
    status.waiting = open_commands_;
    if (in_flight_since_ != Clock::time_point{})
        status.in_flight = milliseconds(
            std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - in_flight_since_).count() + 1);
    return status;
}

void Committer::submit(Append append, Deadline deadline, std::unique_ptr<VerdictWaiter> waiter) {
    if (problem_of(append)) {
        note([](CommitterStatus& status) { ++status.bad_data; });
        return waiter->complete(Unexpected(StoreError::kBadData));
    }
    PendingAppend waiting;
    waiting.weight = weight_of(append);
    waiting.append = std::move(append);
    waiting.deadline = deadline;
    waiting.waiter = std::move(waiter);
    bool wakes = false;
    {
        const std::lock_guard lock(mutex_);
        const bool room = open_commands_ < settings_.max_waiting_commands &&
                          open_bytes_ + waiting.weight <= settings_.max_waiting_bytes;
        if (room && !stopping_) {
            ++open_commands_;
            open_bytes_ += waiting.weight;
            arrivals_.push_back(std::move(waiting));
            wakes = arrivals_.size() == wake_at_;
        } else {
            ++(room ? status_.unavailable : status_.shed);
        }
    }
    if (waiting.waiter) return waiting.answer(Unexpected(StoreError::kUnavailable));
    if (wakes) wake();
}

// ---- the writer's thread ---------------------------------------------------------------------------------------
void Committer::run() {
    while (!may_end()) {
        try {
            turn();
        } catch (const std::exception& broken) {  // of memory, or an answer that makes no sense
            on_broken(broken.what());
            pause_longer();
        }
    }
    fail_all();
    connection_.reset();
}

void Committer::turn() {
    if (is_stopping()) fail_those_not_sent();
    take_arrivals();
    answer_late_ones();
    if (!connection_ && Clock::now() >= next_attempt_) connect();
    grow();
    if (connection_ && !in_flight_ && Clock::now() >= next_attempt_) launch();
    if (wait()) advance();
    look_for_silence();
}

bool Committer::is_stopping() const {
    const std::lock_guard lock(mutex_);
    return stopping_;
}

bool Committer::may_end() const {
    if (!is_stopping()) return false;
    if (!in_flight_) return true;
    const auto& waiting = in_flight_->waiting();
    return std::none_of(waiting.begin(), waiting.end(), [](const PendingAppend& one) { return one.waiter != nullptr; });
}

void Committer::take_arrivals() {
    std::vector<PendingAppend> arrived;
    {
        const std::lock_guard lock(mutex_);
        arrived.swap(arrivals_);
    }
    std::move(arrived.begin(), arrived.end(), std::back_inserter(deferred_));
}

// Fills the next batch, also while one is in flight: its commands are encoded by the time it can go.
void Committer::grow() {
    std::size_t to = scanned_;
    std::size_t kept_back = 0;
    for (std::size_t from = scanned_; from < deferred_.size(); ++from) {
        PendingAppend& one = deferred_[from];
        const bool room = next_batch_.size() < settings_.max_batch_commands &&
                          (next_batch_.empty() || next_batch_.bytes() + one.weight <= settings_.max_batch_bytes);
        if (Clock::now() >= one.deadline) {
            finish(one, Unexpected(StoreError::kDeadline));
        } else if (room && next_batch_.admits(one.append)) {
            next_batch_.add(std::move(one));
        } else {
            kept_back += room ? 1 : 0;
            if (to != from) deferred_[to] = std::move(one);
            ++to;
        }
    }
    deferred_.resize(to);
    scanned_ = to;
    if (next_batch_.size() == settings_.max_batch_commands) next_batch_.arguments().prepare();
    if (kept_back > 0) note([&](CommitterStatus& status) { status.kept_back += kept_back; });
}

void Committer::launch() {
    if (!resends_.empty()) {
        in_flight_ = std::move(resends_.front());
        resends_.pop_front();
    } else {
        drop_expired();
        if (next_batch_.empty()) grow();  // what was kept back because of those who expired
        if (next_batch_.empty() || is_gathering()) return;
        last_sent_at_ = Clock::now();
        last_size_ = next_batch_.size();
        in_flight_ = std::move(next_batch_);
        next_batch_ = Batch();
        scanned_ = 0;
    }
    const auto now = Clock::now();
    const bool resent = in_flight_->first_sent_at != Clock::time_point{};
    if (!resent) in_flight_->first_sent_at = now;
    {
        const std::lock_guard lock(mutex_);
        in_flight_since_ = now;
        ++status_.batches;
        status_.resends += resent ? 1 : 0;
        status_.last_batch_size = in_flight_->size();
    }
    batch_commands_.observe(static_cast<std::int64_t>(in_flight_->size()));
    next_look_ = now + settings_.silent_after;
    if (tail_) {
        tail_epoch_ = tail_->epoch();
        hand_over_ = tail_->begin_hand_over();
    }
    if (asks_for_key_.exchange(false)) (void)learn_writing_key();  // else it goes on with the one that it has
    newest_ = in_flight_->stamp(now_(), newest_, *writing_key_);
    if (!connection_->send(in_flight_->arguments())) return on_broken("could not send");
    grow();
}

bool Committer::is_gathering() const { return next_batch_.size() < last_size_ && Clock::now() < gathers_until(); }

Committer::Clock::time_point Committer::gathers_until() const {
    const auto longer = std::max(settings_.gathering, settings_.gathering_of_many);
    return last_sent_at_ + (last_size_ >= kManyCommands ? longer : settings_.gathering);
}

void Committer::connect() {
    auto opened = WriterConnection::open({url_, settings_.connect_patience, settings_.lock_timeout});
    if (!opened) {
        note([&](CommitterStatus& status) { status.last_error = opened.error().text; });
        pause_longer();
        return fail_those_not_sent();
    }
    connection_ = std::move(*opened);
    if (tail_) tail_->clear();  // the server may have another history by now
    if (!learn_writing_key()) {
        connection_.reset();
        pause_longer();
        return fail_those_not_sent();
    }
    pause_ = {};
    await_end_of_lost_backend();
    note([&](CommitterStatus& status) {
        status.connected = connection_ != nullptr;
        ++status.connections;
    });
}

// What the lost session was sent may still be waiting for the lock. Once its server process is gone, whatever it did
// can be seen, and what it did not do can't happen any more.
void Committer::await_end_of_lost_backend() {
    if (!lost_backend_) return;
    const auto until = Clock::now() + kBackendPatience;
    while (Clock::now() < until) {
        auto ended = connection_->has_ended(*lost_backend_);
        if (!ended) return on_broken(ended.error().text);
        if (*ended) break;
        std::this_thread::sleep_for(kBackendPause);  // PostgreSQL tells nobody when a backend ends
    }
    lost_backend_.reset();
}

// How many have to come before there is something to do. Each time that the writer is woken costs as much as a command.
std::size_t Committer::awaited_arrivals() const {
    if (!connection_ || !resends_.empty()) return 1;
    if (in_flight_) return kWorthEncoding;
    if (next_batch_.empty() || !is_gathering()) return 1;
    return last_size_ - next_batch_.size();
}

// Whether the connection has to be looked after.
bool Committer::wait() {
    bool are_there = false;
    {
        const std::size_t awaited = awaited_arrivals();
        const std::lock_guard lock(mutex_);
        wake_at_ = awaited;
        are_there = arrivals_.size() >= awaited;
    }
    std::array<pollfd, 2> watched{};
    watched[0] = {wake_fd_, POLLIN, 0};
    watched[1] = {-1, 0, 0};  // poll() passes over negative descriptors
    if (connection_) {
        watched[1].fd = connection_->socket();
        watched[1].events = static_cast<short>(connection_->wants_to_write() ? POLLIN | POLLOUT : POLLIN);
    }
    const bool can_send = connection_ && !in_flight_ && resends_.empty();
    const bool idle = can_send && next_batch_.empty() && deferred_.empty();
    Clock::duration at_most = kTick;
    if (can_send && !next_batch_.empty() && Clock::now() >= next_attempt_)
        at_most = std::clamp<Clock::duration>(gathers_until() - Clock::now(), {}, kTick);
    if (are_there) at_most = {};
    const timespec timeout{0, std::chrono::nanoseconds(at_most).count()};
    const bool is_ready = ppoll(watched.data(), watched.size(), idle && !are_there ? nullptr : &timeout, nullptr) > 0;
    if (watched[0].revents != 0) {
        std::uint64_t count = 0;
        [[maybe_unused]] const auto drained = read(wake_fd_, &count, sizeof count);
    }
    // When nothing came, too: what libpq holds already no descriptor tells of.
    return !is_ready || watched[1].revents != 0 || watched[1].events != POLLIN;
}

void Committer::advance() {
    if (!connection_) return;
    const auto progress = connection_->advance();
    const auto announced = connection_->take_notifications();
    if (!announced.empty()) {
        const Position newest = *std::max_element(announced.begin(), announced.end());
        if (tail_) tail_->expect(newest);
        announce(newest);
    }
    switch (progress) {
        case WriterConnection::Progress::kNone: return;
        case WriterConnection::Progress::kBroken: return on_broken("the connection is gone");
        case WriterConnection::Progress::kAnswered: return on_answer();
    }
}

// A proxy, or a server process that is stopped, may acknowledge packets and never answer. Whoever waits for a lock or
// for a standby is at work, and is let be.
void Committer::look_for_silence() {
    if (!in_flight_ || !connection_ || Clock::now() < next_look_) return;
    const auto working = WriterConnection::is_at_work({url_, settings_.connect_patience, settings_.lock_timeout},
                                                      connection_->backend());
    next_look_ = Clock::now() + settings_.silent_after;
    if (!working || *working) return;
    advance();  // it may have answered meanwhile
    if (in_flight_ && connection_) on_broken("the session fell silent");
}

bool Committer::learn_writing_key() {
    auto origin = connection_->origin();
    if (!origin) {
        note([&](CommitterStatus& status) { status.last_error = origin.error().text; });
        return false;
    }
    Result<WritingKey, std::string> key = Unexpected(std::string("there is no keyring here"));
    if (authenticity_) key = authenticity_->writing_key(*origin);
    if (!key) {
        note([&](CommitterStatus& status) { status.last_error = key.error(); });
        return false;
    }
    writing_key_ = std::move(*key);
    return true;
}

void Committer::on_broken(const std::string& why) {
    // The first that broke is the one that may have been sent something: those after it only waited for its end.
    if (connection_ && !lost_backend_) lost_backend_ = connection_->backend();
    connection_.reset();
    hand_over_.reset();
    // Another server may take over. Whoever follows the log looks at once whether theirs can still be read.
    if (tail_) tail_->clear();
    announce(0);
    next_attempt_ = {};
    note([&](CommitterStatus& status) {
        in_flight_since_ = {};
        status.connected = false;
        status.last_error = why;
    });
    if (!in_flight_) return;
    for (PendingAppend& waiting : in_flight_->waiting()) waiting.in_doubt = true;
    resends_.push_front(std::move(*in_flight_));
    in_flight_.reset();
}

void Committer::pause_longer() {
    pause_ = std::clamp(pause_ * 2, kFirstPause, settings_.longest_pause);
    next_attempt_ = Clock::now() + pause_;
}

// ---- answers without the server --------------------------------------------------------------------------------
void Committer::answer_late_ones() {
    const auto now = Clock::now();
    auto is_late = [&](const Batch& batch) { return now - batch.first_sent_at > settings_.outcome_unknown_after; };
    auto answer_sent = [&](Batch& batch) {
        for (PendingAppend& waiting : batch.waiting())
            if (now >= waiting.deadline || is_late(batch)) finish(waiting, Unexpected(StoreError::kOutcomeUnknown));
    };
    if (in_flight_) answer_sent(*in_flight_);
    while (!resends_.empty() && is_late(resends_.front())) {
        fail(resends_.front());
        resends_.pop_front();
    }
    // What is sent once more may still be written after this.
    for (Batch& batch : resends_) answer_sent(batch);
    if (connection_ && !in_flight_ && resends_.empty()) return;  // they go in this very turn
    for (PendingAppend& waiting : deferred_)
        if (now >= waiting.deadline) finish(waiting, Unexpected(StoreError::kDeadline));
    drop_expired();
}

void Committer::drop_expired() {
    const auto now = Clock::now();
    bool expired = false;
    for (PendingAppend& waiting : next_batch_.waiting()) {
        if (now < waiting.deadline) continue;
        finish(waiting, Unexpected(StoreError::kDeadline));
        expired = true;
    }
    if (!expired) return;
    Batch rest;
    for (PendingAppend& waiting : next_batch_.waiting())
        if (waiting.waiter) rest.add(std::move(waiting));
    next_batch_ = std::move(rest);
    scanned_ = 0;
}

// Without a connection nobody waits for their deadline: what was never sent is answered after each failed attempt.
void Committer::fail_those_not_sent() {
    take_arrivals();
    fail(next_batch_);
    next_batch_ = Batch();
    for (PendingAppend& waiting : deferred_) finish(waiting, Unexpected(StoreError::kUnavailable));
    deferred_.clear();
    scanned_ = 0;
}

void Committer::fail_all() {
    fail_those_not_sent();
    if (in_flight_) fail(*in_flight_);
    for (Batch& batch : resends_) fail(batch);
    resends_.clear();
    in_flight_.reset();
    hand_over_.reset();
}

void Committer::fail(Batch& batch) {
    for (PendingAppend& waiting : batch.waiting())
        finish(waiting, Unexpected(waiting.in_doubt ? StoreError::kOutcomeUnknown : StoreError::kUnavailable));
}

void Committer::finish(PendingAppend& waiting, Result<Verdict, StoreError> verdict) {
    if (!waiting.waiter) return;
    {
        const std::lock_guard lock(mutex_);
        --open_commands_;
        open_bytes_ -= waiting.weight;
        if (!verdict) {
            status_.unknown_outcomes += verdict.error() == StoreError::kOutcomeUnknown ? 1 : 0;
            status_.unavailable += verdict.error() == StoreError::kUnavailable ? 1 : 0;
            status_.expired += verdict.error() == StoreError::kDeadline ? 1 : 0;
        }
    }
    waiting.answer(std::move(verdict));
}

void Committer::announce(Position position) {
    std::vector<std::function<void(Position)>> hooks;
    {
        const std::lock_guard lock(mutex_);
        hooks = hooks_;
    }
    for (const auto& hook : hooks) hook(position);
}

}  // namespace keyledger::eventstore::postgres
