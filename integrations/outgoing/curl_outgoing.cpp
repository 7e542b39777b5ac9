#include "integrations/outgoing/curl_outgoing.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <new>

#include "eventstore/async_answer.hpp"
#include "integrations/outgoing/transfer.hpp"

namespace keyledger::integrations {
namespace {

using commands::OutgoingAnswer;
using commands::OutgoingFault;

constexpr long kKeptConnections = 32;
constexpr std::chrono::milliseconds kLongestPatience{1'000};

void make_curl_ready() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

// Counts one less; what is at nothing is left out.
void count_down(std::map<std::string, std::size_t, std::less<>>& counts, const std::string& place) {
    const auto at = counts.find(place);
    if (--at->second == 0) counts.erase(at);
}

}  // namespace

struct CurlOutgoing::Multi {
    CURLM* handle = curl_multi_init();
    ~Multi() { curl_multi_cleanup(handle); }
};

CurlOutgoing::CurlOutgoing(OutgoingOptions options) : options_(std::move(options)) {
    make_curl_ready();
    multi_ = std::make_unique<Multi>();
    if (multi_->handle == nullptr) throw std::bad_alloc();
    curl_multi_setopt(multi_->handle, CURLMOPT_MAXCONNECTS, kKeptConnections);
    thread_ = std::jthread([this] { run(); });
}

CurlOutgoing::~CurlOutgoing() { stop(); }

boost::asio::awaitable<Transfer::Outcome> CurlOutgoing::ask(commands::OutgoingRequest request,
                                                            eventstore::Deadline deadline) {
    auto to = read_destination(request.url, options_.named_hosts);
    if (!to) co_return Unexpected(OutgoingFault::kBadUrl);
    const Time until = std::min(deadline, std::chrono::steady_clock::now() + request.within);
    auto start = [this, until, given = std::move(request), where = std::move(*to)](Transfer::Answer answer) mutable {
        enqueue(std::make_unique<Transfer>(std::move(given), std::move(where), until, std::move(answer)));
    };
    co_return co_await eventstore::async_answer<OutgoingAnswer>(until, OutgoingFault::kTooSlow, std::move(start));
}

void CurlOutgoing::enqueue(TransferPtr transfer) {
    std::unique_lock lock(mutex_);
    if (stopped_) return transfer->fail(OutgoingFault::kStopped);
    std::size_t& of_host = asked_[transfer->place()];
    const bool is_full = all_asked_ >= options_.waiting + options_.at_once ||
                         of_host >= options_.waiting_for_a_host + options_.at_once_to_a_host;
    ++(is_full ? shed_ : begun_);
    if (is_full) {
        if (of_host == 0) asked_.erase(transfer->place());
        return transfer->fail(OutgoingFault::kBusy);
    }
    new_.push_back(std::move(transfer));
    ++of_host;
    ++all_asked_;
    lock.unlock();
    curl_multi_wakeup(multi_->handle);
}

CurlOutgoing::Counts CurlOutgoing::counts() const {
    const std::lock_guard lock(mutex_);
    return {all_asked_, running_, options_.at_once, options_.waiting, begun_, shed_};
}

void CurlOutgoing::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    }
    curl_multi_wakeup(multi_->handle);
}

void CurlOutgoing::run() {
    while (take_new()) {
        const Time now = std::chrono::steady_clock::now();
        start_waiting(now);
        int running = 0;
        curl_multi_perform(multi_->handle, &running);
        const bool is_room_for_others = finish_done();
        running_ = under_way_.size();
        if (!is_room_for_others) curl_multi_poll(multi_->handle, nullptr, 0, patience_ms(now), nullptr);
    }
    fail_all();
}

bool CurlOutgoing::take_new() {
    const std::lock_guard lock(mutex_);
    std::ranges::move(new_, std::back_inserter(waiting_));
    new_.clear();
    return !stopped_;
}

void CurlOutgoing::start_waiting(Time now) {
    std::deque<TransferPtr> still_waiting;
    for (TransferPtr& transfer : waiting_) {
        if (transfer->deadline() <= now) {
            forget(transfer->place());
            transfer->fail(OutgoingFault::kTooSlow);
        } else if (!start(transfer, now)) {
            still_waiting.push_back(std::move(transfer));
        }
    }
    waiting_ = std::move(still_waiting);
}

// False: it has to wait.
bool CurlOutgoing::start(TransferPtr& transfer, Time now) {
    const std::string place = transfer->place();
    const auto to_host = under_way_to_.find(place);
    if (under_way_.size() >= options_.at_once) return false;
    if (to_host != under_way_to_.end() && to_host->second >= options_.at_once_to_a_host) return false;
    try {
        transfer->make_ready(options_, now);
        std::size_t& of_host = under_way_to_[place];
        const auto at = under_way_.emplace(transfer.get(), nullptr).first;
        at->second = std::move(transfer);
        ++of_host;
        curl_multi_add_handle(multi_->handle, at->first->handle());
    } catch (const std::exception&) {
        forget(place);
        transfer->fail(OutgoingFault::kBusy);
    }
    return true;
}

// True: something was.
bool CurlOutgoing::finish_done() {
    int left = 0;
    bool any = false;
    while (const CURLMsg* message = curl_multi_info_read(multi_->handle, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        const CURLcode result = message->data.result;  // gone with the handle
        CURL* const handle = message->easy_handle;
        Transfer* transfer = nullptr;
        curl_easy_getinfo(handle, CURLINFO_PRIVATE, &transfer);
        curl_multi_remove_handle(multi_->handle, handle);
        const auto at = under_way_.find(transfer);
        const TransferPtr owner = std::move(at->second);
        under_way_.erase(at);
        count_down(under_way_to_, owner->place());
        forget(owner->place());
        owner->finish(static_cast<int>(result));
        any = true;
    }
    return any;
}

void CurlOutgoing::forget(const std::string& place) {
    const std::lock_guard lock(mutex_);
    count_down(asked_, place);
    --all_asked_;
}

int CurlOutgoing::patience_ms(Time now) const {
    auto patience = kLongestPatience;
    for (const TransferPtr& transfer : waiting_)
        patience = std::min(patience, std::chrono::ceil<std::chrono::milliseconds>(transfer->deadline() - now));
    return static_cast<int>(std::max<std::int64_t>(patience.count(), 0));
}

void CurlOutgoing::fail_all() {
    for (auto& [transfer, owner] : under_way_) {
        curl_multi_remove_handle(multi_->handle, transfer->handle());
        transfer->fail(OutgoingFault::kStopped);
    }
    under_way_.clear();
    for (TransferPtr& transfer : waiting_) transfer->fail(OutgoingFault::kStopped);
    waiting_.clear();
}

}  // namespace keyledger::integrations
