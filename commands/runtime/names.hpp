#pragma once
// The names that nobody else may have (claims): they follow from the state of the stream whose they are. An append that
// changes such a state takes and releases the claims of what changed, and the verifier holds both against each other.
#include <string>
#include <string_view>
#include <vector>

#include "commands/runtime/fold.hpp"

namespace keyledger::commands {

struct HeldName {
    std::string_view kind;  // of the claim
    std::string key;        // what is unique: the normalised name
    bool operator==(const HeldName&) const = default;
};
bool can_have_names(const AnyState& state);
// In the order in which a name that is taken becomes the answer.
std::vector<HeldName> names_of(const AnyState& state);

}  // namespace keyledger::commands
