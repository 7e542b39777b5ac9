// What a user logs in with: listed, named, forgotten.
#include "api/routes/call.hpp"
#include "api/routes/devices/forget_device.hpp"
#include "api/routes/reading.hpp"
#include "api/wire/write_json.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/access/permissions.hpp"
#include "commands/devices/devices.hpp"
#include "domain/sessions/session.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::api::routes {
namespace {

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
    auto holder = co_await commands::holder_at_head(call.services(), call.bearer(), call.request.deadline);
    if (!holder) co_return refuse(call, holder.error());
    auto devices = co_await commands::devices_of_user(call.services(), call.bearer().user_id, call.request.deadline);
    if (!devices) co_return refuse(call, devices.error());
    auto current =
        co_await commands::device_of_session(call.services(), call.bearer().session_id, call.request.deadline);
    if (!current) co_return refuse(call, current.error());
    co_return devices_answer(*devices, current->value_or(DeviceId{}));
}

Reply list_user_devices(Call& call) {
    auto user = co_await commands::existing_user(call.services(), call.id<User>(), call.request.deadline);
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

Reply forget_my_device(Call& call) {
    const auto forgotten = co_await forget_device(call, call.bearer(), call.id<Device>(), call.caller());
    if (forgotten) co_return done(call, *forgotten);
    const NotForgotten& why = forgotten.error();
    if (why.refused) co_return refuse(call, *why.refused);
    co_return why.answer;
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
