#pragma once
// Every bound of the publisher, in one place.
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace keyledger::eventstore::kafka {

using namespace std::chrono_literals;

// A transaction takes all that is waiting, up to these.
inline constexpr std::int32_t kMaxTransactionEvents = 10'000;
inline constexpr std::size_t kMaxTransactionBytes = 16 * 1024 * 1024;
// Read before it is known how large events are at present; then as many as fill a transaction.
inline constexpr std::int32_t kFirstReadEvents = 1'000;
// One record with its headers. What `append` lets through (64 KiB of payload, 16 KiB of metadata) is far
// below.
inline constexpr std::int32_t kMaxRecordBytes = 1'000'000;
// Records that travel together. With one more record it must stay below the topic's max.message.bytes.
inline constexpr std::int32_t kMaxBatchBytes = 512 * 1024;
// The least that a topic's max.message.bytes may be (Kafka's own default is a little more).
inline constexpr std::int64_t kMinTopicMessageBytes = 1'000'000;
inline constexpr std::int32_t kMaxQueuedKilobytes = 64 * 1024;
inline constexpr std::int32_t kMaxFetchedAheadKilobytes = 4 * 1024;  // of one partition, by who reads topics

// Events that Kafka holds beyond the position record: at most one transaction's, with room for a setting that
// shrank.
inline constexpr std::size_t kMaxAlreadyThere = 10 * static_cast<std::size_t>(kMaxTransactionEvents);
inline constexpr std::size_t kMaxRememberedSessions = 65'536;

inline constexpr auto kTransactionTimeout = 20s;  // the broker aborts what is open for longer
inline constexpr auto kInitTimeout = 10s;
inline constexpr auto kAdminTimeout = 10s;
inline constexpr auto kFirstContactTimeout = 2s;  // with a cluster that may be away
inline constexpr auto kReadTimeout = 30s;         // to the end of a topic, at start
inline constexpr auto kStateReadTimeout = 5min;   // and more, of all that topics of state hold
inline constexpr auto kPollSlice = 100ms;         // of waiting, between looks at whether to go on

inline constexpr auto kIdleWait = 250ms;  // between looks at the log when nobody hints
// From an append to the commit, while others keep coming: events below the 100 ms that consumers are promised.
inline constexpr auto kEventsVisibleWithin = 80ms;
inline constexpr auto kStateVisibleWithin = 500ms;
inline constexpr auto kLeastPause = 25ms;     // between transactions that leave nothing waiting
inline constexpr auto kStandbyWait = 1000ms;  // between tries for leadership
inline constexpr auto kMinBackoff = 100ms;
inline constexpr auto kMaxBackoff = 5000ms;

}  // namespace keyledger::eventstore::kafka
