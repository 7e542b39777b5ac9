// One's own account: what one logs in with.
#include "api/routes/devices/forget_device.hpp"
#include "api/routes/pages/account/own_pages.hpp"
#include "commands/devices/devices.hpp"

namespace keyledger::api::routes {
namespace {

using commands::CommandError;

Phrase name_of(const Devices::Known& device) {
    if (device.name) return Phrase::as_it_is(*device.name);
    if (device.agent) return Phrase::as_it_is(*device.agent);
    return Text::kUnknownDevice;
}

// This one has no button: whoever forgets it is logged out here.
Thing thing_of(const Devices::Known& device, const std::optional<DeviceId>& current, const HiddenField& token) {
    Thing thing{name_of(device)};
    if (device.name && device.agent) thing.about = *device.agent;
    for (const auto& more : {device.city, device.country})
        if (more) thing.about += (thing.about.empty() ? "" : " · ") + *more;
    thing.more = {Phrase(Text::kLastSeen, told_day(device.last_seen_at))};
    if (device.device_id == current) {
        thing.more.insert(thing.more.begin(), Text::kThisDevice);
        return thing;
    }
    const std::string id = device.device_id.to_string();
    thing.form = own_form("forget-" + id, "/account/devices/forget", Text::kForgetDevice, token);
    thing.form->hidden.push_back({"device", id});
    thing.form->look = Form::Look::kOther;
    return thing;
}

Reply show_part(Call& call, PartNews news) {
    auto owner = co_await owner_of(call);
    if (!owner) co_return std::move(owner.error());
    // At most Devices::kMaxDevices.
    const auto devices =
        co_await commands::devices_of_user(call.services(), owner->browser.user_id, call.request.deadline);
    if (!devices) co_return refuse(call, devices.error());
    const auto current =
        co_await commands::device_of_session(call.services(), owner->browser.session_id, call.request.deadline);
    if (!current) co_return refuse(call, current.error());
    Page page = part_of_account(Text::kDevices, kDevicesPart);
    const HiddenField token = form_token(call.context, owner->browser);
    Section section{Text::kWhatYouLogInWith, {devices->empty() ? Text::kNoDevices : Text::kDevicesMean}};
    for (const Devices::Known& one : *devices) section.things.push_back(thing_of(one, *current, token));
    page.sections.push_back(std::move(section));
    co_return show_with(call, std::move(page), std::move(news));
}

Reply show_devices(Call& call) {
    FormFields query = FormFields::of_query_as_form(call.request);
    PartNews news;
    news.done = news_of(query, {{"forgotten", Text::kDeviceForgotten}});
    Response response = co_await show_part(call, std::move(news));
    co_return response;
}

Reply forget(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    auto self = own(call, form);
    if (!self) co_return self.error();
    const auto device_id = DeviceId::parse(form.required_string("device", kMaxIdBytes));
    auto refused = CommandError(refusals::kDeviceUnknown);
    if (device_id && form.finish()) {
        const auto done = co_await forget_device(call, self->browser, *device_id, self->caller);
        if (done) co_return back_to(kDevicesPart, "forgotten");
        if (!done.error().refused) co_return done.error().answer;
        refused = *done.error().refused;
    }
    Response response = co_await refuse_form_of(show_part, call, std::move(refused));
    co_return response;
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"showDevicesPage", kGet, kDevicesPart, show_devices, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"forgetDeviceByPage", kPost, "/account/devices/forget", forget, kOrdinary, kAnybody, {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable account_devices() { return kRows; }

}  // namespace keyledger::api::routes
