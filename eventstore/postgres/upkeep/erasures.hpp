#pragma once
// The users who were erased, by events that the service wrote. The rows of subjects' keys can't tell: whoever has the
// service's role can destroy a key, and the owner can bring one back. All of it blocks; errors are sentences, also
// that an event was changed, or is authenticated by a key that the keyring lacks: then nothing is answered.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore::postgres {

class Authenticity;

struct ErasedUser {
    UserId user_id;
    Instant erased_at;
};
using ErasuresProgress = std::function<void(Position looked_until, Position head)>;

// In the order in which they were erased. Reads the log up to its head, a window of positions at a time.
Result<std::vector<ErasedUser>, std::string> erased_users(const std::string& url, Authenticity& authenticity,
                                                          const ErasuresProgress& progress = {});

// Where an event says so of this user; 0: nowhere.
struct ErasureRecords {
    Position by_the_service = 0;
    Position by_somebody = 0;  // the first of those that the service did not write
};
Result<ErasureRecords, std::string> erasure_records_of(const std::string& url, Authenticity& authenticity,
                                                       const UserId& user_id);

}  // namespace keyledger::eventstore::postgres
