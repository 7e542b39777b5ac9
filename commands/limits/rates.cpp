#include "commands/limits/rates.hpp"

#include "commands/limits/request_limits.hpp"

namespace keyledger::commands {
namespace {

using eventstore::Bucket;

constexpr std::int64_t kSessionsOfAUser = 4;       // that may change as much as one may, at the same time
constexpr std::int64_t kNetworksOfAnAccount = 10;  // that may fail as often as one may, at the same time

Bucket scaled_bucket(std::string_view what, const Uuid& whom, const Rate& rate, std::int64_t times = 1) {
    return bucket_of(what, whom.to_string(), {times * rate.per_minute, times * rate.burst});
}

Bucket failures_of(const Services& services, const Caller& caller) {
    const std::string& network = caller.network.empty() ? caller.client_address : caller.network;
    return bucket_of("failed clients of", network, services.settings.limits.passwords);
}

Bucket failures_as(const Services& services, const Uuid& account_id) {
    return scaled_bucket("failures as client", account_id, services.settings.limits.passwords, kNetworksOfAnAccount);
}

std::int64_t seconds_of(const eventstore::RateDecision& taken) { return (taken.wait_ms + 999) / 1000; }

Result<void, CommandError> taken_from(Services& services, const std::vector<Bucket>& buckets) {
    const std::int64_t wait_s = seconds_of(services.limits.take_local(buckets));
    if (wait_s > 0) return Unexpected(CommandError(refusals::kTooManyAttempts, wait_s));
    return {};
}

}  // namespace

std::int64_t network_retry_after_s(Services& services, const Caller& caller) {
    std::vector<Bucket> buckets;
    buckets.push_back(failures_of(services, caller));
    return seconds_of(services.limits.known(std::move(buckets)));
}

std::int64_t account_retry_after_s(Services& services, const Uuid& account_id) {
    std::vector<Bucket> buckets;
    buckets.push_back(failures_as(services, account_id));
    return seconds_of(services.limits.known(std::move(buckets)));
}

asio::awaitable<CommandError> count_client_failure(Services& services, Caller caller, std::optional<Uuid> account_id) {
    std::vector<Bucket> buckets;
    buckets.push_back(failures_of(services, caller));
    if (account_id) buckets.push_back(failures_as(services, *account_id));
    auto taken = co_await services.limits.take(std::move(buckets), caller.deadline);
    if (!taken) co_return CommandError(taken.error());
    const std::int64_t wait_s = seconds_of(*taken);
    if (wait_s > 0) co_return CommandError(refusals::kTooManyAttempts, wait_s);
    co_return CommandError(refusals::kInvalidClient);
}

Result<void, CommandError> admit_write(Services& services, const Bearer& bearer) {
    const Rate& rate = services.settings.limits.writes;
    return taken_from(services, {scaled_bucket("writes of session", bearer.session_id, rate),
                                 scaled_bucket("writes of", bearer.user_id, rate, kSessionsOfAUser)});
}

Result<void, CommandError> admit_refresh(Services& services, const Uuid& session_id) {
    return taken_from(services, {scaled_bucket("refreshes of", session_id, services.settings.limits.writes)});
}

}  // namespace keyledger::commands
