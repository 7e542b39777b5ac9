// Lists of groups and members, and why a user or a service account may do what it may: of the read model
// `permissions`, each at a position.
#include "api/routes/access/group_routes.hpp"
#include "api/routes/conditions.hpp"
#include "api/routes/positions.hpp"
#include "api/routes/reading.hpp"
#include "api/routes/refusals.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/clients/service_tokens.hpp"
#include "commands/entity_tags.hpp"
#include "domain/access/group.hpp"

namespace keyledger::api::routes {
namespace {

namespace rows = keyledger::projections;
using commands::CommandError;
using commands::Refusal;

constexpr std::int32_t kMaxReasons = 1'000;  // ways in which roles come to one subject

void write_group(JsonText& json, const rows::GroupRow& group) {
    json.text("id", group.id.to_string()).text("name", group.name);
}

// Of the built-in group before it was given a first role: it is there, and has nothing.
std::optional<rows::GroupRow> row_of(const Uuid& id, std::optional<rows::GroupRow> found) {
    if (!found && id == kEveryone) return rows::GroupRow{id, std::string(kEveryoneName), 0, 0};
    return found;
}

// The group of the path, as of the read model.
boost::asio::awaitable<Result<rows::GroupRow, Response>> find_group(Context& context, Request& request) {
    const auto group_id = Uuid::parse(request.path_parameter("id"));
    if (!group_id) co_return Unexpected(refuse(request, CommandError(Refusal::kGroupUnknown)));
    auto found = co_await context.queries.find_group(*group_id, request.deadline);
    if (!found) co_return Unexpected(refuse_query(request, found.error()));
    auto group = row_of(*group_id, std::move(found->value));
    if (!group) co_return Unexpected(refuse(request, CommandError(Refusal::kGroupUnknown)));
    co_return std::move(*group);
}

using FoundSubject = boost::asio::awaitable<Result<Subject, Response>>;

// The user of the path is there.
FoundSubject find_user(Context& context, Request& request) {
    const auto user_id = Uuid::parse(request.path_parameter("id"));
    if (!user_id) co_return Unexpected(refuse(request, CommandError(Refusal::kUserUnknown)));
    auto user = co_await commands::user_at_head(context.services, *user_id, request.deadline);
    if (!user) co_return Unexpected(refuse(request, user.error()));
    co_return Subject::user(*user_id);
}

// The service account of the path is.
FoundSubject find_account(Context& context, Request& request) {
    const auto account_id = Uuid::parse(request.path_parameter("id"));
    if (!account_id) co_return Unexpected(refuse(request, CommandError(Refusal::kAccountUnknown)));
    auto access = co_await commands::access_of_service(context.services, *account_id, request.deadline);
    if (!access) co_return Unexpected(refuse(request, access.error()));
    if (!access->account.exists()) co_return Unexpected(refuse(request, CommandError(Refusal::kAccountUnknown)));
    co_return Subject::service_account(*account_id);
}

void write_granted(JsonText& json, const rows::ReasonRow::Granted& granted, bool with_position) {
    json.begin_object("granted")
        .text("by_type", granted.actor_type)
        .text_or_null("by", granted.actor_id.empty() ? std::nullopt : std::optional(granted.actor_id))
        .time("at", granted.at_ms);
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
using Find = FoundSubject (*)(Context& context, Request& request);

Reply list_groups_of(Context& context, Request& request, Find find) {
    auto admitted = co_await admit(context, request, commands::kReadGroups, rows::Model::kPermissions);
    if (!admitted) co_return admitted.error();
    auto subject = co_await find(context, request);
    if (!subject) co_return subject.error();
    auto groups = co_await context.queries.list_groups_of(subject->id, request.deadline);
    if (!groups) co_return refuse_query(request, groups.error());
    JsonText json;
    write_items(json, groups->value, [](JsonText& item, const rows::GroupRow& group) {
        write_group(item, group);
        item.time("added_at", group.since_ms);
    });
    co_return with_entity_tag(request, at_position(api::json(200, json.finish()), groups->position), "");
}

Reply explain(Context& context, Request& request, Find find) {
    auto admitted = co_await admit(context, request, commands::kReadRoles, rows::Model::kPermissions);
    if (!admitted) co_return admitted.error();
    auto subject = co_await find(context, request);
    if (!subject) co_return subject.error();
    auto reasons = co_await context.queries.explain(*subject, kMaxReasons + 1, request.deadline);
    if (!reasons) co_return refuse_query(request, reasons.error());
    const bool complete = reasons->value.size() <= static_cast<std::size_t>(kMaxReasons);
    if (!complete) reasons->value.pop_back();
    const bool with_positions = co_await may_read_log(context, request);
    AccessRules all;
    for (const rows::ReasonRow& reason : reasons->value)
        all.add(AccessRules(PermissionSet::of_texts(reason.permissions), PermissionSet::of_texts(reason.deny)));
    JsonText json;
    json.texts("permissions", all.allow.texts()).texts("deny", all.deny.texts());
    json.texts("without_exception", all.without_exceptions().texts()).truth("complete", complete);
    json.begin_array("reasons");
    for (const rows::ReasonRow& reason : reasons->value) write_reason(json, reason, with_positions);
    json.end_array();
    co_return with_entity_tag(request, at_position(api::json(200, json.finish()), reasons->position), "");
}

}  // namespace

Reply list_groups(Context& context, Request& request) {
    auto admitted = co_await admit(context, request, commands::kReadGroups, rows::Model::kPermissions);
    if (!admitted) co_return admitted.error();
    FormFields query = FormFields::of_query(request);
    const std::string list = list_name(request, "groups");
    const PageRequest page = read_page(context, query, list);
    auto read = query.finish();
    if (!read) co_return read.error();
    const auto cursor = cursor_of<rows::GroupCursor>(page);
    auto groups = co_await context.queries.list_groups(cursor, page.limit, request.deadline);
    if (!groups) co_return refuse_query(request, groups.error());
    co_return list_answer(context, request, list, *groups, write_group);
}

Reply show_group(Context& context, Request& request) {
    auto admitted = co_await admit(context, request, commands::kReadGroups, rows::Model::kPermissions);
    if (!admitted) co_return admitted.error();
    const auto group_id = Uuid::parse(request.path_parameter("id"));
    if (!group_id) co_return refuse(request, CommandError(Refusal::kGroupUnknown));
    auto found = co_await context.queries.find_group(*group_id, request.deadline);
    if (!found) co_return refuse_query(request, found.error());
    const auto group = row_of(*group_id, std::move(found->value));
    if (!group) co_return refuse(request, CommandError(Refusal::kGroupUnknown));
    JsonText json;
    write_group(json, *group);
    const std::string state = commands::group_tag(group->name);
    co_return with_entity_tag(request, at_position(api::json(200, json.finish()), found->position), state);
}

Reply list_group_members(Context& context, Request& request) {
    auto admitted = co_await admit(context, request, commands::kReadGroups, rows::Model::kPermissions);
    if (!admitted) co_return admitted.error();
    FormFields query = FormFields::of_query(request);
    const std::string list = list_name(request, "members");
    const PageRequest page = read_page(context, query, list);
    auto read = query.finish();
    if (!read) co_return read.error();
    auto group = co_await find_group(context, request);
    if (!group) co_return group.error();
    auto members = co_await context.queries.list_members(group->id, cursor_of<rows::MemberCursor>(page), page.limit,
                                                         request.deadline);
    if (!members) co_return refuse_query(request, members.error());
    co_return list_answer(context, request, list, *members, [](JsonText& json, const rows::MemberRow& member) {
        json.text("type", member.type).text("id", member.id.to_string()).time("added_at", member.since_ms);
    });
}

Reply list_group_roles(Context& context, Request& request) {
    auto admitted = co_await admit(context, request, commands::kReadRoles, rows::Model::kPermissions);
    if (!admitted) co_return admitted.error();
    auto group = co_await find_group(context, request);
    if (!group) co_return group.error();
    auto roles = co_await context.queries.list_user_roles(group->id, request.deadline);
    if (!roles) co_return refuse_query(request, roles.error());
    co_return assigned_roles_answer(request, *roles);
}

Reply list_user_groups(Context& context, Request& request) { return list_groups_of(context, request, find_user); }
Reply list_account_groups(Context& context, Request& request) { return list_groups_of(context, request, find_account); }

Reply explain_user(Context& context, Request& request) { return explain(context, request, find_user); }
Reply explain_account(Context& context, Request& request) { return explain(context, request, find_account); }

}  // namespace keyledger::api::routes
