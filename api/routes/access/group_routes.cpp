// Groups: defined, renamed, deleted; members and other groups come into them and leave.
#include "api/routes/call.hpp"
#include "api/wire/write_json.hpp"
#include "commands/access/groups.hpp"
#include "domain/access/subject.hpp"

namespace keyledger::api::routes {
namespace {

enum class Of { kNew, kKnown };

// A known one may be sent as it was read: it has its id.
Result<std::string, Response> read_name(Call& call, Of of) {
    static constexpr std::array<std::string_view, 1> kReadOnly{"id"};
    JsonFields body(call.request);
    if (of == Of::kKnown) {
        JsonText as_read;
        as_read.text("id", call.id<Group>().to_string());
        body.unchanged(kReadOnly, as_read.finish());
    }
    std::string name = body.required_string("name", kMaxRoleNameBytes);
    auto read = call.finish(body);
    if (!read) return Unexpected(read.error());
    return name;
}

Reply define_group(Call& call) {
    auto name = read_name(call, Of::kNew);
    if (!name) co_return name.error();
    auto defined = co_await commands::define_group(call.services(), call.bearer(), *name, call.caller());
    if (!defined) co_return refuse(call, defined.error());
    JsonText json;
    json.text("id", defined->id.to_string()).text("name", *name);
    Response response = api::json(201, json.finish());
    response.headers.add("Location", "/api/v1/admin/groups/" + defined->id.to_string());
    const commands::Receipt outcome{defined->position, defined->repeated};
    co_return with_outcome(std::move(response), outcome);
}

Reply rename_group(Call& call) {
    auto name = read_name(call, Of::kKnown);
    if (!name) co_return name.error();
    auto outcome =
        co_await commands::rename_group(call.services(), call.bearer(), call.id<Group>(), *name, call.caller());
    co_return done(call, outcome);
}

Reply delete_group(Call& call) {
    auto outcome = co_await commands::delete_group(call.services(), call.bearer(), call.id<Group>(), call.caller());
    co_return done(call, outcome);
}

// Into and out of the group of the path.
Reply add(Call& call, Subject member) {
    auto outcome =
        co_await commands::add_member(call.services(), call.bearer(), member, call.id<Group>(), call.caller());
    co_return done(call, outcome);
}
Reply remove(Call& call, Subject member) {
    auto outcome =
        co_await commands::remove_member(call.services(), call.bearer(), member, call.id<Group>(), call.caller());
    co_return done(call, outcome);
}

Reply add_user(Call& call) { return add(call, Subject::user(call.id<User>("user"))); }
Reply remove_user(Call& call) { return remove(call, Subject::user(call.id<User>("user"))); }
Reply add_account(Call& call) { return add(call, Subject::service_account(call.id<ServiceAccount>("account"))); }
Reply remove_account(Call& call) { return remove(call, Subject::service_account(call.id<ServiceAccount>("account"))); }

Reply nest_group(Call& call) {
    const commands::Nesting nesting{call.id<Group>(), call.id<Group>("child")};
    auto outcome = co_await commands::nest_group(call.services(), call.bearer(), nesting, call.caller());
    co_return done(call, outcome);
}

Reply unnest_group(Call& call) {
    const commands::Nesting nesting{call.id<Group>(), call.id<Group>("child")};
    auto outcome = co_await commands::unnest_group(call.services(), call.bearer(), nesting, call.caller());
    co_return done(call, outcome);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

constexpr Needs kKeyOfUser{.idempotency_key = KeyScope::kUser};
// clang-format off
constexpr RouteRow kRows[] = {
    {"defineGroup", kPost, "/api/v1/admin/groups", define_group, kOrdinary, kUser,
     {.input = Input::kBody, .idempotency_key = KeyScope::kUser}},
    {"renameGroup", kPut, "/api/v1/admin/groups/{id}", rename_group, kOrdinary, kUser,
     {.input = Input::kBody, .idempotency_key = KeyScope::kUser, .if_match = IfMatch::kCompared}},
    {"deleteGroup", kDelete, "/api/v1/admin/groups/{id}", delete_group, kOrdinary, kUser,
     {.idempotency_key = KeyScope::kUser, .if_match = IfMatch::kCompared}},
    {"addGroupMember", kPut, "/api/v1/admin/groups/{id}/members/{user}", add_user, kOrdinary, kUser, kKeyOfUser},
    {"removeGroupMember", kDelete, "/api/v1/admin/groups/{id}/members/{user}", remove_user, kOrdinary, kUser,
     kKeyOfUser},
    {"addGroupServiceAccount", kPut, "/api/v1/admin/groups/{id}/service-accounts/{account}", add_account, kOrdinary,
     kUser, kKeyOfUser},
    {"removeGroupServiceAccount", kDelete, "/api/v1/admin/groups/{id}/service-accounts/{account}", remove_account,
     kOrdinary, kUser, kKeyOfUser},
    {"nestGroup", kPut, "/api/v1/admin/groups/{id}/groups/{child}", nest_group, kOrdinary, kUser, kKeyOfUser},
    {"unnestGroup", kDelete, "/api/v1/admin/groups/{id}/groups/{child}", unnest_group, kOrdinary, kUser, kKeyOfUser},
};
// clang-format on

}  // namespace

RouteTable group_routes() { return kRows; }

}  // namespace keyledger::api::routes
