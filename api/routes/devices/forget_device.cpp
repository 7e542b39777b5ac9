#include "api/routes/devices/forget_device.hpp"

#include "api/routes/reading.hpp"
#include "commands/devices/devices.hpp"
#include "projections/models/sessions.hpp"

namespace keyledger::api::routes {
namespace {

namespace rows = keyledger::projections;

// As many as one forgets at a time; a user who has more of one device ends the rest by a second call.
constexpr std::int32_t kMostSessions = 100;

// Its live sessions, by the read model.
boost::asio::awaitable<Result<std::vector<SessionId>, rows::QueryError>> sessions_of(Call& call, UserId user_id,
                                                                                     DeviceId device_id) {
    rows::SessionFilter filter;
    filter.user = user_id;
    filter.live = rows::SessionFilter::LiveAt{call.services().clock.now(), call.services().settings.lifetimes.idle};
    filter.device_id = device_id;
    auto page =
        co_await rows::list_sessions(call.context.queries, filter, std::nullopt, kMostSessions, call.request.deadline);
    if (!page) co_return Unexpected(page.error());
    std::vector<SessionId> sessions;
    for (const rows::SessionRow& row : page->items) sessions.push_back(row.id);
    co_return sessions;
}

Forgotten refused(const commands::CommandError& error) { return Unexpected(NotForgotten{error}); }
Forgotten unanswered(Response answer) { return Unexpected(NotForgotten{std::nullopt, std::move(answer)}); }

}  // namespace

// Forgotten first: whoever has the device can't begin a session that the list does not have, but as a new device. A
// repeat after a failure half-way finds the device forgotten, and ends what is left.
boost::asio::awaitable<Forgotten> forget_device(Call& call, commands::Bearer bearer, DeviceId device_id,
                                                commands::Caller caller) {
    auto forgotten = co_await commands::forget_device(call.services(), bearer, device_id, caller);
    const bool was_unknown = !forgotten && forgotten.error().refusal == refusals::kDeviceUnknown;
    if (!forgotten && !was_unknown) co_return refused(forgotten.error());
    auto waited = co_await wait_for_head(call.context, call.request, rows::kSessionsModel);
    if (!waited) co_return unanswered(waited.error());
    auto sessions = co_await sessions_of(call, bearer.user_id, device_id);
    if (!sessions) co_return unanswered(refuse_query(call.request, sessions.error()));
    if (was_unknown && sessions->empty()) co_return refused(forgotten.error());
    if (sessions->empty()) co_return *forgotten;
    auto ended = co_await commands::end_sessions_of_device(call.services(), bearer, device_id, std::move(*sessions),
                                                           std::move(caller));
    if (!ended) co_return refused(ended.error());
    co_return *ended;
}

}  // namespace keyledger::api::routes
