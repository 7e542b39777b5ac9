#pragma once
// The address that a mail was asked for: sealed in the event, for the day's callers or for the user who asked.
#include <optional>
#include <string>

#include "domain/challenges/challenge.hpp"
#include "eventstore/sealing/subject_keys.hpp"
#include "eventstore/store.hpp"
#include "reactors/engine/reactor.hpp"

namespace keyledger::reactors {

// `asked` is what `recorded` says, unopened. nullopt: the key was destroyed meanwhile, and nobody is to be written to.
asio::awaitable<Result<std::optional<std::string>, eventstore::StoreError>> open_asked_address(
    eventstore::SubjectKeys& keys, eventstore::SubjectCipher& cipher, const eventstore::RecordedEvent& recorded,
    const ChallengeAsked& asked, Deadline deadline);

}  // namespace keyledger::reactors
