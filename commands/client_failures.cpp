#include "commands/client_failures.hpp"

#include "commands/request_limits.hpp"

namespace keyledger::commands {
namespace {

// So many times what a network may fail until nothing of it is looked at any more.
constexpr std::int64_t kOutOfAllMeasure = 10;

eventstore::Bucket failures_of(const Services& services, std::string_view network) {
    return bucket_of("failures of clients of", network, services.settings.limits.passwords);
}
eventstore::Bucket all_measure(const Services& services, std::string_view network) {
    const Rate measure = services.settings.limits.passwords;
    return bucket_of("too many failures of clients of", network,
                     {measure.per_minute * kOutOfAllMeasure, measure.burst * kOutOfAllMeasure});
}

}  // namespace

Result<void, CommandError> may_authenticate(Services& services, std::string_view network) {
    std::vector<eventstore::Bucket> buckets{all_measure(services, network)};
    const auto known = services.limits.known(std::move(buckets));
    if (known.wait_ms > 0) return Unexpected(too_many(known));
    return {};
}

// While the store is away nobody is told to wait: this process's own count goes on.
asio::awaitable<CommandError> count_client_failure(Services& services, Caller caller) {
    std::vector<eventstore::Bucket> failures{failures_of(services, caller.network)};
    std::vector<eventstore::Bucket> beyond{all_measure(services, caller.network)};
    auto taken = co_await services.limits.take(std::move(failures), caller.deadline);
    if (!taken || taken->wait_ms == 0) co_return CommandError(Refusal::kInvalidClient);
    const CommandError wait = too_many(*taken);
    auto counted = co_await services.limits.take(std::move(beyond), caller.deadline);
    if (!counted) services.journal.warning("failures of clients could not be counted", Uuid{});
    co_return wait;
}

}  // namespace keyledger::commands
