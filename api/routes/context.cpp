#include "api/routes/context.hpp"

#include "api/wire/cookies.hpp"
#include "commands/devices/device_ids.hpp"
#include "domain/base/device_id.hpp"

namespace keyledger::api {
namespace {

constexpr std::string_view kDeviceHeader = "Keyledger-Device";
constexpr std::string_view kDeviceCookie = "__Host-keyledger-device";

// What an application sends comes before what a browser does. It is opened where somebody logs in; what is not ours
// counts as nothing there.
std::string device_shown_by(const Request& request) {
    const auto header = request.header(kDeviceHeader);
    const auto shown = header ? header : cookie_of(request.headers, kDeviceCookie);
    if (!shown || shown->size() > commands::kMaxSealedDeviceBytes) return {};
    return std::string(*shown);
}

}  // namespace

commands::Caller caller_of(const Request& request) {
    commands::Caller caller;
    caller.request_id = request.request_id;
    caller.traceparent = request.traceparent;
    caller.client_address = request.client_address;
    caller.network = request.client_ip.caller_network().to_string();
    caller.user_agent = request.user_agent;
    caller.device = device_shown_by(request);
    caller.deadline = request.deadline;
    return caller;
}

Response at_position(Response response, Position position) {
    if (position > 0) response.headers.add("Keyledger-Position", std::to_string(position));
    return response;
}

Response with_device(Response response, const std::string& sealed) {
    if (sealed.empty()) return response;
    response.headers.add(kDeviceHeader, sealed);
    const std::chrono::seconds kept_for(kDeviceLifetime.whole_seconds());
    response.headers.add("Set-Cookie", host_cookie(kDeviceCookie, sealed, kept_for));
    return response;
}

Response with_outcome(Response response, const commands::Receipt& outcome) {
    if (outcome.repeated) response.headers.add("Idempotency-Replayed", "true");
    return at_position(std::move(response), outcome.position);
}

}  // namespace keyledger::api
