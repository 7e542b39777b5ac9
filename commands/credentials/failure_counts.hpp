#pragma once
// What concerns no account, counted by network until it is recorded (commands/credentials/failure_sums.hpp): failed
// log-ins, and forms that a machine filled in.
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keyledger::commands {

enum class SummedFailure : std::uint8_t { kUnknownUser, kHoneypot };

// How many networks are counted separately in memory, and recorded each minute, of all kinds together. All others count
// as one network without a name.
inline constexpr std::size_t kMaxSummedNetworks = 4'096;
inline constexpr std::size_t kMaxNetworksRecorded = 32;

// What this process has counted since it was taken last; a crash loses it. Thread-safe.
class FailureSums {
public:
    struct Sum {
        std::string network;  // empty: of several
        std::int64_t count = 0;
        SummedFailure of = SummedFailure::kUnknownUser;
    };
    // `network_of` maps a client address to the network that counts as one caller.
    using NetworkOf = std::function<std::string(std::string_view)>;
    explicit FailureSums(NetworkOf network_of) : network_of_(std::move(network_of)) {}

    void count(std::string_view client_address, SummedFailure of = SummedFailure::kUnknownUser);
    // The networks with most failures, each by itself, and the rest of each kind in one.
    std::vector<Sum> take();
    // Those that could not be recorded.
    void put_back(std::span<const Sum> sums);

private:
    void add(SummedFailure of, std::string network, std::int64_t count);

    const NetworkOf network_of_;
    std::mutex mutex_;
    std::map<std::pair<SummedFailure, std::string>, std::int64_t> counts_;
};

}  // namespace keyledger::commands
