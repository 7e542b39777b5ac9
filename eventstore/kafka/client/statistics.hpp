#pragma once
// What librdkafka says of a producer's work (its STATISTICS.md), reduced to what operators watch.
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keyledger::eventstore::kafka {

// Of one producer since it was made: it is made anew after each setback, and counts from 0 then.
struct ProducerStatistics {
    std::int64_t queued_records = 0;  // waiting to be sent, or for an acknowledgement
    std::int64_t queued_bytes = 0;
    std::int64_t sent_records = 0;
    std::int64_t sent_bytes = 0;
    struct Broker {
        std::int32_t id = 0;  // as the cluster numbers them
        bool is_up = false;
        std::int64_t waiting_requests = 0;  // that were not sent yet
        std::int64_t unanswered_requests = 0;
        std::int64_t sent_requests = 0;
        std::int64_t send_errors = 0;
        std::int64_t retries = 0;
        std::int64_t timeouts = 0;
        std::int64_t receive_errors = 0;
        double round_trip_mean_s = 0;  // over the last interval
        double round_trip_p99_s = 0;
    };
    std::vector<Broker> brokers;  // by their ids; at most kMostBrokers, the ones with the smallest
};

inline constexpr std::size_t kMostBrokers = 32;
inline constexpr std::size_t kMostStatisticsBytes = 4 * 1024 * 1024;

// Nothing where it is no such text.
std::optional<ProducerStatistics> read_statistics(std::string_view json);

// The newest ones, from whoever is told to whoever shows them. Any thread.
class StatisticsBoard {
public:
    // Throws nothing; what can't be read changes nothing.
    void take(std::string_view json) noexcept;
    // Nothing before there were any.
    std::optional<ProducerStatistics> newest() const;

private:
    mutable std::mutex mutex_;
    std::optional<ProducerStatistics> newest_;
};

}  // namespace keyledger::eventstore::kafka
