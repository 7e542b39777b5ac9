#pragma once
// What commands need from the world, as simple as their ports allow. All are thread-safe.
#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "commands/clients/client_assertions.hpp"
#include "commands/runtime/ports.hpp"
#include "domain/base/time.hpp"

namespace keyledger::test {

namespace asio = boost::asio;
using commands::Deadline;

class FixedClock : public commands::Clock {
public:
    explicit FixedClock(Instant now) : now_(now) {}
    Instant now() const override { return now_; }
    void advance(Duration by) { now_ = now_.load() + by; }

private:
    std::atomic<Instant> now_;
};

// The same in every run, and spread as random ones are. Two of them with different seeds never meet.
class CountedIdentifiers : public commands::Identifiers {
public:
    explicit CountedIdentifiers(std::uint32_t seed = 1) : seed_(seed) {}
    Uuid next() override;
    eventstore::CommandId next_command_id() override;
    Secret next_secret() override;  // the next id, twice

private:
    const std::uint64_t seed_;
    std::atomic<std::uint64_t> count_ = 0;
};

// "Hashes" at once: the strength and the password side by side, so that a test can look into a credential.
class PlainHasher : public commands::PasswordHasher {
public:
    asio::awaitable<Result<Secret, commands::HashingError>> hash(Secret password, commands::HashingRequester requester,
                                                                 Deadline deadline) override;
    asio::awaitable<Result<commands::PasswordCheck, commands::HashingError>> verify(
        Secret password, Secret hash, commands::HashingRequester requester, Deadline deadline) override;
    asio::awaitable<Result<commands::PasswordCheck, commands::HashingError>> verify_decoy(
        Secret password, commands::HashingRequester requester, Deadline deadline) override;

    std::atomic<int> strength = 1;  // raise it, and what was hashed before needs renewal
    std::string instead;  // if set, hashed instead of the password: as it was typed in the time before forms were
    std::atomic<int> hashed = 0;
    std::atomic<int> verified = 0;  // decoys included
    std::atomic<bool> overloaded = false;
    // Awaited before each of the above, if set; not to be changed while commands run.
    std::function<asio::awaitable<void>()> before;
};

// Too short below 15 bytes, and not to contain what precedes the address's '@'.
class ShortPolicy : public commands::PasswordPolicy {
public:
    asio::awaitable<Result<std::optional<RefusalRef>, commands::HashingError>> judge(
        Secret password, commands::PasswordIdentity identity, Deadline deadline) override;
};

class PlainPseudonyms : public commands::Pseudonyms {
public:
    std::vector<eventstore::ClaimDigest> claim(std::string_view kind, std::string_view key) override;
    std::string device(std::string_view user_agent) override;
    std::string network(const UserId& user_id, std::string_view network) override;
    DeviceId device_of(const UserId& user_id, std::string_view kept_id) override;
    std::string agent_network(const UserId& user_id, std::string_view agent, std::string_view network) override;
    DevicesId devices_of(const UserId& user_id) override;
    LoginAttemptsId login_attempts_of(const UserId& user_id) override;
    AnonymousCallersId anonymous_subject_of(Instant now) override;

    std::vector<std::string> claim_keys{"c1"};  // the current one first; not to be changed while commands run
};

// An assertion is the claims themselves, "key id|issuer|subject|audience|id|expires at", and a key is its own id: it is
// signed by the key that it names. One of the key id "forged" names none.
class PlainAssertions : public commands::ClientAssertions {
public:
    asio::awaitable<Result<ServiceAccount::PublicKey, std::string>> read_key(std::string jwk) override;
    Result<Claims, std::string> read(std::string_view assertion) override;
    asio::awaitable<bool> is_signed_by(std::string assertion, ServiceAccount::PublicKey key) override;
};

class MemoryOperatorLog : public commands::OperatorLog {
public:
    void warning(std::string_view what, const Uuid& about) override;
    std::vector<std::string> lines() const;  // "what: about"

private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

}  // namespace keyledger::test
