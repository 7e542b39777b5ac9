#include "api/routes/clients/service_account_routes.hpp"

#include "api/routes/conditions.hpp"
#include "api/routes/ordering.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/read_json.hpp"
#include "api/wire/write_json.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/clients/service_accounts.hpp"
#include "commands/entity_tags.hpp"

namespace keyledger::api::routes {
namespace {

using commands::CommandError;
using commands::Refusal;

constexpr std::size_t kMaxKeyMemberBytes = 64;
// Members that are not understood are ignored (RFC 7517 section 4).
constexpr JsonLimits kKeyLimits{.depth = 32, .members = 256, .values = 4096, .of_others = true};

struct Definition {
    commands::AccountDefinition account;
    AccountStanding standing = AccountStanding::kEnabled;
};

void read_account(JsonFields& body, commands::AccountDefinition& account) {
    account.name = body.required_string("name", kMaxRoleNameBytes);
    account.audiences = body.required_string_list("audiences", kMaxAudiencesPerAccount, kMaxAudienceBytes);
}

// `as_read`: what was read of it, if the request sends it back.
constexpr std::array<std::string_view, 7> kReadOnly{"id",          "created_at", "roles", "groups",
                                                    "permissions", "secrets",    "keys"};
Result<Definition, Response> read_definition(JsonFields& body, const std::string& as_read) {
    Definition definition;
    if (!as_read.empty()) body.unchanged(kReadOnly, as_read);
    read_account(body, definition.account);
    const std::string status = body.required_string("status", 16);
    if (status == "disabled") definition.standing = AccountStanding::kDisabled;
    if (!status.empty() && status != "enabled" && status != "disabled")
        body.refuse("status", "Give 'enabled' or 'disabled'.");
    auto read = body.finish();
    if (!read) return Unexpected(read.error());
    return definition;
}

// A JWK as it came. What its members mean is said by its reader.
Result<std::string, Response> read_key(const Request& request) {
    JsonFields body(request, kKeyLimits);
    body.required_string("kty", kMaxKeyMemberBytes);
    auto read = body.finish();
    if (!read) return Unexpected(read.error());
    return request.body;
}

Response refuse_key(const Request& request, const std::string& fault) {
    const std::string detail = "This can't be taken as a key to verify assertions with: " + fault + ".";
    const Problem what{problems::kInvalidFields, "Correct the key and send it again.", {}, {{"kty", detail}}, {}};
    return problem(request, what);
}

std::string_view name_of(KeyAlgorithm algorithm) {
    for (const auto& [value, name] : enum_names(algorithm))
        if (value == algorithm) return name;
    return "";
}

void write_key(JsonText& json, const ServiceAccount::PublicKey& key) {
    json.text("id", key.id).text("algorithm", name_of(key.algorithm)).text("public_key", key.jwk);
    if (key.kid) json.text("kid", *key.kid);
}

std::string account_json(const Uuid& account_id, const commands::ServiceAccess& access) {
    const ServiceAccount& account = access.account;
    std::vector<std::string> roles;
    for (const auto& role : access.held.roles) roles.push_back(role->name);
    std::vector<std::string> groups;
    for (const auto& group : access.held.groups) groups.push_back(group->name);
    JsonText json;
    json.text("id", account_id.to_string())
        .text("name", account.name)
        .texts("audiences", account.audiences)
        .text("status", account.status == ServiceAccount::Status::kEnabled ? "enabled" : "disabled")
        .time("created_at", account.registered_at_ms);
    json.texts("roles", roles).texts("groups", groups).texts("permissions", access.held.scope().texts());
    json.begin_array("secrets");
    for (const auto& secret : account.secrets) json.begin_object().text("id", secret.id.to_string()).end_object();
    json.end_array().begin_array("keys");
    for (const auto& key : account.keys) {
        json.begin_object();
        write_key(json, key);
        json.end_object();
    }
    json.end_array();
    return json.finish();
}

}  // namespace

Reply show_service_account(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    auto known =
        co_await commands::holder_of(context.services, commands::kReadClients, claims->bearer, request.deadline);
    if (!known) co_return refuse(request, known.error());
    const Uuid account_id = id_of(request, "id");
    auto access = co_await commands::access_of_service(context.services, account_id, request.deadline);
    if (!access) co_return refuse(request, access.error());
    if (!access->account.exists()) co_return refuse(request, CommandError(Refusal::kAccountUnknown));
    Response response = at_position(json(200, account_json(account_id, *access)), access->held.position);
    co_return with_entity_tag(request, std::move(response), commands::account_tag(access->account));
}

Reply register_service_account(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    JsonFields body(request);
    Definition definition;
    read_account(body, definition.account);
    auto read = body.finish();
    if (!read) co_return read.error();
    auto caller = caller_with_key(context, request, *claims);
    if (!caller) co_return caller.error();
    auto registered =
        co_await commands::register_service_account(context.services, claims->bearer, definition.account, *caller);
    if (!registered) co_return refuse(request, registered.error());
    const Uuid account_id = registered->account_id;
    const commands::Done outcome{registered->position, registered->repeated};
    JsonText id_alone;
    id_alone.text("id", account_id.to_string());
    Response response = json(201, id_alone.finish());
    if (!outcome.repeated) {
        auto access = co_await commands::access_of_service(context.services, account_id, request.deadline);
        if (!access) co_return refuse(request, CommandError(Refusal::kOutcomeUnknown));
        response.body = account_json(account_id, *access);
    }
    response.headers.add("Location", "/api/v1/admin/service-accounts/" + account_id.to_string());
    co_return with_outcome(std::move(response), outcome);
}

Reply change_service_account(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    JsonFields body(request);
    std::string as_read;
    if (body.has_any(kReadOnly)) {  // held against what this caller may read
        auto may =
            co_await commands::holder_of(context.services, commands::kReadClients, claims->bearer, request.deadline);
        if (!may) co_return refuse(request, may.error());
        auto access = co_await commands::access_of_service(context.services, id_of(request, "id"), request.deadline);
        if (!access) co_return refuse(request, access.error());
        if (!access->account.exists()) co_return refuse(request, CommandError(Refusal::kAccountUnknown));
        as_read = account_json(id_of(request, "id"), *access);
    }
    auto definition = read_definition(body, as_read);
    if (!definition) co_return definition.error();
    const Order order = [&](const commands::Bearer& bearer, const commands::Caller& caller) {
        return commands::change_service_account(context.services, bearer, id_of(request, "id"), definition->account,
                                                definition->standing, caller);
    };
    Response answer = co_await carry_out(context, request, *claims, order);
    co_return answer;
}

Reply delete_service_account(Context& context, Request& request) {
    const Order order = [&context, &request](const commands::Bearer& bearer, const commands::Caller& caller) {
        return commands::delete_service_account(context.services, bearer, id_of(request, "id"), caller);
    };
    return carry_out(context, request, order);
}

Reply add_account_secret(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    auto caller = caller_with_key(context, request, *claims);
    if (!caller) co_return caller.error();
    const Uuid account_id = id_of(request, "id");
    auto made = co_await commands::add_account_secret(context.services, claims->bearer, account_id, *caller);
    if (!made) co_return refuse(request, made.error());
    JsonText json;
    json.text("id", made->secret_id.to_string());
    // A repeated request is told what came of it, but the secret was shown then.
    if (made->secret) json.text("client_secret", made->secret->reveal());
    co_return with_outcome(api::json(201, json.finish()), {made->position, made->repeated});
}

Reply remove_account_secret(Context& context, Request& request) {
    const Order order = [&context, &request](const commands::Bearer& bearer, const commands::Caller& caller) {
        return commands::remove_account_secret(context.services, bearer, id_of(request, "id"), id_of(request, "secret"),
                                               caller);
    };
    return carry_out(context, request, order);
}

Reply add_account_key(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    auto jwk = read_key(request);
    if (!jwk) co_return jwk.error();
    auto caller = caller_with_key(context, request, *claims);
    if (!caller) co_return caller.error();
    const Uuid account_id = id_of(request, "id");
    std::string fault;
    auto added =
        co_await commands::add_account_key(context.services, claims->bearer, account_id, *jwk, *caller, &fault);
    if (!added && added.error().refusal == Refusal::kInvalidKey) co_return refuse_key(request, fault);
    if (!added) co_return refuse(request, added.error());
    JsonText json;
    write_key(json, added->key);
    co_return with_outcome(api::json(201, json.finish()), {added->position, added->repeated});
}

Reply remove_account_key(Context& context, Request& request) {
    const Order order = [&context, &request](const commands::Bearer& bearer, const commands::Caller& caller) {
        return commands::remove_account_key(context.services, bearer, id_of(request, "id"),
                                            std::string(request.path_parameter("key")), caller);
    };
    return carry_out(context, request, order);
}

Reply assign_account_role(Context& context, Request& request) {
    return give_role(context, request, Subject::service_account(id_of(request, "id")));
}

Reply withdraw_account_role(Context& context, Request& request) {
    return take_role(context, request, Subject::service_account(id_of(request, "id")));
}

}  // namespace keyledger::api::routes
