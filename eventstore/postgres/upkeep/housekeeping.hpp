#pragma once
// What the service tidies up behind itself.
#include <cstdint>
#include <string>
#include <vector>

#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore::postgres {

// Forgets command ids recorded before the time, at most so many; returns how many. Blocks, on a connection of its own.
Result<std::int64_t, StoreError> prune_commands(const std::string& url, Instant before, int at_most);

// Forgets sessions' snapshots that were kept before the time: their streams are over. Likewise.
Result<std::int64_t, StoreError> prune_snapshots(const std::string& url, Instant before, int at_most);

// Forgets buckets of shared limits that are full. Likewise.
Result<std::int64_t, StoreError> prune_limits(const std::string& url, int at_most);
// Forgets lookups that have expired. Likewise.
Result<std::int64_t, StoreError> prune_lookups(const std::string& url, int at_most);
// Forgets jobs that ended a week ago, or that are of another history.
Result<std::int64_t, StoreError> prune_jobs(const std::string& url, int at_most);

// Forgets spent values that nobody can present any more. Likewise.
Result<std::int64_t, StoreError> prune_spent(const std::string& url, int at_most);

// Forgets the snapshots of subjects whose keys were destroyed at that time or later; nobody can open them any more.
// Likewise.
Result<std::int64_t, StoreError> drop_snapshots_of_the_erased(const std::string& url, Instant since);

// Whose keys were destroyed at that time or later: all of them, however many somebody destroyed. Likewise.
Result<std::vector<Uuid>, StoreError> destroyed_subjects(const std::string& url, Instant since);

// Keys that were destroyed a day ago are gone for good; how many.
Result<std::int64_t, StoreError> purge_graveyard(const std::string& url);

}  // namespace keyledger::eventstore::postgres
