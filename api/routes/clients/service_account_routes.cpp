// Service accounts, their secrets and their keys.
#include "api/routes/call.hpp"
#include "api/routes/clients/client_credentials.hpp"
#include "api/routes/conditions.hpp"
#include "api/routes/reading.hpp"
#include "api/wire/write_json.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/access/permissions.hpp"
#include "commands/clients/service_accounts.hpp"
#include "commands/entity_tags.hpp"
#include "projections/models/service_accounts.hpp"

namespace keyledger::api::routes {
namespace {

namespace rows = keyledger::projections;
using commands::CommandError;

struct Definition {
    commands::AccountDefinition account;
    AccountStatus account_status = AccountStatus::kEnabled;
};

void read_account(JsonFields& body, commands::AccountDefinition& account) {
    account.name = body.required_string("name", kMaxRoleNameBytes);
    account.audiences = body.required_string_list("audiences", kMaxAudiencesPerClient, kMaxAudienceBytes);
}

// `as_read`: what was read of it, if the request sends it back.
constexpr std::array<std::string_view, 7> kReadOnly{"id",          "created_at", "roles", "groups",
                                                    "permissions", "secrets",    "keys"};
Result<Definition, Response> read_definition(Call& call, JsonFields& body, const std::string& as_read) {
    Definition definition;
    if (!as_read.empty()) body.unchanged(kReadOnly, as_read);
    read_account(body, definition.account);
    const std::string status = body.required_string("status", 16);
    if (status == "disabled") definition.account_status = AccountStatus::kDisabled;
    if (!status.empty() && status != "enabled" && status != "disabled")
        body.refuse("status", "Give 'enabled' or 'disabled'.");
    auto read = call.finish(body);
    if (!read) return Unexpected(read.error());
    return definition;
}

std::string account_json(const ServiceAccountId& account_id, const ServiceAccess& access) {
    const ServiceAccount& account = access.account();
    std::vector<std::string> roles;
    for (const auto& role : access.held.roles) roles.push_back(role->name);
    std::vector<std::string> groups;
    for (const auto& group : access.held.groups) groups.push_back(group->name);
    JsonText json;
    json.text("id", account_id.to_string())
        .text("name", account.name)
        .texts("audiences", account.audiences)
        .text("status", account.status == ServiceAccount::Status::kEnabled ? "enabled" : "disabled")
        .time("created_at", account.registered_at);
    json.texts("roles", roles).texts("groups", groups).texts("permissions", access.held.scope().texts());
    write_credentials(json, account);
    return json.finish();
}

void write_service_account(JsonText& json, const rows::ServiceAccountRow& account) {
    json.text("id", account.id.to_string()).text("name", account.name).texts("audiences", account.audiences);
    json.text("status", account.enabled ? "enabled" : "disabled").time("created_at", account.created_at);
}

Reply list_service_accounts(Call& call) {
    const auto page = read_page(call, "service-accounts");
    if (!page) co_return page.error();
    const auto cursor = cursor_of<rows::ServiceAccountCursor>(*page);
    auto accounts =
        co_await rows::list_service_accounts(call.context.queries, cursor, page->limit, call.request.deadline);
    if (!accounts) co_return refuse_query(call.request, accounts.error());
    co_return list_answer(call, *page, *accounts, write_service_account);
}

// The account of the path as JSON, or that nobody has its id.
commands::Answer<ServiceAccess> account_of_path(Call& call) {
    auto access =
        co_await commands::access_of_service(call.services(), call.id<ServiceAccount>(), call.request.deadline);
    if (access && !access->account().exists()) co_return Unexpected(refusals::kAccountUnknown);
    co_return access;
}

Reply show_service_account(Call& call) {
    auto access = co_await account_of_path(call);
    if (!access) co_return refuse(call, access.error());
    Response response = at_position(json(200, account_json(call.id<ServiceAccount>(), *access)), access->held.position);
    co_return with_entity_tag(call.request, std::move(response), commands::account_tag(access->account()));
}

Reply register_service_account(Call& call) {
    JsonFields body(call.request);
    Definition definition;
    read_account(body, definition.account);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    auto registered =
        co_await commands::register_service_account(call.services(), call.bearer(), definition.account, call.caller());
    if (!registered) co_return refuse(call, registered.error());
    const ServiceAccountId account_id = registered->account_id;
    const commands::Receipt outcome{registered->position, registered->repeated};
    JsonText id_alone;
    id_alone.text("id", account_id.to_string());
    Response response = json(201, id_alone.finish());
    if (!outcome.repeated) {
        auto access = co_await commands::access_of_service(call.services(), account_id, call.request.deadline);
        if (!access) co_return refuse(call, CommandError(refusals::kOutcomeUnknown));
        response.body = account_json(account_id, *access);
    }
    response.headers.add("Location", "/api/v1/admin/service-accounts/" + account_id.to_string());
    co_return with_outcome(std::move(response), outcome);
}

Reply change_service_account(Call& call) {
    JsonFields body(call.request);
    std::string as_read;
    if (body.has_any(kReadOnly)) {  // held against what this caller may read
        auto may = co_await commands::access_with_permission(call.services(), commands::kReadClients, call.bearer(),
                                                             call.request.deadline);
        if (!may) co_return refuse(call, may.error());
        auto access = co_await account_of_path(call);
        if (!access) co_return refuse(call, access.error());
        as_read = account_json(call.id<ServiceAccount>(), *access);
    }
    auto definition = read_definition(call, body, as_read);
    if (!definition) co_return definition.error();
    auto outcome =
        co_await commands::change_service_account(call.services(), call.bearer(), call.id<ServiceAccount>(),
                                                  definition->account, definition->account_status, call.caller());
    co_return done(call, outcome);
}

Reply delete_service_account(Call& call) {
    auto outcome = co_await commands::delete_service_account(call.services(), call.bearer(), call.id<ServiceAccount>(),
                                                             call.caller());
    co_return done(call, outcome);
}

Reply add_secret(Call& call) {
    auto made =
        co_await commands::add_account_secret(call.services(), call.bearer(), call.id<ServiceAccount>(), call.caller());
    co_return answer_of_secret(call, made);
}

Reply remove_secret(Call& call) {
    auto outcome = co_await commands::remove_account_secret(call.services(), call.bearer(), call.id<ServiceAccount>(),
                                                            call.id<Credential>("secret"), call.caller());
    co_return done(call, outcome);
}

Reply add_key(Call& call) {
    auto jwk = read_key(call);
    if (!jwk) co_return jwk.error();
    std::string fault;
    auto added = co_await commands::add_account_key(call.services(), call.bearer(), call.id<ServiceAccount>(), *jwk,
                                                    call.caller(), &fault);
    co_return answer_of_key(call, added, fault);
}

Reply remove_key(Call& call) {
    const std::string key_id(call.request.path_parameter("key"));
    auto outcome = co_await commands::remove_account_key(call.services(), call.bearer(), call.id<ServiceAccount>(),
                                                         key_id, call.caller());
    co_return done(call, outcome);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"listServiceAccounts", kGet, "/api/v1/admin/service-accounts", list_service_accounts, kOrdinary, kUser,
     {.permission = &commands::kReadClients, .model = rows::kServiceAccountsModel, .input = Input::kQuery}},
    {"showServiceAccount", kGet, "/api/v1/admin/service-accounts/{id}", show_service_account, kOrdinary, kUser,
     {.permission = &commands::kReadClients}},
    {"registerServiceAccount", kPost, "/api/v1/admin/service-accounts", register_service_account, kOrdinary, kUser,
     {.input = Input::kBody, .idempotency_key = KeyScope::kUser}},
    {"changeServiceAccount", kPut, "/api/v1/admin/service-accounts/{id}", change_service_account, kOrdinary, kUser,
     {.input = Input::kBody, .idempotency_key = KeyScope::kUser, .if_match = IfMatch::kCompared}},
    {"deleteServiceAccount", kDelete, "/api/v1/admin/service-accounts/{id}", delete_service_account, kOrdinary, kUser,
     {.idempotency_key = KeyScope::kUser, .if_match = IfMatch::kCompared}},
    {"addServiceAccountSecret", kPost, "/api/v1/admin/service-accounts/{id}/secrets", add_secret, kOrdinary, kUser,
     {.idempotency_key = KeyScope::kUser}},
    {"removeServiceAccountSecret", kDelete, "/api/v1/admin/service-accounts/{id}/secrets/{secret}", remove_secret,
     kOrdinary, kUser, {.idempotency_key = KeyScope::kUser}},
    {"addServiceAccountKey", kPost, "/api/v1/admin/service-accounts/{id}/keys", add_key, kOrdinary, kUser,
     {.input = Input::kBody, .idempotency_key = KeyScope::kUser}},
    {"removeServiceAccountKey", kDelete, "/api/v1/admin/service-accounts/{id}/keys/{key}", remove_key, kOrdinary,
     kUser, {.idempotency_key = KeyScope::kUser}},
};
// clang-format on

}  // namespace

RouteTable service_account_routes() { return kRows; }

}  // namespace keyledger::api::routes
