#include "api/routes/context.hpp"

namespace keyledger::api {

commands::Caller caller_of(const Request& request) {
    commands::Caller caller;
    caller.request_id = request.request_id;
    caller.traceparent = request.traceparent;
    caller.client_address = request.client_address;
    caller.network = request.client_ip.caller_network().to_string();
    caller.user_agent = request.user_agent;
    caller.deadline = request.deadline;
    return caller;
}

Response at_position(Response response, Position position) {
    if (position > 0) response.headers.add("Keyledger-Position", std::to_string(position));
    return response;
}

Response with_outcome(Response response, const commands::Receipt& outcome) {
    if (outcome.repeated) response.headers.add("Idempotency-Replayed", "true");
    return at_position(std::move(response), outcome.position);
}

}  // namespace keyledger::api
