#include "eventstore/faulty/faulty_store.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace keyledger::eventstore {

// ---- Gate ------------------------------------------------------------------------------------------------------
void Gate::release() {
    std::vector<std::function<void()>> waiting;
    {
        const std::lock_guard lock(mutex_);
        open_ = true;
        waiting.swap(waiting_);
    }
    for (const auto& go : waiting) go();
}

bool Gate::is_reached() const {
    const std::lock_guard lock(mutex_);
    return !waiting_.empty();
}

asio::awaitable<void> Gate::pass() {
    auto start = [](auto handler, Gate* gate) {
        auto executor = asio::get_associated_executor(handler);
        auto held = std::make_shared<asio::any_completion_handler<void()>>(std::move(handler));
        auto go = [executor, held] { asio::post(executor, [held] { std::move (*held)(); }); };
        {
            const std::lock_guard lock(gate->mutex_);
            if (!gate->open_) return gate->waiting_.push_back(std::move(go));
        }
        go();
    };
    return asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable, this);
}

// ---- the script ------------------------------------------------------------------------------------------------
void FaultyStore::fail(Call kind, int nth, StoreError error) {
    const std::lock_guard lock(mutex_);
    plans_[{kind, nth}].error = error;
}

void FaultyStore::lose_outcome(int nth) {
    const std::lock_guard lock(mutex_);
    plans_[{Call::kAppend, nth}].lose_outcome = true;
}

void FaultyStore::send_twice(int nth) {
    const std::lock_guard lock(mutex_);
    plans_[{Call::kAppend, nth}].send_twice = true;
}

std::shared_ptr<Gate> FaultyStore::hold(Call kind, int nth) {
    const std::lock_guard lock(mutex_);
    return plans_[{kind, nth}].gate = std::make_shared<Gate>();
}

void FaultyStore::before(Call kind, int nth, Step step) {
    const std::lock_guard lock(mutex_);
    plans_[{kind, nth}].before = std::move(step);
}

void FaultyStore::after(Call kind, int nth, Step step) {
    const std::lock_guard lock(mutex_);
    plans_[{kind, nth}].after = std::move(step);
}

int FaultyStore::calls(Call kind) const {
    const std::lock_guard lock(mutex_);
    const auto count = calls_.find(kind);
    return count == calls_.end() ? 0 : count->second;
}

FaultyStore::Plan FaultyStore::take_plan(Call kind) {
    const std::lock_guard lock(mutex_);
    const int nth = ++calls_[kind];
    Plan plan;
    if (const auto at = plans_.find({kind, nth}); at != plans_.end()) {
        plan = std::move(at->second);
        plans_.erase(at);
    }
    std::uniform_real_distribution<double> chance(0, 1);
    if (kind == Call::kAppend) {
        if (chance(random_) < rates_.append_fails) plan.error = StoreError::kUnavailable;
        if (chance(random_) < rates_.outcome_lost) plan.lose_outcome = true;
        if (chance(random_) < rates_.sent_twice) plan.send_twice = true;
    } else if (chance(random_) < rates_.read_fails) {
        plan.error = StoreError::kUnavailable;
    }
    return plan;
}

// ---- the calls -------------------------------------------------------------------------------------------------
template <class T>
FaultyStore::Answer<T> FaultyStore::carry_out(Call kind, std::function<Answer<T>()> call) {
    const Plan plan = take_plan(kind);
    if (plan.gate) co_await plan.gate->pass();
    if (plan.before) co_await plan.before();
    if (plan.error) co_return Unexpected(*plan.error);
    auto answer = co_await call();
    if (plan.send_twice) {
        const auto second = co_await call();
        if (!answer) answer = second;
    }
    if (plan.after) co_await plan.after();
    if (plan.lose_outcome && answer) co_return Unexpected(StoreError::kOutcomeUnknown);
    co_return answer;
}

FaultyStore::Answer<Verdict> FaultyStore::append(Append append, Deadline deadline) {
    return carry_out<Verdict>(Call::kAppend,
                              [this, append = std::move(append), deadline] { return inner_.append(append, deadline); });
}

FaultyStore::Answer<std::vector<StreamSlice>> FaultyStore::read_streams(std::vector<StreamFrom> streams,
                                                                        Deadline deadline) {
    return carry_out<std::vector<StreamSlice>>(Call::kReadStreams, [this, streams = std::move(streams), deadline] {
        return inner_.read_streams(streams, deadline);
    });
}

FaultyStore::Answer<Confirmation> FaultyStore::confirm(std::vector<StreamVersion> versions, CommandId command_id,
                                                       Deadline deadline) {
    return carry_out<Confirmation>(Call::kConfirm, [this, versions = std::move(versions), command_id, deadline] {
        return inner_.confirm(versions, command_id, deadline);
    });
}

FaultyStore::Answer<std::optional<Uuid>> FaultyStore::find_claim(std::string kind, std::vector<ClaimDigest> digests,
                                                                 Deadline deadline) {
    return carry_out<std::optional<Uuid>>(Call::kFindClaim,
                                          [this, kind = std::move(kind), digests = std::move(digests), deadline] {
                                              return inner_.find_claim(kind, digests, deadline);
                                          });
}

FaultyStore::Answer<std::optional<ClaimedCredential>> FaultyStore::find_credential(std::string claim_kind,
                                                                                   std::vector<ClaimDigest> digests,
                                                                                   std::string kind,
                                                                                   Deadline deadline) {
    return carry_out<std::optional<ClaimedCredential>>(
        Call::kFindCredential,
        [this, claim_kind = std::move(claim_kind), digests = std::move(digests), kind = std::move(kind), deadline] {
            return inner_.find_credential(claim_kind, digests, kind, deadline);
        });
}

FaultyStore::Answer<std::optional<StoredCredential>> FaultyStore::read_credential(Uuid owner, std::string kind,
                                                                                  Deadline deadline) {
    return carry_out<std::optional<StoredCredential>>(
        Call::kReadCredential,
        [this, owner, kind = std::move(kind), deadline] { return inner_.read_credential(owner, kind, deadline); });
}

FaultyStore::Answer<std::vector<StoredCredential>> FaultyStore::read_credentials(Uuid owner, Deadline deadline) {
    return carry_out<std::vector<StoredCredential>>(
        Call::kReadCredentials, [this, owner, deadline] { return inner_.read_credentials(owner, deadline); });
}

FaultyStore::Answer<std::vector<StoredSubjectKey>> FaultyStore::read_subject_keys(std::vector<Uuid> subjects,
                                                                                  Deadline deadline) {
    return carry_out<std::vector<StoredSubjectKey>>(
        Call::kReadSubjectKeys,
        [this, subjects = std::move(subjects), deadline] { return inner_.read_subject_keys(subjects, deadline); });
}

FaultyStore::Answer<std::vector<RecordedEvent>> FaultyStore::read_log(Position first, std::int32_t count,
                                                                      Deadline deadline) {
    return carry_out<std::vector<RecordedEvent>>(
        Call::kReadLog, [this, first, count, deadline] { return inner_.read_log(first, count, deadline); });
}

FaultyStore::Answer<Head> FaultyStore::head(Deadline deadline) {
    return carry_out<Head>(Call::kHead, [this, deadline] { return inner_.head(deadline); });
}

}  // namespace keyledger::eventstore
