#pragma once
// Every bound of this folder, by name.
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace keyledger::projections {

using namespace std::chrono_literals;

// The projector.
inline constexpr std::int32_t kMaxBatchEvents = 2'000;        // applied in one transaction
inline constexpr std::size_t kMaxCachedSubjectKeys = 65'536;  // 32 bytes of key and about 200 of bookkeeping each
inline constexpr auto kIdleWait = 50ms;                       // between looks at the log when nobody hints
inline constexpr auto kControlInterval = 500ms;               // between looks at skips, and the lock's sign of life
inline constexpr auto kFirstBackOff = 100ms;                  // doubles up to kLongestBackOff
inline constexpr auto kLongestBackOff = 5s;
inline constexpr auto kCompeteInterval = 300ms;  // between tries for the lock of a living leader
// A leader that neither works nor dies for this long (a stopped process) loses its session, and so the lock.
inline constexpr auto kFrozenLeaderTimeout = 30s;

// A server that answers with nothing at all. Beyond it, and beyond what bounds a statement, a session is replaced.
inline constexpr auto kConnectPatience = 5s;
inline constexpr auto kSilentLeaderTimeout = kFrozenLeaderTimeout + 1s;

// Queries.
inline constexpr std::int32_t kMaxPageRows = 10'000;
inline constexpr std::size_t kMaxSearchBytes = 256;
inline constexpr std::size_t kMaxQueuedQueries = 1'024;
inline constexpr std::size_t kMaxPositionWaiters = 10'000;
inline constexpr int kMaxGenerationRetries = 3;  // a query that meets a switch starts again
inline constexpr auto kPositionPoll = 5ms;       // while somebody waits for a position

// Operations.
inline constexpr std::size_t kMaxReasonBytes = 2'000;  // of a stop, and of an operator's "why"
inline constexpr std::size_t kMaxOperatorBytes = 200;
inline constexpr auto kPatienceWithLive = 30s;  // a verification that found a difference looks again after it
inline constexpr auto kDropLockTimeout = 1s;    // old tables wait for the next occasion after this

}  // namespace keyledger::projections
