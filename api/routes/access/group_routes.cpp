#include "api/routes/access/group_routes.hpp"

#include "api/routes/ordering.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/read_json.hpp"
#include "api/wire/write_json.hpp"
#include "commands/access/groups.hpp"

namespace keyledger::api::routes {
namespace {

enum class Of { kNew, kKnown };

// A known one may be sent as it was read: it has its id.
Result<std::string, Response> read_name(const Request& request, Of of) {
    static constexpr std::array<std::string_view, 1> kReadOnly{"id"};
    JsonFields body(request);
    if (of == Of::kKnown) {
        JsonText as_read;
        as_read.text("id", id_of(request, "id").to_string());
        body.unchanged(kReadOnly, as_read.finish());
    }
    std::string name = body.required_string("name", kMaxRoleNameBytes);
    auto read = body.finish();
    if (!read) return Unexpected(read.error());
    return name;
}

// To and from the group of the path.
Reply join_group(Context& context, Request& request, Subject member) {
    const Order order = [&context, &request, member](const commands::Bearer& bearer, const commands::Caller& caller) {
        return commands::add_member(context.services, bearer, member, id_of(request, "id"), caller);
    };
    return carry_out(context, request, order);
}
Reply leave_group(Context& context, Request& request, Subject member) {
    const Order order = [&context, &request, member](const commands::Bearer& bearer, const commands::Caller& caller) {
        return commands::remove_member(context.services, bearer, member, id_of(request, "id"), caller);
    };
    return carry_out(context, request, order);
}

}  // namespace

Reply define_group(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    auto name = read_name(request, Of::kNew);
    if (!name) co_return name.error();
    auto caller = caller_with_key(context, request, *claims);
    if (!caller) co_return caller.error();
    auto defined = co_await commands::define_group(context.services, claims->bearer, *name, *caller);
    if (!defined) co_return refuse(request, defined.error());
    JsonText json;
    json.text("id", defined->id.to_string()).text("name", *name);
    Response response = api::json(201, json.finish());
    response.headers.add("Location", "/api/v1/admin/groups/" + defined->id.to_string());
    co_return with_outcome(std::move(response), {defined->position, defined->repeated});
}

Reply rename_group(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    auto name = read_name(request, Of::kKnown);
    if (!name) co_return name.error();
    const Order order = [&](const commands::Bearer& bearer, const commands::Caller& caller) {
        return commands::rename_group(context.services, bearer, id_of(request, "id"), *name, caller);
    };
    Response answer = co_await carry_out(context, request, *claims, order);
    co_return answer;
}

Reply delete_group(Context& context, Request& request) {
    const Order order = [&context, &request](const commands::Bearer& bearer, const commands::Caller& caller) {
        return commands::delete_group(context.services, bearer, id_of(request, "id"), caller);
    };
    return carry_out(context, request, order);
}

Reply add_group_member(Context& context, Request& request) {
    return join_group(context, request, Subject::user(id_of(request, "user")));
}

Reply remove_group_member(Context& context, Request& request) {
    return leave_group(context, request, Subject::user(id_of(request, "user")));
}

Reply add_account_to_group(Context& context, Request& request) {
    return join_group(context, request, Subject::service_account(id_of(request, "account")));
}

Reply remove_account_from_group(Context& context, Request& request) {
    return leave_group(context, request, Subject::service_account(id_of(request, "account")));
}

Reply nest_group(Context& context, Request& request) {
    const Order order = [&context, &request](const commands::Bearer& bearer, const commands::Caller& caller) {
        const commands::Nesting nesting{id_of(request, "id"), id_of(request, "child")};
        return commands::nest_group(context.services, bearer, nesting, caller);
    };
    return carry_out(context, request, order);
}

Reply unnest_group(Context& context, Request& request) {
    const Order order = [&context, &request](const commands::Bearer& bearer, const commands::Caller& caller) {
        const commands::Nesting nesting{id_of(request, "id"), id_of(request, "child")};
        return commands::unnest_group(context.services, bearer, nesting, caller);
    };
    return carry_out(context, request, order);
}

Reply assign_group_role(Context& context, Request& request) {
    return give_role(context, request, Subject::group(id_of(request, "id")));
}

Reply withdraw_group_role(Context& context, Request& request) {
    return take_role(context, request, Subject::group(id_of(request, "id")));
}

}  // namespace keyledger::api::routes
