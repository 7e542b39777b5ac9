#include "commands/runtime/errors.hpp"

#include "eventstore/store.hpp"

namespace keyledger::commands {
namespace {

using eventstore::StoreError;

const Refusal& refusal_of(StoreError error) {
    switch (error) {
        case StoreError::kUnavailable: return refusals::kUnavailable;
        case StoreError::kDeadline: return refusals::kOverloaded;
        case StoreError::kOutcomeUnknown: return refusals::kOutcomeUnknown;
        case StoreError::kBadData: return refusals::kBroken;
    }
    return refusals::kBroken;
}

CommandError error_of(HashingError error) {
    switch (error) {
        case HashingError::kOverloaded:
        case HashingError::kExpired: return {refusals::kOverloaded, seconds(2)};
        case HashingError::kStopped: return {refusals::kUnavailable, seconds(5)};
    }
    return refusals::kBroken;
}

}  // namespace

CommandError::CommandError(StoreError error) : CommandError(refusal_of(error)) {}
CommandError::CommandError(HashingError error) : CommandError(error_of(error)) {}

CommandError refused_text(RefusalRef refusal, TextFault fault) {
    CommandError error(refusal);
    error.text = fault;
    return error;
}

}  // namespace keyledger::commands
