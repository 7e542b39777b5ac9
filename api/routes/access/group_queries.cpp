// Lists of groups and members, and why a user or a service account may do what it may: of the read model
// `permissions`, each at a position.
#include "api/routes/access/assigned_roles.hpp"
#include "api/routes/call.hpp"
#include "api/routes/conditions.hpp"
#include "api/routes/positions.hpp"
#include "api/routes/reading.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/access/permissions.hpp"
#include "commands/clients/service_tokens.hpp"
#include "commands/entity_tags.hpp"
#include "domain/access/group.hpp"
#include "projections/models/groups.hpp"
#include "projections/models/permissions.hpp"

namespace keyledger::api::routes {
namespace {

namespace rows = keyledger::projections;
using commands::CommandError;

constexpr std::int32_t kMaxReasons = 1'000;  // ways in which roles come to one subject

void write_group(JsonText& json, const rows::GroupRow& group) {
    json.text("id", group.id.to_string()).text("name", group.name);
}

// Of the built-in group before it was given a first role: it is there, and has nothing.
std::optional<rows::GroupRow> row_of(const GroupId& id, std::optional<rows::GroupRow> found) {
    if (!found && id == kEveryone) return rows::GroupRow{id, std::string(kEveryoneName)};
    return found;
}

// The group of the path, as of the read model.
boost::asio::awaitable<Result<rows::AtPosition<rows::GroupRow>, Response>> find_group(Call& call) {
    const auto group_id = GroupId::parse(call.request.path_parameter("id"));
    if (!group_id) co_return Unexpected(refuse(call, CommandError(refusals::kGroupUnknown)));
    auto found = co_await rows::find_group(call.context.queries, *group_id, call.request.deadline);
    if (!found) co_return Unexpected(refuse_query(call.request, found.error()));
    auto group = row_of(*group_id, std::move(found->value));
    if (!group) co_return Unexpected(refuse(call, CommandError(refusals::kGroupUnknown)));
    rows::AtPosition<rows::GroupRow> at;
    at.value = std::move(*group);
    at.position = found->position;
    co_return at;
}

using FoundSubject = boost::asio::awaitable<Result<Subject, Response>>;

// The user of the path is there.
FoundSubject find_user(Call& call) {
    auto user = co_await commands::existing_user(call.services(), call.id<User>(), call.request.deadline);
    if (!user) co_return Unexpected(refuse(call, user.error()));
    co_return Subject::user(call.id<User>());
}

// The service account of the path is.
FoundSubject find_account(Call& call) {
    auto access =
        co_await commands::access_of_service(call.services(), call.id<ServiceAccount>(), call.request.deadline);
    if (!access) co_return Unexpected(refuse(call, access.error()));
    if (!access->account().exists()) co_return Unexpected(refuse(call, CommandError(refusals::kAccountUnknown)));
    co_return Subject::service_account(call.id<ServiceAccount>());
}

void write_granted(JsonText& json, const rows::ReasonRow::Granted& granted, bool with_position) {
    json.begin_object("granted")
        .text("by_type", granted.actor_type)
        .text_or_null("by", granted.actor_id.empty() ? std::nullopt : std::optional(granted.actor_id))
        .time("at", granted.at);
    if (with_position) json.number("position", granted.position);
    else json.text_or_null("position", std::nullopt);
    json.end_object();
}

void write_reason(JsonText& json, const rows::ReasonRow& reason, bool with_position) {
    json.begin_object();
    json.begin_object("role").text("id", reason.role_id.to_string()).text("name", reason.role_name).end_object();
    json.texts("permissions", reason.permissions).texts("deny", reason.deny);
    write_granted(json, reason.granted, with_position);
    json.begin_array("groups");
    for (const rows::ReasonRow::Step& step : reason.groups) {
        json.begin_object().text("id", step.group_id.to_string()).text("name", step.group_name);
        write_granted(json, step.granted, with_position);
        json.end_object();
    }
    json.end_array().end_object();
}

// Whom the path names, by one of the two above.
using Find = FoundSubject (*)(Call& call);

Reply list_groups_of(Call& call, Find find) {
    auto subject = co_await find(call);
    if (!subject) co_return subject.error();
    auto groups = co_await rows::list_groups_of(call.context.queries, subject->id, call.request.deadline);
    if (!groups) co_return refuse_query(call.request, groups.error());
    JsonText json;
    write_items(json, groups->value, [](JsonText& item, const rows::MembershipRow& membership) {
        write_group(item, membership.group);
        item.time("added_at", membership.since);
    });
    co_return with_entity_tag(call.request, at_position(api::json(200, json.finish()), groups->position), "");
}

Reply explain(Call& call, Find find) {
    auto subject = co_await find(call);
    if (!subject) co_return subject.error();
    auto reasons = co_await rows::explain(call.context.queries, *subject, kMaxReasons + 1, call.request.deadline);
    if (!reasons) co_return refuse_query(call.request, reasons.error());
    const bool complete = reasons->value.size() <= static_cast<std::size_t>(kMaxReasons);
    if (!complete) reasons->value.pop_back();
    const bool with_positions = co_await may_read_log(call.context, call.request);
    AccessRules all;
    for (const rows::ReasonRow& reason : reasons->value)
        all.add(AccessRules(PermissionSet::of_texts(reason.permissions), PermissionSet::of_texts(reason.deny)));
    JsonText json;
    json.texts("permissions", all.allow.texts()).texts("deny", all.deny.texts());
    json.texts("without_exception", all.without_exceptions().texts()).boolean("complete", complete);
    json.begin_array("reasons");
    for (const rows::ReasonRow& reason : reasons->value) write_reason(json, reason, with_positions);
    json.end_array();
    co_return with_entity_tag(call.request, at_position(api::json(200, json.finish()), reasons->position), "");
}

Reply list_groups(Call& call) {
    const auto page = read_page(call, "groups");
    if (!page) co_return page.error();
    const auto cursor = cursor_of<rows::GroupCursor>(*page);
    auto groups = co_await rows::list_groups(call.context.queries, cursor, page->limit, call.request.deadline);
    if (!groups) co_return refuse_query(call.request, groups.error());
    co_return list_answer(call, *page, *groups, write_group);
}

Reply show_group(Call& call) {
    auto group = co_await find_group(call);
    if (!group) co_return group.error();
    JsonText json;
    write_group(json, group->value);
    const std::string state = commands::group_tag(group->value.name);
    co_return with_entity_tag(call.request, at_position(api::json(200, json.finish()), group->position), state);
}

// What is wrong with the query is said before the id is looked at.
Reply list_group_members(Call& call) {
    const auto page = read_page(call, "members");
    if (!page) co_return page.error();
    auto group = co_await find_group(call);
    if (!group) co_return group.error();
    auto members =
        co_await rows::list_members(call.context.queries, group->value.id, cursor_of<rows::MemberCursor>(*page),
                                    page->limit, call.request.deadline);
    if (!members) co_return refuse_query(call.request, members.error());
    co_return list_answer(call, *page, *members, [](JsonText& json, const rows::MemberRow& member) {
        json.text("type", member.type).text("id", member.id.to_string()).time("added_at", member.since);
    });
}

Reply list_group_roles(Call& call) {
    auto group = co_await find_group(call);
    if (!group) co_return group.error();
    Response answer = co_await list_assigned_roles(call, group->value.id);
    co_return answer;
}

Reply list_user_groups(Call& call) { return list_groups_of(call, find_user); }
Reply list_account_groups(Call& call) { return list_groups_of(call, find_account); }
Reply explain_user(Call& call) { return explain(call, find_user); }
Reply explain_account(Call& call) { return explain(call, find_account); }

using enum Method;
using enum RateLimit;
using enum Authentication;
constexpr auto kPermissions = rows::kPermissionsModel;

// clang-format off
constexpr RouteRow kRows[] = {
    {"listGroups", kGet, "/api/v1/admin/groups", list_groups, kOrdinary, kUser,
     {.permission = &commands::kReadGroups, .model = kPermissions, .input = Input::kQuery}},
    {"showGroup", kGet, "/api/v1/admin/groups/{id}", show_group, kOrdinary, kUser,
     {.permission = &commands::kReadGroups, .model = kPermissions, .bad_id = refusals::kGroupUnknown}},
    {"listGroupMembers", kGet, "/api/v1/admin/groups/{id}/members", list_group_members, kOrdinary, kUser,
     {.permission = &commands::kReadGroups, .model = kPermissions, .input = Input::kQuery}},
    {"listGroupRoles", kGet, "/api/v1/admin/groups/{id}/roles", list_group_roles, kOrdinary, kUser,
     {.permission = &commands::kReadRoles, .model = kPermissions, .bad_id = refusals::kGroupUnknown}},
    {"listUserGroups", kGet, "/api/v1/admin/users/{id}/groups", list_user_groups, kOrdinary, kUser,
     {.permission = &commands::kReadGroups, .model = kPermissions, .bad_id = refusals::kUserUnknown}},
    {"explainUser", kGet, "/api/v1/admin/users/{id}/permissions", explain_user, kOrdinary, kUser,
     {.permission = &commands::kReadRoles, .model = kPermissions, .bad_id = refusals::kUserUnknown}},
    {"listServiceAccountGroups", kGet, "/api/v1/admin/service-accounts/{id}/groups", list_account_groups, kOrdinary,
     kUser, {.permission = &commands::kReadGroups, .model = kPermissions, .bad_id = refusals::kAccountUnknown}},
    {"explainServiceAccount", kGet, "/api/v1/admin/service-accounts/{id}/permissions", explain_account, kOrdinary,
     kUser, {.permission = &commands::kReadRoles, .model = kPermissions, .bad_id = refusals::kAccountUnknown}},
};
// clang-format on

}  // namespace

RouteTable group_queries() { return kRows; }

}  // namespace keyledger::api::routes
