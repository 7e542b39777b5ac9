#include "integrations/traces/exporter.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <memory>
#include <optional>

namespace keyledger::integrations {
namespace {

using commands::OutgoingAnswer;
using commands::OutgoingFault;
using Outcome = Result<OutgoingAnswer, OutgoingFault>;

constexpr std::size_t kMostAnswerBytes = 64 * 1024;

// OTLP, "Retryable Response Codes".
bool may_be_repeated(int status) { return status == 429 || (status >= 502 && status <= 504); }

// Of configuration, or of an answer that came: the same spans earn the same again.
bool may_be_repeated(OutgoingFault fault) {
    switch (fault) {
        case OutgoingFault::kBadUrl:
        case OutgoingFault::kTooLarge:
        case OutgoingFault::kRedirected: return false;
        case OutgoingFault::kForbiddenHost:
        case OutgoingFault::kUnknownHost:
        case OutgoingFault::kUnreachable:
        case OutgoingFault::kTls:
        case OutgoingFault::kTooSlow:
        case OutgoingFault::kBroken:
        case OutgoingFault::kBusy:
        case OutgoingFault::kStopped: return true;
    }
    return false;
}

boost::asio::awaitable<void> keep_answer(boost::asio::awaitable<Outcome> asking,
                                         std::shared_ptr<std::optional<Outcome>> answer) {
    try {
        answer->emplace(co_await std::move(asking));
    } catch (const std::exception&) {
        answer->emplace(Unexpected(OutgoingFault::kBroken));
    }
}

}  // namespace

TraceExporter::TraceExporter(boost::asio::io_context& context, commands::Outgoing& outgoing,
                             TraceExporterOptions options, OnTrouble on_trouble)
    : context_(context), outgoing_(outgoing), options_(std::move(options)), on_trouble_(std::move(on_trouble)) {
    thread_ = std::thread([this] { run(); });
}

TraceExporter::~TraceExporter() {
    stop({});
    thread_.join();
}

void TraceExporter::take(Span span) noexcept try {
    bool is_full_request = false;
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || waiting_.size() >= options_.most_waiting) {
            ++status_.dropped;
            return;
        }
        waiting_.push_back(std::move(span));
        is_full_request = waiting_.size() == options_.most_in_request;
    }
    if (is_full_request) changed_.notify_all();
} catch (...) {
    // A span that finds no memory is nobody's trouble.
}

bool TraceExporter::stop(std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    if (!std::exchange(stopping_, true)) last_moment_ = std::chrono::steady_clock::now() + at_most;
    changed_.notify_all();
    return changed_.wait_for(lock, at_most, [this] { return ended_; });
}

TraceExporterStatus TraceExporter::status() const {
    const std::lock_guard lock(mutex_);
    TraceExporterStatus status = status_;
    status.waiting = waiting_.size();
    return status;
}

void TraceExporter::run() {
    while (next_batch()) settle(send(options_.within));
    send_the_rest();
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
}

// Request after request, until there is nothing left, one fails or the time is over.
void TraceExporter::send_the_rest() {
    std::unique_lock lock(mutex_);
    for (;;) {
        while (batch_.size() < options_.most_in_request && !waiting_.empty()) {
            batch_.push_back(std::move(waiting_.front()));
            waiting_.pop_front();
        }
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(last_moment_ - std::chrono::steady_clock::now());
        if (batch_.empty() || left.count() <= 0) break;
        lock.unlock();
        const Answer answer = send(left);
        lock.lock();
        if (answer != Answer::kTaken) break;
        batch_.clear();
    }
    status_.dropped += static_cast<std::int64_t>(batch_.size() + waiting_.size());
    batch_.clear();
    waiting_.clear();
}

// Waits for spans, or until those of before may be tried again. False: it is time to stop.
bool TraceExporter::next_batch() {
    std::unique_lock lock(mutex_);
    if (!batch_.empty()) {
        changed_.wait_for(lock, pause_, [this] { return stopping_; });
        return !stopping_;
    }
    const auto is_full = [this] { return stopping_ || waiting_.size() >= options_.most_in_request; };
    do {
        changed_.wait_for(lock, options_.delay, is_full);
        if (stopping_) return false;
    } while (waiting_.empty());
    const std::size_t count = std::min(waiting_.size(), options_.most_in_request);
    batch_.assign(std::move_iterator(waiting_.begin()),
                  std::move_iterator(waiting_.begin() + static_cast<std::ptrdiff_t>(count)));
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
    batch_begun_ = std::chrono::steady_clock::now();
    pause_ = {};
    return true;
}

TraceExporter::Answer TraceExporter::send(std::chrono::milliseconds within) try {
    commands::OutgoingRequest request;
    request.url = options_.url;
    request.accept = "application/json";
    for (const auto& [name, value] : options_.headers) request.fields.push_back({name, value.clone()});
    request.body = commands::OutgoingBody{"application/json", Secret(otlp_request(batch_, options_.resource))};
    request.most_bytes = kMostAnswerBytes;
    request.within = within;

    const auto outcome = std::make_shared<std::optional<Outcome>>();
    auto asking = keep_answer(outgoing_.ask(std::move(request), std::chrono::steady_clock::now() + within), outcome);
    boost::asio::co_spawn(context_, std::move(asking), [outcome](std::exception_ptr failure) {
        if (failure) outcome->emplace(Unexpected(OutgoingFault::kBroken));
    });
    context_.restart();
    while (!*outcome && context_.run_one() > 0) continue;

    const auto sent = static_cast<std::int64_t>(batch_.size());
    Outcome answered = Unexpected(OutgoingFault::kBroken);
    if (*outcome) answered = std::move(**outcome);
    if (!answered) {
        const OutgoingFault fault = answered.error();
        tell(std::string(name_of(fault)));
        return may_be_repeated(fault) ? Answer::kLater : Answer::kNever;
    }
    const OutgoingAnswer& answer = *answered;
    if (answer.status < 200 || answer.status > 299) {
        tell("status " + std::to_string(answer.status));
        return may_be_repeated(answer.status) ? Answer::kLater : Answer::kNever;
    }
    tell("");
    const std::int64_t rejected = rejected_spans(answer.body, sent);
    const std::lock_guard lock(mutex_);
    status_.exported += sent - rejected;
    status_.rejected += rejected;
    return Answer::kTaken;
} catch (const std::exception&) {  // for want of memory
    tell("no memory");
    return Answer::kLater;
}

void TraceExporter::settle(Answer answer) {
    const bool is_too_late = std::chrono::steady_clock::now() - batch_begun_ >= options_.patience;
    if (answer == Answer::kLater && !is_too_late) {
        pause_ = pause_.count() == 0 ? options_.first_pause : std::min(2 * pause_, options_.longest_pause);
        return;
    }
    const auto count = static_cast<std::int64_t>(batch_.size());
    batch_.clear();
    const std::lock_guard lock(mutex_);
    if (answer == Answer::kNever) status_.rejected += count;
    if (answer == Answer::kLater) status_.dropped += count;
}

// Once when it begins, once when it is over.
void TraceExporter::tell(std::string trouble) {
    bool is_news = false;
    {
        const std::lock_guard lock(mutex_);
        if (!trouble.empty()) ++status_.failures;
        is_news = status_.trouble.empty() != trouble.empty();
        status_.trouble = trouble;
    }
    if (is_news && on_trouble_) on_trouble_(trouble);
}

}  // namespace keyledger::integrations
