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
        LoginAttemptsCommand command = SumFailedLogins{LoginFailure::kUnknownUser, sum.count, from, before};
        if (sum.of == SummedFailure::kHoneypot) command = SumHoneypots{sum.count, from, before};
        attempt.append(attempts, decide(attempt.state(attempts), command));
        co_return Result<void, CommandError>{};
    };
    auto executed = co_await services.executor.run(std::move(caller), streams, step);
    co_return done(executed);
}

}  // namespace

void FailureSums::count(std::string_view client_address, SummedFailure of) { add(of, network_of_(client_address), 1); }

void FailureSums::put_back(std::span<const Sum> sums) {
    for (const Sum& sum : sums) add(sum.of, sum.network, sum.count);
}

void FailureSums::add(SummedFailure of, std::string network, std::int64_t count) {
    const std::lock_guard lock(mutex_);
    if (counts_.size() >= kMaxSummedNetworks && !counts_.contains({of, network})) network.clear();
    counts_[{of, std::move(network)}] += count;
}

std::vector<FailureSums::Sum> FailureSums::take() {
    decltype(counts_) taken;
    {
        const std::lock_guard lock(mutex_);
        taken.swap(counts_);
    }
    std::vector<Sum> sums;
    std::map<SummedFailure, std::int64_t> rest;
    for (const auto& [of_network, count] : taken) {
        if (of_network.second.empty()) rest[of_network.first] += count;
        else sums.push_back({of_network.second, count, of_network.first});
    }
    std::ranges::sort(sums, [](const Sum& a, const Sum& b) {
        return a.count != b.count ? a.count > b.count : a.network < b.network;
    });
    for (std::size_t i = kMaxNetworksRecorded; i < sums.size(); ++i) rest[sums[i].of] += sums[i].count;
    sums.resize(std::min(sums.size(), kMaxNetworksRecorded));
    for (const auto& [of, count] : rest) sums.push_back({"", count, of});
    return sums;
}

void count_filled_honeypot(Services& services, const Caller& caller) {
    services.failure_sums.count(caller.client_address, SummedFailure::kHoneypot);
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
