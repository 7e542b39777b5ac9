#include "api/routes/group_routes.hpp"

#include <functional>

#include "api/read_json.hpp"
#include "api/refusals.hpp"
#include "api/write_json.hpp"
#include "commands/groups.hpp"

namespace keyledger::api::routes {
namespace {

using commands::CommandError;
using commands::Done;
using commands::Refusal;

// Ids that no command knows become the nil id, which none has: the command says whether the caller may learn
// of that.
Uuid id_of(const Request& request, std::string_view name) {
    return Uuid::parse(request.path_parameter(name)).value_or(Uuid{});
}

Result<std::string, Response> read_name(const Request& request) {
    JsonFields body(request);
    std::string name = body.required_string("name", kMaxRoleNameBytes);
    auto read = body.finish();
    if (!read) return Unexpected(read.error());
    return name;
}

using Order = std::function<commands::Answer<Done>(const commands::Bearer&, const commands::Caller&)>;

// A command that answers nothing but its position. `parts`: of its body. What the order refers to outlives the answer.
Reply carry_out(Context& context, Request& request, std::vector<std::string> parts, Order order) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    commands::Caller caller = caller_of(request, *claims);
    auto key = take_idempotency_key(context, request, caller, parts);
    if (!key) co_return key.error();
    auto outcome = co_await order(claims->bearer, caller);
    if (!outcome) co_return refuse(request, outcome.error());
    co_return at_position(no_content(), outcome->position);
}

}  // namespace

Reply define_group(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    auto name = read_name(request);
    if (!name) co_return name.error();
    commands::Caller caller = caller_of(request, *claims);
    const std::vector<std::string> parts(1, *name);
    auto key = take_idempotency_key(context, request, caller, parts);
    if (!key) co_return key.error();
    auto defined = co_await commands::define_group(context.services, claims->bearer, *name, caller);
    if (!defined) co_return refuse(request, defined.error());
    JsonText json;
    json.text("id", defined->id.to_string()).text("name", *name);
    Response response = api::json(201, json.finish());
    response.headers.add("Location", "/api/v1/admin/groups/" + defined->id.to_string());
    co_return at_position(std::move(response), defined->position);
}

Reply rename_group(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    auto name = read_name(request);
    if (!name) co_return name.error();
    const Order order = [&](const commands::Bearer& bearer, const commands::Caller& caller) {
        return commands::rename_group(context.services, bearer, id_of(request, "id"), *name, caller);
    };
    std::vector<std::string> parts(1, *name);
    Response answer = co_await carry_out(context, request, std::move(parts), order);
    co_return answer;
}

Reply delete_group(Context& context, Request& request) {
    const Order order = [&context, &request](const commands::Bearer& bearer, const commands::Caller& caller) {
        return commands::delete_group(context.services, bearer, id_of(request, "id"), caller);
    };
    return carry_out(context, request, {}, order);
}

Reply add_group_member(Context& context, Request& request) {
    const Order order = [&context, &request](const commands::Bearer& bearer, const commands::Caller& caller) {
        const Subject member = Subject::user(id_of(request, "user"));
        return commands::add_member(context.services, bearer, member, id_of(request, "id"), caller);
    };
    return carry_out(context, request, {}, order);
}

Reply remove_group_member(Context& context, Request& request) {
    const Order order = [&context, &request](const commands::Bearer& bearer, const commands::Caller& caller) {
        const Subject member = Subject::user(id_of(request, "user"));
        return commands::remove_member(context.services, bearer, member, id_of(request, "id"), caller);
    };
    return carry_out(context, request, {}, order);
}

Reply nest_group(Context& context, Request& request) {
    const Order order = [&context, &request](const commands::Bearer& bearer, const commands::Caller& caller) {
        const commands::Nesting nesting{id_of(request, "id"), id_of(request, "child")};
        return commands::nest_group(context.services, bearer, nesting, caller);
    };
    return carry_out(context, request, {}, order);
}

Reply unnest_group(Context& context, Request& request) {
    const Order order = [&context, &request](const commands::Bearer& bearer, const commands::Caller& caller) {
        const commands::Nesting nesting{id_of(request, "id"), id_of(request, "child")};
        return commands::unnest_group(context.services, bearer, nesting, caller);
    };
    return carry_out(context, request, {}, order);
}

Reply assign_group_role(Context& context, Request& request) {
    const Order order = [&context, &request](const commands::Bearer& bearer, const commands::Caller& caller) {
        const Subject group = Subject::group(id_of(request, "id"));
        return commands::assign_role(context.services, bearer, group, id_of(request, "role"), caller);
    };
    return carry_out(context, request, {}, order);
}

Reply withdraw_group_role(Context& context, Request& request) {
    const Uuid role_id = id_of(request, "role");
    const Order order = [&](const commands::Bearer& bearer, const commands::Caller& caller) {
        const Subject group = Subject::group(id_of(request, "id"));
        return commands::withdraw_role(context.services, bearer, group, role_id, caller);
    };
    std::vector<std::string> parts;
    Response answer = co_await carry_out(context, request, std::move(parts), order);
    if (answer.status == 204 && role_id.is_nil())
        co_return refuse(request, CommandError(Refusal::kRoleUnknown));
    co_return answer;
}

}  // namespace keyledger::api::routes
