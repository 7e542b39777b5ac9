#pragma once
// What a user calls a second factor, as of a position of the log. The name lies outside of it, sealed with the secret,
// and is told only where it is the one that the log named then: of a factor that was renamed or forgotten since there
// is none.
#include <string>

#include "commands/services.hpp"
#include "domain/factors/factors.hpp"
#include "eventstore/sealing/subject_keys.hpp"

namespace keyledger::reactors {

class FactorNames {
public:
    // Both outlive it.
    FactorNames(commands::Services& services, eventstore::SubjectKeys& keys) : services_(services), keys_(keys) {}

    // "": there is none to tell.
    boost::asio::awaitable<Result<std::string, eventstore::StoreError>> find(UserId user_id, FactorId factor_id,
                                                                             Position position,
                                                                             eventstore::Deadline deadline);

private:
    commands::Services& services_;
    eventstore::SubjectKeys& keys_;
};

}  // namespace keyledger::reactors
