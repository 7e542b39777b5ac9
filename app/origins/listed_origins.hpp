#pragma once
// The origins of pages of applications (ADR 42): of those that are listed, each as it stands at the head of the log.
#include <chrono>
#include <optional>

#include "app/core/core.hpp"
#include "projections/engine/queries.hpp"
#include "projections/hot/page_origins.hpp"

namespace keyledger::app {

inline constexpr std::chrono::milliseconds kListedOriginsPatience{3'000};  // for all of them
inline constexpr std::chrono::milliseconds kListPatience{200};             // for a list that is behind

// One that was registered since is missing where the list is behind. nullopt: the database does not answer in time, or
// there is no list yet. Blocks; not from a thread of the core's pools.
std::optional<projections::PageOrigins> listed_origins(Core& core, projections::Queries& queries);

}  // namespace keyledger::app
