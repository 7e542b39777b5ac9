#pragma once
// The problems that the API's own routes answer, beside those of the transport (api/wire/problem.hpp) and those that
// are refusals (domain/base/refusal.hpp). Slugs are for ever.
#include <array>

#include "api/wire/problem.hpp"

namespace keyledger::api::problems {

inline constexpr ProblemType kNotListable{"not-listable", "Not to be listed one by one", 422};
inline constexpr ProblemType kBehind{"read-model-behind", "Read model behind", 503};
inline constexpr ProblemType kPositionAhead{"position-ahead", "Position beyond the log", 400};
inline constexpr ProblemType kNoTreeHead{"no-tree-head", "No tree head yet", 404};

inline constexpr std::array kApiProblems{kNotListable, kBehind, kPositionAhead, kNoTreeHead};

}  // namespace keyledger::api::problems
