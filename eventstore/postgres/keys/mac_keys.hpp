#pragma once
// What the owner alone does to keys in the database. Both block; the error is a sentence.
#include <string>

#include "domain/base/result.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore::postgres {

// Nothing is appended under this MAC key any more; the last position at which something may stand. May be repeated.
Result<Position, std::string> close_mac_key(const std::string& owner_url, const std::string& key_id);

// Brings back a subject's key that was destroyed within the last day; false: there is none to bring back.
Result<bool, std::string> bring_back_key(const std::string& owner_url, const Uuid& subject);

}  // namespace keyledger::eventstore::postgres
