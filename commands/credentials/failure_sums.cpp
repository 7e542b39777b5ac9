#include "commands/credentials/failure_sums.hpp"

#include <algorithm>
#include <span>

#include "commands/credentials/passwords.hpp"

namespace keyledger::commands {
namespace {

constexpr std::int32_t kNoRevision = 1;  // of a credential that is not there

Answer<Receipt> record(Services& services, FailureSums::Sum sum, Instant from, Instant before, Caller caller) {
    caller.client_address = sum.network;
    Streams streams;
    const auto attempts = streams.begin<LoginAttempts>(LoginAttemptsId{services.identifiers.next()});
    const Step step = [&](Attempt& attempt) -> StepResult {
        const SumFailedLogins command{LoginFailure::kUnknownUser, sum.count, from, before};
        attempt.append(attempts, decide(attempt.state(attempts), command));
        co_return Result<void, CommandError>{};
    };
    auto executed = co_await services.executor.run(std::move(caller), streams, step);
    co_return done(executed);
}

}  // namespace

void FailureSums::count(std::string_view client_address) { add(network_of_(client_address), 1); }

void FailureSums::put_back(std::span<const Sum> sums) {
    for (const Sum& sum : sums) add(sum.network, sum.count);
}

void FailureSums::add(std::string network, std::int64_t count) {
    const std::lock_guard lock(mutex_);
    if (counts_.size() >= kMaxSummedNetworks && !counts_.contains(network)) network.clear();
    counts_[std::move(network)] += count;
}

std::vector<FailureSums::Sum> FailureSums::take() {
    std::unordered_map<std::string, std::int64_t> taken;
    {
        const std::lock_guard lock(mutex_);
        taken.swap(counts_);
    }
    Sum rest;
    if (const auto several = taken.extract(""); several) rest.count = several.mapped();
    std::vector<Sum> sums;
    for (auto& [network, count] : taken) sums.push_back({network, count});
    std::ranges::sort(sums, [](const Sum& a, const Sum& b) {
        return a.count != b.count ? a.count > b.count : a.network < b.network;
    });
    for (std::size_t i = kMaxNetworksRecorded; i < sums.size(); ++i) rest.count += sums[i].count;
    sums.resize(std::min(sums.size(), kMaxNetworksRecorded));
    if (rest.count > 0) sums.push_back(std::move(rest));
    return sums;
}

// The same append as that of a failure that is recorded, but for a credential that nobody has: it takes the same way
// through the same batch and its flush, and is refused there.
asio::awaitable<void> count_unattributed_failure(Services& services, Caller caller) {
    caller.idempotency.reset();
    services.failure_sums.count(caller.client_address);
    Streams streams;
    const Uuid nobody = services.identifiers.next();
    const auto attempts = streams.begin<LoginAttempts>(LoginAttemptsId{nobody});
    const Step step = [&](Attempt& attempt) -> StepResult {
        const RecordFailedLogin command{std::nullopt, LoginFailure::kUnknownUser};
        attempt.append(attempts, decide(attempt.state(attempts), command));
        attempt.change_credential(
            {CredentialId{nobody}, nobody, std::string(kPasswordKind), kNoRevision, std::nullopt});
        co_return Result<void, CommandError>{};
    };
    (void)co_await services.executor.run(std::move(caller), streams, step, 1);
}

Answer<int> record_failure_sums(Services& services, Instant from, Instant before, Caller caller) {
    const std::vector<FailureSums::Sum> sums = services.failure_sums.take();
    int recorded = 0;
    for (const FailureSums::Sum& sum : sums) {
        auto done = co_await record(services, sum, from, before, caller);
        if (!done) {
            services.failure_sums.put_back(std::span(sums).subspan(static_cast<std::size_t>(recorded)));
            co_return Unexpected(done.error());
        }
        ++recorded;
    }
    co_return recorded;
}

}  // namespace keyledger::commands
