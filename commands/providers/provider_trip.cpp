#include "commands/providers/provider_trip.hpp"

#include "commands/runtime/spending.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::commands {
namespace {

using security::length_prefixed;
using security::view_of;

constexpr std::string_view kTrip = "trip to another provider";
constexpr std::int64_t kAtAnyTime = -1;

std::string clear_of(const Bearer& bearer) {
    return length_prefixed({view_of(bearer.user_id), view_of(bearer.session_id), std::to_string(bearer.security_stamp),
                            std::to_string(bearer.issued_at.ms())});
}

}  // namespace

std::string seal_trip(const SealedBy& by, const SentToProvider& sent) {
    const ProviderTrip& trip = sent.trip;
    const std::int64_t since = trip.authenticated_since ? trip.authenticated_since->ms() : kAtAnyTime;
    std::string clear = length_prefixed({view_of(by.log_id), trip.provider, trip.state, trip.nonce, trip.verifier,
                                         std::to_string(since), std::to_string(sent.made_at.ms()), sent.flow});
    if (sent.links) clear += clear_of(*sent.links);
    return by.cursors.seal(kTrip, clear);
}

std::optional<SentToProvider> open_trip(const SealedBy& by, std::string_view sealed, Instant now) {
    const auto clear = by.cursors.open(kTrip, sealed);
    if (!clear) return std::nullopt;
    security::PartsReader parts(*clear);
    SentToProvider sent;
    const Uuid log_id = parts.uuid();
    sent.trip.provider = parts.part();
    sent.trip.state = parts.part();
    sent.trip.nonce = parts.part();
    sent.trip.verifier = parts.part();
    const std::int64_t since = parts.number();
    if (since != kAtAnyTime) sent.trip.authenticated_since = Instant::at_ms(since);
    sent.made_at = Instant::at_ms(parts.number());
    sent.flow = parts.part();
    if (!parts.is_at_end()) {
        Bearer bearer;
        bearer.user_id = UserId{parts.uuid()};
        bearer.session_id = SessionId{parts.uuid()};
        bearer.security_stamp = parts.number();
        bearer.issued_at = Instant::at_ms(parts.number());
        sent.links = bearer;
    }
    const bool is_old = now - sent.made_at >= kProviderTripLasts;
    if (!parts.is_at_end() || log_id != by.log_id || is_old) return std::nullopt;
    return sent;
}

std::string digest_of_flow(std::string_view sealed) {
    const auto digest = security::sha256({"flow of a trip", sealed});
    return std::string(view_of(digest));
}

eventstore::SpentValue use_of(const SentToProvider& sent) {
    const ValueLife life{sent.made_at, sent.made_at + kProviderTripLasts};
    return spent_value("trip to another provider", {sent.trip.state}, life);
}

}  // namespace keyledger::commands
