// What a user logs in with: listed, named, forgotten.
#include "api/routes/call.hpp"
#include "api/routes/reading.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/write_json.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/access/permissions.hpp"
#include "commands/devices/devices.hpp"
#include "domain/sessions/session.hpp"
#include "domain/users/identity.hpp"
#include "projections/models/sessions.hpp"

namespace keyledger::api::routes {
namespace {

namespace rows = keyledger::projections;
using commands::CommandError;

// As many as one forgets at a time; a user who has more of one device ends the rest by a second call.
constexpr std::int32_t kMostSessions = 100;

void write_device(JsonText& json, const Devices::Known& device, const std::optional<DeviceId>& current) {
    json.text("id", device.device_id.to_string())
        .text_or_null("name", device.name)
        .text_or_null("agent", device.agent)
        .text_or_null("country", device.country)
        .text_or_null("city", device.city)
        .time("first_seen_at", device.first_seen_at)
        .time("last_seen_at", device.last_seen_at);
    if (current) json.boolean("current", device.device_id == *current);
}

Response devices_answer(const std::vector<Devices::Known>& devices, const std::optional<DeviceId>& current) {
    JsonText json;
    write_items(json, devices,
                [&](JsonText& item, const Devices::Known& device) { write_device(item, device, current); });
    return api::json(200, json.finish());
}

Reply list_my_devices(Call& call) {
    auto known = co_await commands::bearer_at_head(call.services(), call.bearer(), call.request.deadline);
    if (!known) co_return refuse(call, known.error());
    auto devices = co_await commands::devices_of_user(call.services(), call.bearer().user_id, call.request.deadline);
    if (!devices) co_return refuse(call, devices.error());
    co_return devices_answer(*devices, known->session->device_id.value_or(DeviceId{}));
}

Reply list_user_devices(Call& call) {
    auto user = co_await commands::user_at_head(call.services(), call.id<User>(), call.request.deadline);
    if (!user) co_return refuse(call, user.error());
    auto devices = co_await commands::devices_of_user(call.services(), call.id<User>(), call.request.deadline);
    if (!devices) co_return refuse(call, devices.error());
    co_return devices_answer(*devices, std::nullopt);
}

Reply name_my_device(Call& call) {
    JsonFields body(call.request);
    std::string name = body.required_string("name", kMaxTypedNameBytes);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    auto outcome = co_await commands::name_device(call.services(), call.bearer(), call.id<Device>(), std::move(name),
                                                  call.caller());
    co_return done(call, outcome);
}

// Its live sessions, by the read model.
boost::asio::awaitable<Result<std::vector<SessionId>, rows::QueryError>> sessions_of(Call& call, DeviceId device_id) {
    rows::SessionFilter filter;
    filter.user = call.bearer().user_id;
    filter.live = rows::SessionFilter::LiveAt{call.services().clock.now(), call.services().settings.lifetimes.idle};
    filter.device_id = device_id;
    auto page =
        co_await rows::list_sessions(call.context.queries, filter, std::nullopt, kMostSessions, call.request.deadline);
    if (!page) co_return Unexpected(page.error());
    std::vector<SessionId> sessions;
    for (const rows::SessionRow& row : page->items) sessions.push_back(row.id);
    co_return sessions;
}

// Forgotten first: whoever has the device can't begin a session that the list does not have, but as a new device. A
// repeat after a failure half-way finds the device forgotten, and ends what is left.
Reply forget_my_device(Call& call) {
    const auto device_id = call.id<Device>();
    auto forgotten = co_await commands::forget_device(call.services(), call.bearer(), device_id, call.caller());
    const bool was_unknown = !forgotten && forgotten.error().refusal == refusals::kDeviceUnknown;
    if (!forgotten && !was_unknown) co_return refuse(call, forgotten.error());
    auto waited = co_await wait_for_head(call.context, call.request, rows::kSessionsModel);
    if (!waited) co_return waited.error();
    auto sessions = co_await sessions_of(call, device_id);
    if (!sessions) co_return refuse_query(call.request, sessions.error());
    if (was_unknown && sessions->empty()) co_return refuse(call, forgotten.error());
    if (sessions->empty()) co_return done(call, forgotten);
    auto ended = co_await commands::end_sessions_of_device(call.services(), call.bearer(), device_id,
                                                           std::move(*sessions), call.caller());
    co_return done(call, ended);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"listMyDevices", kGet, "/api/v1/auth/devices", list_my_devices, kOrdinary, kUser},
    {"nameMyDevice", kPut, "/api/v1/auth/devices/{id}", name_my_device, kOrdinary, kUser,
     {.bad_id = refusals::kDeviceUnknown, .input = Input::kBody, .idempotency_key = KeyScope::kUser}},
    {"forgetMyDevice", kDelete, "/api/v1/auth/devices/{id}", forget_my_device, kOrdinary, kUser,
     {.bad_id = refusals::kDeviceUnknown, .idempotency_key = KeyScope::kUser}},
    {"listUserDevices", kGet, "/api/v1/admin/users/{id}/devices", list_user_devices, kOrdinary, kUser,
     {.permission = &commands::kReadUsers, .bad_id = refusals::kUserUnknown}},
};
// clang-format on

}  // namespace

RouteTable device_routes() { return kRows; }

}  // namespace keyledger::api::routes
