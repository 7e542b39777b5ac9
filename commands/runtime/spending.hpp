#pragma once
// Values that are good once (I13), as `append` knows them: by a digest of what they are for and what they are.
//
// A log that is restored must not take a value that the lost one took. What this service makes and hands out (a code,
// a link, a half log-in) therefore names its log: the log's id is in what is sealed or derived, and such a value of
// another log never comes as far as being spent. What others make (a client's assertion, a step of a clock) can't name
// the log; of those the restored log takes none that were made before it was restored (SpentValue::made_at).
#include <initializer_list>
#include <string_view>

#include "domain/base/time.hpp"
#include "eventstore/store.hpp"

namespace keyledger::commands {

// When a value can have been made at the earliest, and when it is good no longer. Both follow from the value: two nodes
// that are shown one value must say the same of it.
struct ValueLife {
    Instant made_at;
    Instant expires_at;
};

// `purpose` keeps values apart that are equal and earn different things; each purpose is named by one function alone.
eventstore::SpentValue spent_value(std::string_view purpose, std::initializer_list<std::string_view> parts,
                                   ValueLife life);

}  // namespace keyledger::commands
