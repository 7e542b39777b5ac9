#pragma once
// A name that nobody else may have (a claim of the store). Names follow from the state of the stream whose they are: an
// aggregate that holds any says them by `std::vector<ClaimedName> held_names() const`, in the order in which a name
// that is taken becomes the answer, and their kinds by an array `kNameKinds`. An append that changes such a state
// takes and gives back the claims of what changed, and the verifier holds both against each other.
#include <string>
#include <string_view>

#include "domain/base/refusal.hpp"

namespace keyledger {

struct ClaimedName {
    std::string_view kind;                 // of the claim
    std::string key;                       // what is unique: the normalised name
    RefusalRef taken = refusals::kBroken;  // what whoever else wants it is told
    friend bool operator==(const ClaimedName& a, const ClaimedName& b) { return a.kind == b.kind && a.key == b.key; }
};

}  // namespace keyledger
