#include "commands/limits/request_limits.hpp"

namespace keyledger::commands {

eventstore::Bucket bucket_of(std::string_view what, std::string_view whom, const Rate& rate) {
    constexpr std::size_t kRoomForRate = 24;  // bytes, of most
    eventstore::Bucket bucket;
    bucket.key.reserve(what.size() + whom.size() + kRoomForRate);
    bucket.key.append(what).append(" ").append(whom).append(", ");
    bucket.key.append(std::to_string(rate.per_minute)).append("/").append(std::to_string(rate.burst));
    bucket.per_minute = rate.per_minute;
    bucket.burst = rate.burst;
    return bucket;
}

CommandError too_many(const eventstore::RateDecision& taken) {
    return CommandError(refusals::kTooManyAttempts, std::max(seconds(1), taken.wait));
}

}  // namespace keyledger::commands
