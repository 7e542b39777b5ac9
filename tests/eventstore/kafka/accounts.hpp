#pragma once
// A script of users and sessions that come and go, and what is left of them by its own reckoning: shares no
// code with the fold under test.
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "domain/base/time.hpp"
#include "tests/eventstore/kafka/scripted_log.hpp"

namespace keyledger::test {

class Accounts {
public:
    explicit Accounts(std::uint64_t seed) : random_(seed) {}

    void grow(ScriptedLog& log, int events);

    struct Session {
        std::string user;
        Position started = 0;
        Instant expires_at;
    };
    std::map<std::string, std::string> status;  // of each user: active, disabled
    std::map<std::string, Session> live;
    // As those see it who look at no clock: sessions that no event has ended, and those that one has.
    std::map<std::string, std::string> open;  // to user
    std::set<std::string> ended;

private:
    void step(ScriptedLog& log);
    void start_session(ScriptedLog& log, const std::string& user);
    void end_all(const std::string& user, const std::string& kept);
    // Appends, lets go of the sessions that expired meanwhile, and says which position it got.
    Position append(ScriptedLog& log, const char* stream, const std::string& id, const char* type,
                    const std::string& payload);
    Uuid new_id();
    template <class Map>
    std::string any(const Map& map) {
        return std::next(map.begin(), static_cast<std::ptrdiff_t>(random_() % map.size()))->first;
    }
    std::mt19937_64 random_;
};

}  // namespace keyledger::test
