#include "eventstore/kafka/client/statistics.hpp"

#include <rapidjson/document.h>

#include <algorithm>
#include <limits>

namespace keyledger::eventstore::kafka {
namespace {

using Json = rapidjson::Value;

std::int64_t integer(const Json& object, const char* name) {
    const auto found = object.FindMember(name);
    return found != object.MemberEnd() && found->value.IsInt64() ? found->value.GetInt64() : 0;
}

double seconds_of_micros(const Json& object, const char* window, const char* name) {
    const auto found = object.FindMember(window);
    if (found == object.MemberEnd() || !found->value.IsObject()) return 0;
    return static_cast<double>(integer(found->value, name)) / 1e6;
}

bool is_up(const Json& broker) {
    const auto state = broker.FindMember("state");
    return state != broker.MemberEnd() && state->value.IsString() &&
           std::string_view(state->value.GetString(), state->value.GetStringLength()) == "UP";
}

// librdkafka also lists the addresses that it was given, and coordinators, under negative ids: each of them is one of
// the others, too.
std::vector<ProducerStatistics::Broker> brokers_in(const Json& brokers) {
    std::vector<ProducerStatistics::Broker> all;
    for (const auto& [name, found] : brokers.GetObject()) {
        if (!found.IsObject() || !found.HasMember("nodeid")) continue;
        const std::int64_t id = integer(found, "nodeid");
        if (id < 0 || id > std::numeric_limits<std::int32_t>::max()) continue;
        ProducerStatistics::Broker broker;
        broker.id = static_cast<std::int32_t>(id);
        broker.is_up = is_up(found);
        broker.waiting_requests = integer(found, "outbuf_cnt");
        broker.unanswered_requests = integer(found, "waitresp_cnt");
        broker.sent_requests = integer(found, "tx");
        broker.send_errors = integer(found, "txerrs");
        broker.retries = integer(found, "txretries");
        broker.timeouts = integer(found, "req_timeouts");
        broker.receive_errors = integer(found, "rxerrs");
        broker.round_trip_mean_s = seconds_of_micros(found, "rtt", "avg");
        broker.round_trip_p99_s = seconds_of_micros(found, "rtt", "p99");
        all.push_back(broker);
    }
    std::ranges::sort(all, {}, &ProducerStatistics::Broker::id);
    all.erase(std::ranges::unique(all, {}, &ProducerStatistics::Broker::id).begin(), all.end());
    if (all.size() > kMostBrokers) all.resize(kMostBrokers);
    return all;
}

}  // namespace

std::optional<ProducerStatistics> read_statistics(std::string_view json) {
    if (json.size() > kMostStatisticsBytes) return std::nullopt;
    rapidjson::Document document;
    document.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
    if (document.HasParseError() || !document.IsObject()) return std::nullopt;
    ProducerStatistics statistics;
    statistics.queued_records = integer(document, "msg_cnt");
    statistics.queued_bytes = integer(document, "msg_size");
    statistics.sent_records = integer(document, "txmsgs");
    statistics.sent_bytes = integer(document, "txmsg_bytes");
    const auto brokers = document.FindMember("brokers");
    if (brokers != document.MemberEnd() && brokers->value.IsObject()) statistics.brokers = brokers_in(brokers->value);
    return statistics;
}

void StatisticsBoard::take(std::string_view json) noexcept try {
    auto statistics = read_statistics(json);
    if (!statistics) return;
    const std::lock_guard lock(mutex_);
    newest_ = std::move(*statistics);
} catch (...) {  // out of memory: those of before stay
}

std::optional<ProducerStatistics> StatisticsBoard::newest() const {
    const std::lock_guard lock(mutex_);
    return newest_;
}

}  // namespace keyledger::eventstore::kafka
