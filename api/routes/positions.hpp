#pragma once
// Positions of the log, as callers are told them (`Keyledger-Position`) and send them back
// (`Keyledger-Min-Position`). Whoever may read the log (keyledger.audit:read) gets the number. Everybody else gets a
// sealed value of one length that names the log and the position: with numbers a caller could count what others do, and
// tell by one event more or less whether a name exists.
#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/requests/router.hpp"
#include "api/routes/context.hpp"

namespace keyledger::api {

// At the head; false also where it can't be told. Costs nothing without a bearer token.
boost::asio::awaitable<bool> may_read_log(Context& context, const Request& request);

std::string position_for_callers(Context& context, Position position);
// What a request wants to see included; nullopt: it is no position of this log that was told to whoever asks.
boost::asio::awaitable<std::optional<Position>> minimum_position(Context& context, const Request& request,
                                                                 std::string_view text);

// The routes, telling positions as said above. Registration, which anybody may ask for, tells none. The context
// outlives them.
std::vector<Route> telling_positions(std::vector<Route> routes, Context& context);

}  // namespace keyledger::api
