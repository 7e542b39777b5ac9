#include "reactors/asked_address.hpp"

#include "eventstore/codec/events_codec.hpp"
#include "eventstore/sealing/subject_opener.hpp"

namespace keyledger::reactors {

asio::awaitable<Result<std::optional<std::string>, eventstore::StoreError>> open_asked_address(
    eventstore::SubjectKeys& keys, eventstore::SubjectCipher& cipher, const eventstore::RecordedEvent& recorded,
    const ChallengeAsked& asked, Deadline deadline) {
    keys.forget(asked.key_of);  // erased meanwhile, on any node
    KEYLEDGER_CO_TRY(found, co_await keys.find(asked.key_of, deadline));
    if (!found->key && !found->for_good) co_return Unexpected(eventstore::StoreError::kUnavailable);
    if (!found->key) co_return std::nullopt;
    eventstore::SubjectOpener opener(cipher, found->key, recorded);
    const auto event = eventstore::decode_any(recorded, opener);
    const auto* of_challenge = eventstore::event_in<Challenge>(*event);
    const auto* opened = of_challenge == nullptr ? nullptr : std::get_if<ChallengeAsked>(of_challenge);
    if (opened == nullptr) co_return std::nullopt;
    co_return opened->address.value;
}

}  // namespace keyledger::reactors
