#pragma once
// Failed log-ins that the log does not hold: they are on their way, or it did not take them (whoever has the service's
// database role can move any stream as often as they like, and a database is away at times). On this node they count in
// the lock-out as recorded ones do, so that a failure which can't be recorded is not free; they are recorded when the
// log takes them. A process that is killed loses them, and other nodes don't know of them before.
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "commands/runtime/caller.hpp"
#include "domain/base/time.hpp"
#include "domain/credentials/login_attempts.hpp"

namespace keyledger::commands {

// What a failure counts for: the device that the user is known to use, or else the network.
inline std::string place_of(const LoginFailed& failure) {
    return failure.device_id ? failure.device_id->to_string() : failure.network.value_or("");
}

// Networks and devices of accounts. While there is no room for one more, every account is closed to those that it does
// not know: nothing is forgotten to make room, or whoever fills it would have free guesses.
inline constexpr std::size_t kMaxUnrecordedNetworks = 16'384;

// Thread-safe; holds addresses and agents in clear, for the envelopes of what is recorded later.
class UnrecordedFailures {
public:
    // Of one place, `count` failures. Its caller is the last of them.
    struct WaitingFailures {
        LoginFailed failure;
        std::int64_t count = 0;
        Caller caller;
    };
    explicit UnrecordedFailures(std::size_t at_most = kMaxUnrecordedNetworks) : at_most_(at_most) {}

    // One that is to be recorded, and counts from now on. False: there was no room, and that is remembered. Else it is
    // settled, by one of the next two.
    [[nodiscard]] bool begin(const LoginFailed& failure, const Caller& caller, Instant now);
    // The log has it, or it counts for nothing.
    void settle(const UserId& user_id, std::string_view place);
    // It was not taken: it waits. Where the account can't be tried from there without it, it counts for nothing.
    // `recorded` is what the log held, as far as that was read.
    void keep(const UserId& user_id, std::string_view place, const LoginAttempts& recorded,
              const LoginAttemptLimits& limits, Instant now);

    // What waits, of one account or of all.
    std::vector<WaitingFailures> waiting_of(const UserId& user_id) const;
    std::vector<WaitingFailures> waiting() const;
    void mark_recorded(const UserId& user_id, std::string_view place, std::int64_t count);
    // An unlock: what failed before is over.
    void forget(const UserId& user_id);

    // Which failures of the account count beside those that the log holds. Taken before the log is read, so that none
    // is missed which is recorded meanwhile; it may be counted twice then, for a moment.
    class FailureTally {
    public:
        LoginAttempts added_to(LoginAttempts recorded, const LoginAttemptLimits& limits) const;

    private:
        friend class UnrecordedFailures;
        struct Failures {
            LoginFailed failure;
            std::int64_t count = 0;
            Instant last_at;
        };
        std::vector<Failures> failures_;  // of one network, those that are under way after those that wait
        bool unknown_ = false;            // there was no room: there may be any number
    };
    FailureTally tally(const UserId& user_id) const;

    struct Status {
        std::int64_t waiting = 0;
        bool is_full = false;
    };
    Status status() const;

private:
    struct Network {
        LoginFailed failure;
        std::int64_t under_way = 0;
        Instant begun_at;  // the last of those
        std::int64_t waiting = 0;
        Instant waits_since;  // the last of those
        Caller caller;
        std::int64_t count() const { return under_way + waiting; }
    };
    using Account = std::map<std::string, Network, std::less<>>;
    Network* find(const UserId& user_id, std::string_view network);
    void drop_if_empty(const UserId& user_id, std::string_view network);
    FailureTally tally_unlocked(const UserId& user_id) const;
    void no_longer_waits(Network& here, std::int64_t count);
    static void add_waiting(const Account& account, std::vector<WaitingFailures>& all);

    const std::size_t at_most_;
    mutable std::mutex mutex_;
    std::unordered_map<UserId, Account> accounts_;
    std::size_t networks_ = 0;
    std::int64_t waiting_ = 0;
    bool is_full_ = false;  // one found no room, and since then something waited
};

}  // namespace keyledger::commands
