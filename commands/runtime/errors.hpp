#pragma once
// Why a command was not carried out: a refusal (domain/base/refusal.hpp) of a rule, or of the world below. Nothing was
// written unless the refusal says otherwise.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "domain/base/precis.hpp"
#include "domain/base/refusal.hpp"
#include "domain/base/time.hpp"

namespace keyledger::eventstore {
enum class StoreError;
}

namespace keyledger::refusals {

// ---- who asks --------------------------------------------------------------------------------------------------
inline constexpr Refusal kForbidden{RefusalKind::kForbidden, "forbidden", "Not allowed",
                                    "This takes a permission that none of your roles grants. Ask an administrator."};
inline constexpr Refusal kTooManyAttempts{RefusalKind::kTooMany, "too-many-attempts", "Too many attempts",
                                          "Wait for the time in Retry-After, then try again."};
inline constexpr Refusal kIdempotencyMismatch{
    RefusalKind::kMisusedKey, "idempotency-mismatch", "Idempotency key used before",
    "This Idempotency-Key came with another request before. Use a new key for a new request."};

// ---- the world -------------------------------------------------------------------------------------------------
// Conflicts to the end of patience.
inline constexpr Refusal kBusy{RefusalKind::kUnavailable, "busy", "Too much at once on the same account",
                               "Other commands on the same account came first, several times. Send it again."};
// A queue is full.
inline constexpr Refusal kOverloaded{RefusalKind::kUnavailable, "try-again", "Overloaded",
                                     "The service has more to do than it can. Nothing was done; try again later."};
// The store is away.
inline constexpr Refusal kUnavailable{
    RefusalKind::kUnavailable, "unavailable", "Not available at the moment",
    "This node can't reach what this takes at the moment: the event store, what is read from it, or a key. Its "
    "operator is told which. Nothing was done; try again later."};
// It may have been written.
inline constexpr Refusal kOutcomeUnknown{
    RefusalKind::kUnavailable, "outcome-unknown", "Outcome unknown",
    "It is not known whether this was done. Repeat it with the same Idempotency-Key."};

}  // namespace keyledger::refusals

namespace keyledger::commands {

enum class HashingError { kOverloaded, kExpired, kStopped };

// Why client authentication failed: for the log. The routes decide what callers are told of it.
enum class ClientFault : std::uint8_t {
    kNone,  // not known, or not to be told
    kUnknown,
    kDisabled,
    kNoSuchSecret,
    kOtherSecret,
    kNotOfNow,       // the assertion is not for this issuer or this time
    kNoSuchKey,      // none of that name and algorithm
    kNotItsOwn,      // another key signed the assertion
    kAssertionUsed,  // rightly signed, and presented before
    kUnproved,       // one of those above but the last, which one nobody is told
};

// Where a refusal leaves the caller half-way: what they go on with (commands/sessions/half_log_in.hpp).
struct GoOn {
    std::string token;               // sealed, to be sent back
    std::vector<std::string> kinds;  // of what is missing, one of which will do
};

// Every error that a command meets becomes one by itself: `co_return Unexpected(found.error())`.
struct CommandError {
    RefusalRef refusal;
    ClientFault client = ClientFault::kNone;  // of kInvalidClient
    std::optional<TextFault> text;            // what is wrong with a text, instead of the refusal's usual advice
    Duration retry_after;                     // none: no advice
    std::shared_ptr<const GoOn> go_on{};

    CommandError(const Refusal& why, Duration retry_after = {}) : refusal(why), retry_after(retry_after) {}
    CommandError(RefusalRef why) : refusal(why) {}
    CommandError(eventstore::StoreError error);
    CommandError(HashingError error);
    explicit CommandError(ClientFault fault) : refusal(refusals::kInvalidClient), client(fault) {}
};

// A text that a profile of domain/base/precis.hpp does not take, with its reason.
CommandError refused_text(RefusalRef refusal, TextFault fault);

}  // namespace keyledger::commands
