#include "commands/limits/rates.hpp"

#include "commands/limits/request_limits.hpp"

namespace keyledger::commands {
namespace {

using eventstore::Bucket;

constexpr std::int64_t kSessionsOfAUser = 4;     // that may change as much as one may, at the same time
constexpr std::int64_t kNetworksOfAClient = 10;  // that may fail as often as one may, at the same time

Bucket scaled_bucket(std::string_view what, const Uuid& whom, const Rate& rate, std::int64_t times = 1) {
    return bucket_of(what, whom.to_string(), {times * rate.per_minute, times * rate.burst});
}

Bucket failures_of(const Services& services, const Caller& caller) {
    const std::string& network = caller.network.empty() ? caller.client_address : caller.network;
    return bucket_of("failed clients of", network, services.settings.limits.passwords);
}

Bucket failures_as(const Services& services, const Uuid& client_id) {
    return scaled_bucket("failures as client", client_id, services.settings.limits.passwords, kNetworksOfAClient);
}

Result<void, CommandError> taken_from(Services& services, const std::vector<Bucket>& buckets) {
    const Duration wait = services.limits.take_local(buckets).wait;
    if (wait > Duration()) return Unexpected(CommandError(refusals::kTooManyAttempts, wait));
    return {};
}

}  // namespace

Duration network_retry_after(Services& services, const Caller& caller) {
    std::vector<Bucket> buckets;
    buckets.push_back(failures_of(services, caller));
    return services.limits.known(std::move(buckets)).wait;
}

Duration client_retry_after(Services& services, const Uuid& client_id) {
    std::vector<Bucket> buckets;
    buckets.push_back(failures_as(services, client_id));
    return services.limits.known(std::move(buckets)).wait;
}

asio::awaitable<CommandError> count_client_failure(Services& services, Caller caller, std::optional<Uuid> client_id) {
    std::vector<Bucket> buckets;
    buckets.push_back(failures_of(services, caller));
    if (client_id) buckets.push_back(failures_as(services, *client_id));
    auto taken = co_await services.limits.take(std::move(buckets), caller.deadline);
    if (!taken) co_return CommandError(taken.error());
    if (taken->wait > Duration()) co_return CommandError(refusals::kTooManyAttempts, taken->wait);
    co_return CommandError(refusals::kInvalidClient);
}

Result<void, CommandError> admit_write(Services& services, const Bearer& bearer) {
    const Rate& rate = services.settings.limits.writes;
    return taken_from(services, {scaled_bucket("writes of session", bearer.session_id, rate),
                                 scaled_bucket("writes of", bearer.user_id, rate, kSessionsOfAUser)});
}

Result<void, CommandError> admit_refresh(Services& services, const SessionId& session_id) {
    std::vector<Bucket> buckets;
    buckets.push_back(scaled_bucket("refreshes of", session_id, services.settings.limits.writes));
    return taken_from(services, buckets);
}

Result<void, CommandError> admit_registration(Services& services, const ServiceAccountId& account_id) {
    return taken_from(services, {scaled_bucket("registrations by", account_id, services.settings.limits.writes)});
}

Result<void, CommandError> admit_revocation(Services& services, std::string_view client_id) {
    return taken_from(services, {bucket_of("revocations by", client_id, services.settings.limits.writes)});
}

}  // namespace keyledger::commands
