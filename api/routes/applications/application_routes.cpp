// Applications, their secrets and their keys. In bodies and answers the members of a definition are called as they are
// in the log, but lifetimes, which are seconds here.
#include <algorithm>

#include "api/routes/call.hpp"
#include "api/routes/clients/client_credentials.hpp"
#include "api/routes/conditions.hpp"
#include "api/routes/reading.hpp"
#include "api/wire/write_json.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/access/permissions.hpp"
#include "commands/applications/applications.hpp"
#include "commands/entity_tags.hpp"
#include "domain/clients/client_uri.hpp"
#include "projections/models/applications.hpp"

namespace keyledger::api::routes {
namespace {

namespace rows = keyledger::projections;
using commands::CommandError;

constexpr std::size_t kMaxWordBytes = 64;

std::string_view name_in_json(std::string_view stored) {
    constexpr std::string_view kUnit = "_ms";
    if (stored.ends_with(kUnit)) stored.remove_suffix(kUnit.size());
    return stored;
}

// ---- reading ---------------------------------------------------------------------------------------------------
void read_value(JsonFields& body, std::string_view name, std::string& value) {
    value = body.required_string(name, kMaxApplicationNameBytes);
}
void read_value(JsonFields& body, std::string_view name, std::vector<std::string>& values) {
    values = body.required_string_list(name, kMaxRedirectUris, kMaxUriBytes);
}
void read_value(JsonFields& body, std::string_view name, std::optional<std::string>& value) {
    value = body.optional_string(name, kMaxUriBytes);
}
void read_value(JsonFields& body, std::string_view name, std::optional<Duration>& value) {
    if (const auto count = body.optional_integer(name, 1, kMaxSessionLifetime.whole_seconds())) value = seconds(*count);
}
template <class E>
void read_word(JsonFields& body, std::string_view name, const std::string& word, E& value) {
    std::string known;
    for (const auto& [one, text] : enum_names(E{})) {
        if (text == word) value = one;
        if (text == word) return;
        known.append(known.empty() ? "" : ", ").append(text);
    }
    body.refuse(name, "Give one of these: " + known + ".");
}
// One that is left out is as ApplicationDefinition has it.
template <class E>
    requires std::is_enum_v<E>
void read_value(JsonFields& body, std::string_view name, E& value) {
    if (const auto word = body.optional_string(name, kMaxWordBytes)) read_word(body, name, *word, value);
}
template <class E>
    requires std::is_enum_v<E>
void read_value(JsonFields& body, std::string_view name, std::optional<E>& value) {
    if (const auto word = body.optional_string(name, kMaxWordBytes)) read_word(body, name, *word, value.emplace());
}
template <class E>
    requires std::is_enum_v<E>
void read_value(JsonFields& body, std::string_view name, std::vector<E>& values) {
    for (const std::string& word : body.required_string_list(name, enum_names(E{}).size(), kMaxWordBytes))
        read_word(body, name, word, values.emplace_back());
}

ApplicationDefinition read_members(JsonFields& body) {
    ApplicationDefinition definition;
    const auto read = [&](const auto& field) { read_value(body, name_in_json(field.name), definition.*field.member); };
    std::apply([&](const auto&... field) { (read(field), ...); }, ApplicationDefinition::fields());
    return definition;
}

// One that there is no key for would be signed by another all the same. What it has `already` it may keep.
void refuse_algorithms(Call& call, JsonFields& body, const ApplicationDefinition& wanted,
                       const ApplicationDefinition& already) {
    const std::vector<std::string> offered = call.context.tokens.id_token_algorithms();
    std::string known;
    for (const std::string& name : offered) known.append(known.empty() ? "" : ", ").append(name);
    const auto check = [&](std::string_view name, KeyAlgorithm algorithm) {
        if (std::ranges::find(offered, stored_name(algorithm)) == offered.end())
            body.refuse(name, "This service has keys for these: " + known + ".");
    };
    if (wanted.id_token_algorithm != already.id_token_algorithm) check("id_token_algorithm", wanted.id_token_algorithm);
    if (wanted.userinfo_algorithm && wanted.userinfo_algorithm != already.userinfo_algorithm)
        check("userinfo_algorithm", *wanted.userinfo_algorithm);
}

// `as_read`: what was read of it, if the request sends it back.
constexpr std::array<std::string_view, 4> kReadOnly{"id", "created_at", "secrets", "keys"};
struct Change {
    ApplicationDefinition definition;
    ApplicationStatus status = ApplicationStatus::kEnabled;
};
Result<Change, Response> read_change(Call& call, JsonFields& body, const std::string& as_read,
                                     const ApplicationDefinition& already) {
    Change change;
    if (!as_read.empty()) body.unchanged(kReadOnly, as_read);
    change.definition = read_members(body);
    refuse_algorithms(call, body, change.definition, already);
    const std::string status = body.required_string("status", kMaxWordBytes);
    if (status == "disabled") change.status = ApplicationStatus::kDisabled;
    if (!status.empty() && status != "enabled" && status != "disabled")
        body.refuse("status", "Give 'enabled' or 'disabled'.");
    auto read = call.finish(body);
    if (!read) return Unexpected(read.error());
    return change;
}

// ---- writing ---------------------------------------------------------------------------------------------------
void write_value(JsonText& json, std::string_view name, const std::string& value) { json.text(name, value); }
void write_value(JsonText& json, std::string_view name, const std::vector<std::string>& values) {
    json.texts(name, values);
}
void write_value(JsonText& json, std::string_view name, Duration value) { json.number(name, value.whole_seconds()); }
template <class E>
    requires std::is_enum_v<E>
void write_value(JsonText& json, std::string_view name, E value) {
    json.text(name, stored_name(value));
}
template <class E>
    requires std::is_enum_v<E>
void write_value(JsonText& json, std::string_view name, const std::vector<E>& values) {
    std::vector<std::string> words;
    for (const E value : values) words.emplace_back(stored_name(value));
    json.texts(name, words);
}
// What it has not is left out.
template <class T>
void write_value(JsonText& json, std::string_view name, const std::optional<T>& value) {
    if (value) write_value(json, name, *value);
}

std::string application_json(const ApplicationId& application_id, const Application& application) {
    JsonText json;
    json.text("id", application_id.to_string());
    const auto write = [&](const auto& field) {
        write_value(json, name_in_json(field.name), application.definition.*field.member);
    };
    std::apply([&](const auto&... field) { (write(field), ...); }, ApplicationDefinition::fields());
    json.text("status", application.status == Application::Status::kEnabled ? "enabled" : "disabled");
    json.time("created_at", application.registered_at);
    write_credentials(json, application);
    return json.finish();
}

void write_row(JsonText& json, const rows::ApplicationRow& application) {
    json.text("id", application.id.to_string())
        .text("name", application.name)
        .text("application_type", application.type)
        .text("consent", application.consent)
        .text("status", application.enabled ? "enabled" : "disabled")
        .time("created_at", application.created_at);
}

// ---- routes ----------------------------------------------------------------------------------------------------
Reply list_applications(Call& call) {
    const auto page = read_page(call, "applications");
    if (!page) co_return page.error();
    const auto cursor = cursor_of<rows::ApplicationCursor>(*page);
    auto found = co_await rows::list_applications(call.context.queries, cursor, page->limit, call.request.deadline);
    if (!found) co_return refuse_query(call.request, found.error());
    co_return list_answer(call, *page, *found, write_row);
}

commands::Answer<commands::ApplicationAtHead> application_of_path(Call& call) {
    return commands::find_application(call.services(), call.id<Application>(), call.request.deadline);
}

Reply show_application(Call& call) {
    auto found = co_await application_of_path(call);
    if (!found) co_return refuse(call, found.error());
    const Application& application = *found->application;
    Response response = at_position(json(200, application_json(call.id<Application>(), application)), found->position);
    co_return with_entity_tag(call.request, std::move(response), commands::application_tag(application));
}

Reply register_application(Call& call) {
    JsonFields body(call.request);
    ApplicationDefinition definition = read_members(body);
    refuse_algorithms(call, body, definition, {});
    auto read = call.finish(body);
    if (!read) co_return read.error();
    auto registered =
        co_await commands::register_application(call.services(), call.bearer(), std::move(definition), call.caller());
    if (!registered) co_return refuse(call, registered.error());
    const ApplicationId application_id = registered->application_id;
    const commands::Receipt outcome{registered->position, registered->repeated};
    JsonText id_alone;
    id_alone.text("id", application_id.to_string());
    Response response = json(201, id_alone.finish());
    if (!outcome.repeated) {
        auto found = co_await commands::find_application(call.services(), application_id, call.request.deadline);
        if (!found) co_return refuse(call, CommandError(refusals::kOutcomeUnknown));
        response.body = application_json(application_id, *found->application);
    }
    response.headers.add("Location", "/api/v1/admin/applications/" + application_id.to_string());
    co_return with_outcome(std::move(response), outcome);
}

Reply change_application(Call& call) {
    JsonFields body(call.request);
    std::string as_read;
    ApplicationDefinition already;
    if (body.has_any(kReadOnly)) {  // held against what this caller may read
        auto may = co_await commands::access_with_permission(call.services(), commands::kReadClients, call.bearer(),
                                                             call.request.deadline);
        if (!may) co_return refuse(call, may.error());
        auto found = co_await application_of_path(call);
        if (!found) co_return refuse(call, found.error());
        as_read = application_json(call.id<Application>(), *found->application);
        already = found->application->definition;
    }
    auto change = read_change(call, body, as_read, already);
    if (!change) co_return change.error();
    auto outcome = co_await commands::change_application(call.services(), call.bearer(), call.id<Application>(),
                                                         change->definition, change->status, call.caller());
    co_return done(call, outcome);
}

Reply delete_application(Call& call) {
    auto outcome =
        co_await commands::delete_application(call.services(), call.bearer(), call.id<Application>(), call.caller());
    co_return done(call, outcome);
}

Reply add_secret(Call& call) {
    auto made = co_await commands::add_application_secret(call.services(), call.bearer(), call.id<Application>(),
                                                          call.caller());
    co_return answer_of_secret(call, made);
}

Reply remove_secret(Call& call) {
    auto outcome = co_await commands::remove_application_secret(call.services(), call.bearer(), call.id<Application>(),
                                                                call.id<Credential>("secret"), call.caller());
    co_return done(call, outcome);
}

Reply add_key(Call& call) {
    auto jwk = read_key(call);
    if (!jwk) co_return jwk.error();
    std::string fault;
    auto added = co_await commands::add_application_key(call.services(), call.bearer(), call.id<Application>(), *jwk,
                                                        call.caller(), &fault);
    co_return answer_of_key(call, added, fault);
}

Reply remove_key(Call& call) {
    const std::string key_id(call.request.path_parameter("key"));
    auto outcome = co_await commands::remove_application_key(call.services(), call.bearer(), call.id<Application>(),
                                                             key_id, call.caller());
    co_return done(call, outcome);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"listApplications", kGet, "/api/v1/admin/applications", list_applications, kOrdinary, kUser,
     {.permission = &commands::kReadClients, .model = rows::kApplicationsModel, .input = Input::kQuery}},
    {"showApplication", kGet, "/api/v1/admin/applications/{id}", show_application, kOrdinary, kUser,
     {.permission = &commands::kReadClients}},
    {"registerApplication", kPost, "/api/v1/admin/applications", register_application, kOrdinary, kUser,
     {.input = Input::kBody, .idempotency_key = KeyScope::kUser}},
    {"changeApplication", kPut, "/api/v1/admin/applications/{id}", change_application, kOrdinary, kUser,
     {.input = Input::kBody, .idempotency_key = KeyScope::kUser, .if_match = IfMatch::kCompared}},
    {"deleteApplication", kDelete, "/api/v1/admin/applications/{id}", delete_application, kOrdinary, kUser,
     {.idempotency_key = KeyScope::kUser, .if_match = IfMatch::kCompared}},
    {"addApplicationSecret", kPost, "/api/v1/admin/applications/{id}/secrets", add_secret, kOrdinary, kUser,
     {.idempotency_key = KeyScope::kUser}},
    {"removeApplicationSecret", kDelete, "/api/v1/admin/applications/{id}/secrets/{secret}", remove_secret, kOrdinary,
     kUser, {.idempotency_key = KeyScope::kUser}},
    {"addApplicationKey", kPost, "/api/v1/admin/applications/{id}/keys", add_key, kOrdinary, kUser,
     {.input = Input::kBody, .idempotency_key = KeyScope::kUser}},
    {"removeApplicationKey", kDelete, "/api/v1/admin/applications/{id}/keys/{key}", remove_key, kOrdinary, kUser,
     {.idempotency_key = KeyScope::kUser}},
};
// clang-format on

}  // namespace

RouteTable application_routes() { return kRows; }

}  // namespace keyledger::api::routes
