// Lists of sessions, of the read model.
#include <algorithm>

#include "api/routes/call.hpp"
#include "api/routes/reading.hpp"
#include "api/wire/write_json.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/access/permissions.hpp"
#include "commands/devices/devices.hpp"
#include "domain/sessions/lifetime.hpp"
#include "projections/models/sessions.hpp"
#include "projections/models/users.hpp"

namespace keyledger::api::routes {
namespace {

namespace rows = keyledger::projections;
using commands::CommandError;

using KnownDevices = std::vector<Devices::Known>;

// What people call it: their own word for it, or else what it said of itself.
std::optional<std::string> name_in(const KnownDevices& devices, const std::optional<DeviceId>& device_id) {
    const auto found = std::ranges::find_if(
        devices, [&](const Devices::Known& one) { return device_id && one.device_id == *device_id; });
    if (found == devices.end()) return std::nullopt;
    return found->name ? found->name : found->agent;
}

std::optional<std::string> text_of(const std::optional<DeviceId>& device_id) {
    return device_id ? std::optional<std::string>(device_id->to_string()) : std::nullopt;
}

void write_session(JsonText& json, const rows::SessionRow& session, const KnownDevices& devices) {
    json.text("id", session.id.to_string())
        .text("client_id", session.client_id)
        .time("started_at", session.started_at)
        .time("refreshed_at", session.refreshed_at)
        .time("expires_at", session.expires_at)
        .time_or_null("ended_at", session.ended_at)
        .text_or_null("end_reason", session.end_reason)
        .text_or_null("client_address", session.client_address)
        .text_or_null("user_agent", session.user_agent)
        .text_or_null("device_id", text_of(session.device_id))
        .text_or_null("device_name", name_in(devices, session.device_id))
        .text_or_null("country", session.country)
        .text_or_null("city", session.city);
}

// A session that nobody ended is over all the same once it is too old or was idle for too long: the rule is that of
// introspection.
rows::SessionRow as_it_stands(rows::SessionRow session, Instant now, Duration idle) {
    if (session.ended_at) return session;
    const Instant over = session_ends_at(session.refreshed_at, session.expires_at, idle);
    if (now < over) return session;
    session.ended_at = over;
    session.end_reason = over == session.expires_at ? "expired" : "idle";
    return session;
}

using SessionPage = rows::Page<rows::SessionRow, rows::SessionCursor>;

Response sessions_answer(Call& call, std::string_view list, const SessionPage& page, const KnownDevices& devices,
                         const std::optional<SessionId>& current) {
    const Instant now = call.services().clock.now();
    const Duration idle = call.services().settings.lifetimes.idle;
    JsonText json;
    write_items(json, page.items, [&](JsonText& item, const rows::SessionRow& session) {
        write_session(item, as_it_stands(session, now, idle), devices);
        if (current) item.boolean("current", session.id == *current);
    });
    std::optional<std::string> next;
    if (page.next) next = call.context.cursors.seal(list, text_of_place(page.next->before));
    return page_answer(call.request, json, next, page.position);
}

std::optional<rows::SessionCursor> session_cursor(const PageRequest& page) {
    if (!page.cursor) return std::nullopt;
    return rows::SessionCursor{parse_number(*page.cursor).value_or(0)};
}

// What is wrong with the query is said before the log and the read model are asked.
Reply list_my_sessions(Call& call) {
    Context& context = call.context;
    const auto page = read_page(call, "my-sessions");
    if (!page) co_return page.error();
    auto holder = co_await commands::holder_at_head(call.services(), call.bearer(), call.request.deadline);
    if (!holder) co_return refuse(call, holder.error());
    auto waited = co_await wait_for_min_position(context, call.request, rows::kSessionsModel);
    if (!waited) co_return waited.error();
    rows::SessionFilter filter;
    filter.user = call.bearer().user_id;
    filter.live = rows::SessionFilter::LiveAt{call.services().clock.now(), call.services().settings.lifetimes.idle};
    const auto cursor = session_cursor(*page);
    auto sessions = co_await rows::list_sessions(context.queries, filter, cursor, page->limit, call.request.deadline);
    if (!sessions) co_return refuse_query(call.request, sessions.error());
    auto devices = co_await commands::devices_of_user(call.services(), filter.user, call.request.deadline);
    if (!devices) co_return refuse(call, devices.error());
    co_return sessions_answer(call, page->list, *sessions, *devices, call.bearer().session_id);
}

Reply list_user_sessions(Call& call) {
    Context& context = call.context;
    const auto page = read_page(call, "user-sessions");
    if (!page) co_return page.error();
    auto user = co_await rows::find_user(context.queries, call.id<User>(), call.request.deadline);
    if (!user) co_return refuse_query(call.request, user.error());
    if (!user->value) co_return refuse(call, CommandError(refusals::kUserUnknown));
    rows::SessionFilter filter;
    filter.user = call.id<User>();
    const auto cursor = session_cursor(*page);
    auto sessions = co_await rows::list_sessions(context.queries, filter, cursor, page->limit, call.request.deadline);
    if (!sessions) co_return refuse_query(call.request, sessions.error());
    auto devices = co_await commands::devices_of_user(call.services(), filter.user, call.request.deadline);
    if (!devices) co_return refuse(call, devices.error());
    co_return sessions_answer(call, page->list, *sessions, *devices, std::nullopt);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"listMySessions", kGet, "/api/v1/auth/sessions", list_my_sessions, kOrdinary, kUser,
     {.input = Input::kQuery}},
    {"listUserSessions", kGet, "/api/v1/admin/users/{id}/sessions", list_user_sessions, kOrdinary, kUser,
     {.permission = &commands::kReadUsers,
      .model = rows::kSessionsModel,
      .bad_id = refusals::kUserUnknown,
      .input = Input::kQuery}},
};
// clang-format on

}  // namespace

RouteTable session_queries() { return kRows; }

}  // namespace keyledger::api::routes
