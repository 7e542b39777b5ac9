#include "app/observing/troubles.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace keyledger::app {

// While another process publishes, this one's sessions with brokers say little; what only begins anew is no news.
std::optional<std::string> trouble_with_kafka(std::span<const eventstore::kafka::PublisherStatus> outputs) {
    using State = eventstore::kafka::PublisherState;
    bool is_known = false;
    for (const auto& status : outputs) {
        if (status.state == State::kWaitingForBroker) return status.sentence.empty() ? "no broker" : status.sentence;
        is_known = is_known || status.state == State::kPublishing || status.state == State::kStandby;
    }
    if (!is_known) return std::nullopt;
    return "";
}

std::optional<std::string> trouble_with_mail_server(const mail::Delivery& delivery) {
    constexpr std::array<std::string_view, 4> kAskedNobody{"expired", "memory", "queue-full", "stopped"};
    if (delivery.outcome == mail::Delivery::Outcome::kSent || delivery.code.starts_with("smtp-")) return "";
    if (delivery.outcome == mail::Delivery::Outcome::kRefused) return std::nullopt;
    if (std::ranges::find(kAskedNobody, delivery.code) != kAskedNobody.end()) return std::nullopt;
    return delivery.code;
}

}  // namespace keyledger::app
