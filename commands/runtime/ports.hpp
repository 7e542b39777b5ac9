#pragma once
// What commands need from outside. Implemented in security/ and app/; by fixed stand-ins in tests. All are shared by
// every I/O thread and therefore thread-safe; awaitable ones complete on the caller's executor.
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands/runtime/errors.hpp"
#include "domain/base/device_id.hpp"
#include "domain/base/id.hpp"
#include "domain/base/refusal.hpp"
#include "domain/base/secret.hpp"
#include "domain/base/time.hpp"
#include "eventstore/store.hpp"

namespace keyledger::commands {

namespace asio = boost::asio;
using eventstore::Deadline;

class Clock {
public:
    virtual ~Clock() = default;
    virtual Instant now() const = 0;
};

class Identifiers {
public:
    virtual ~Identifiers() = default;
    virtual Uuid next() = 0;  // UUIDv7
    // A UUIDv7, which the first event of the command has too, and 128 random bits: in the index, neighbours in time.
    virtual eventstore::CommandId next_command_id() = 0;
    virtual Secret next_secret() = 0;  // 256 random bits
};

struct PasswordCheck {
    bool matches = false;
    bool needs_renewal = false;  // hashed under weaker parameters than those of today
};
// For whom a hash is made: the queue is fair between networks, and who has an account comes before who wants one.
struct HashingRequester {
    enum class Kind { kAccount, kRegistration } kind = Kind::kAccount;
    std::string network{};  // of the caller
};
// Argon2id on threads of its own behind a bounded queue.
class PasswordHasher {
public:
    virtual ~PasswordHasher() = default;
    virtual asio::awaitable<Result<Secret, HashingError>> hash(Secret password, HashingRequester requester,
                                                               Deadline deadline) = 0;
    virtual asio::awaitable<Result<PasswordCheck, HashingError>> verify(Secret password, Secret hash,
                                                                        HashingRequester requester,
                                                                        Deadline deadline) = 0;
    // As much work as verify, and always "no": for names that nobody has.
    virtual asio::awaitable<Result<PasswordCheck, HashingError>> verify_decoy(Secret password,
                                                                              HashingRequester requester,
                                                                              Deadline deadline) = 0;
};

// What a password must not be made of. Empty where it is not given.
struct PasswordIdentity {
    std::string email;
    std::string username;
    std::string name;
};
class PasswordPolicy {
public:
    virtual ~PasswordPolicy() = default;
    // Why it is not accepted (commands/credentials/passwords.hpp), if it is not.
    virtual asio::awaitable<Result<std::optional<RefusalRef>, HashingError>> judge(Secret password,
                                                                                   PasswordIdentity identity,
                                                                                   Deadline deadline) = 0;
};

// Keyed digests: they recognise a value without telling it.
class Pseudonyms {
public:
    virtual ~Pseudonyms() = default;
    // One for each claim key in rotation, the current one first.
    virtual std::vector<eventstore::ClaimDigest> claim(std::string_view kind, std::string_view key) = 0;
    virtual std::string device(std::string_view user_agent) = 0;
    // The network that somebody logs in from: of two users at one place it tells nobody that it is the same.
    virtual std::string network(const UserId& user_id, std::string_view network) = 0;
    // What a user's device is known by: of what the client keeps, or where it keeps nothing, of agent family and
    // network.
    virtual DeviceId device_of(const UserId& user_id, std::string_view kept_id) = 0;
    virtual std::string agent_network(const UserId& user_id, std::string_view agent, std::string_view network) = 0;
    virtual DevicesId devices_of(const UserId& user_id) = 0;
    // The stream that counts a user's failed log-ins, and the subject whose key seals a day's anonymous callers.
    virtual LoginAttemptsId login_attempts_of(const UserId& user_id) = 0;
    // Those of one day (UTC) share it.
    virtual AnonymousCallersId anonymous_subject_of(Instant now) = 0;
};

// Where commands report what operators must know and callers must not. Never given a secret or a personal value.
class OperatorLog {
public:
    virtual ~OperatorLog() = default;
    virtual void warning(std::string_view what, const Uuid& about) = 0;
};

}  // namespace keyledger::commands
