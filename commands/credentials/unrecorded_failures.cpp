#include "commands/credentials/unrecorded_failures.hpp"

#include <algorithm>

namespace keyledger::commands {

bool UnrecordedFailures::begin(const LoginFailed& failure, const Caller& caller, Instant now) {
    const std::string network = place_of(failure);
    const std::lock_guard lock(mutex_);
    Network* here = find(*failure.user_id, network);
    if (here == nullptr) {
        if (networks_ >= at_most_) {
            is_full_ = true;
            return false;
        }
        ++networks_;
        here = &accounts_[*failure.user_id].try_emplace(network).first->second;
    }
    here->failure = failure;
    here->under_way += 1;
    here->begun_at = now;
    here->caller = caller;
    here->caller.idempotency.reset();
    here->caller.precondition.reset();
    return true;
}

void UnrecordedFailures::settle(const UserId& user_id, std::string_view network) {
    const std::lock_guard lock(mutex_);
    if (Network* here = find(user_id, network); here && here->under_way > 0) here->under_way -= 1;
    drop_if_empty(user_id, network);
}

void UnrecordedFailures::keep(const UserId& user_id, std::string_view network, const LoginAttempts& recorded,
                              const LoginAttemptLimits& limits, Instant now) {
    const std::lock_guard lock(mutex_);
    Network* here = find(user_id, network);
    if (here == nullptr || here->under_way == 0) return;
    here->under_way -= 1;
    const LoginAttempts others = tally_unlocked(user_id).added_to(recorded, limits);
    const std::string from = here->failure.network.value_or("");
    if (may_try(others, LoginSource{from, here->failure.device_id}, limits, now)) {
        here->waiting += 1;
        here->waits_since = now;
        waiting_ += 1;
    }
    drop_if_empty(user_id, network);
}

std::vector<UnrecordedFailures::WaitingFailures> UnrecordedFailures::waiting_of(const UserId& user_id) const {
    const std::lock_guard lock(mutex_);
    std::vector<WaitingFailures> all;
    if (const auto account = accounts_.find(user_id); account != accounts_.end()) add_waiting(account->second, all);
    return all;
}

std::vector<UnrecordedFailures::WaitingFailures> UnrecordedFailures::waiting() const {
    const std::lock_guard lock(mutex_);
    std::vector<WaitingFailures> all;
    for (const auto& [user_id, account] : accounts_) add_waiting(account, all);
    return all;
}

void UnrecordedFailures::mark_recorded(const UserId& user_id, std::string_view network, std::int64_t count) {
    const std::lock_guard lock(mutex_);
    if (Network* here = find(user_id, network)) no_longer_waits(*here, count);
    drop_if_empty(user_id, network);
}

void UnrecordedFailures::forget(const UserId& user_id) {
    const std::lock_guard lock(mutex_);
    const auto account = accounts_.find(user_id);
    if (account == accounts_.end()) return;
    for (auto& [network, here] : account->second) no_longer_waits(here, here.waiting);
    networks_ -= std::erase_if(account->second, [](const auto& one) { return one.second.count() == 0; });
    if (account->second.empty()) accounts_.erase(account);
}

UnrecordedFailures::FailureTally UnrecordedFailures::tally(const UserId& user_id) const {
    const std::lock_guard lock(mutex_);
    return tally_unlocked(user_id);
}

UnrecordedFailures::FailureTally UnrecordedFailures::tally_unlocked(const UserId& user_id) const {
    FailureTally tally;
    tally.unknown_ = is_full_;
    const auto account = accounts_.find(user_id);
    if (account == accounts_.end()) return tally;
    for (const auto& [network, here] : account->second) {
        if (here.waiting > 0) tally.failures_.push_back({here.failure, here.waiting, here.waits_since});
        if (here.under_way > 0) tally.failures_.push_back({here.failure, here.under_way, here.begun_at});
    }
    return tally;
}

LoginAttempts UnrecordedFailures::FailureTally::added_to(LoginAttempts recorded,
                                                         const LoginAttemptLimits& limits) const {
    for (const Failures& failures : failures_) {
        const std::int64_t that_matter = std::min(failures.count, limits.failures_in_a_row);
        for (std::int64_t i = 0; i < that_matter; ++i)
            recorded = evolve(std::move(recorded), failures.failure, Recorded{0, failures.last_at});
    }
    if (unknown_) recorded.failures_in_a_row = std::max(recorded.failures_in_a_row, limits.failures_in_a_row);
    return recorded;
}

UnrecordedFailures::Status UnrecordedFailures::status() const {
    const std::lock_guard lock(mutex_);
    return {waiting_, is_full_};
}

UnrecordedFailures::Network* UnrecordedFailures::find(const UserId& user_id, std::string_view network) {
    const auto account = accounts_.find(user_id);
    if (account == accounts_.end()) return nullptr;
    const auto here = account->second.find(network);
    return here == account->second.end() ? nullptr : &here->second;
}

void UnrecordedFailures::drop_if_empty(const UserId& user_id, std::string_view network) {
    const auto account = accounts_.find(user_id);
    if (account == accounts_.end()) return;
    const auto here = account->second.find(network);
    if (here == account->second.end() || here->second.count() > 0) return;
    account->second.erase(here);
    if (account->second.empty()) accounts_.erase(account);
    --networks_;
    if (waiting_ == 0) is_full_ = false;
}

void UnrecordedFailures::no_longer_waits(Network& here, std::int64_t count) {
    const std::int64_t gone = std::min(here.waiting, count);
    here.waiting -= gone;
    waiting_ -= gone;
    if (waiting_ == 0) is_full_ = false;
}

void UnrecordedFailures::add_waiting(const Account& account, std::vector<WaitingFailures>& all) {
    for (const auto& [network, here] : account)
        if (here.waiting > 0) all.push_back({here.failure, here.waiting, here.caller});
}

}  // namespace keyledger::commands
