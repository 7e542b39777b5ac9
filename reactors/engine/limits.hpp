#pragma once
// Every bound of this folder, by name.
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace keyledger::reactors {

using namespace std::chrono_literals;

inline constexpr std::size_t kMaxJobsPerEvent = 64;     // keyledger.jobs says so too, as of the next
inline constexpr std::size_t kMaxArguments = 8;         // of a job
inline constexpr std::int32_t kMaxPlannedEvents = 500;  // in one transaction
inline constexpr auto kRestBetweenPlans = 20ms;         // what comes meanwhile moves the cursors once

inline constexpr std::size_t kThreadsPerReactor = 2;
inline constexpr auto kPatience = 60s;  // of an attempt
// Longer than an attempt takes, its good-bye to a slow server too: then the job is anybody's again.
inline constexpr auto kLease = 240s;
inline constexpr auto kIdleWait = 500ms;  // between looks for what is due, when nobody hints
inline constexpr auto kCountInterval = 10s;
inline constexpr auto kFirstBackOff = 10s;
inline constexpr auto kLongestBackOff = 1h;
inline constexpr auto kGiveUpAfter = 24h;  // then a job is dead
inline constexpr auto kStatementTimeout = 10s;
inline constexpr auto kFirstReconnect = 100ms;  // doubles up to kLongestReconnect
inline constexpr auto kLongestReconnect = 5s;

inline constexpr std::int32_t kMaxListedJobs = 10'000;

}  // namespace keyledger::reactors
