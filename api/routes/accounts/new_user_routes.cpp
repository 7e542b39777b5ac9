// Users whom administrators make, and passwords that they set for others.
#include "api/routes/accounts/profiles.hpp"
#include "api/routes/call.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/body.hpp"
#include "api/wire/write_json.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/access/permissions.hpp"
#include "commands/accounts/create_user.hpp"
#include "commands/limits/rates.hpp"
#include "domain/base/language_tag.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::api::routes {
namespace {

constexpr std::string_view kOneTimePassword = "one_time_password";

commands::NewUser read_new_user(JsonFields& body) {
    commands::NewUser user;
    user.email = body.required_string("email", kMaxEmailBytes);
    user.username = body.optional_string("username", kMaxTypedUsernameBytes);
    user.name = body.optional_string("name", kMaxTypedNameBytes);
    user.locale = body.optional_string("locale", kMaxLanguageTagBytes);
    user.one_time_password = body.optional_secret(kOneTimePassword, kMaxPasswordBytes);
    user.is_invited = body.optional_bool("invite").value_or(false);
    if (user.is_invited && user.one_time_password)
        body.refuse("invite", "Whoever is invited sets a password by themselves: give no 'one_time_password'.");
    return user;
}

// A password that was made is shown here and nowhere else; of a repeated request nothing but whose it is.
void write_password(JsonText& json, const commands::OneTimePasswordReceipt& password) {
    if (password.repeated) return;
    std::optional<std::string> made;
    if (password.made) made = std::string(password.made->reveal());
    json.text_or_null(kOneTimePassword, made).time("expires_at", password.expires_at);
    if (made) Secret::wipe(*made);
}

Reply create(Call& call, const Request& request, commands::NewUser user, const commands::Caller& caller) {
    auto created = co_await commands::create_user(call.services(), call.bearer(), std::move(user), caller);
    if (!created)
        co_return refuse_new_password(request, created.error(), kOneTimePassword, call.context.least_password_length);
    JsonText json;
    json.text("id", created->user_id.to_string());
    write_password(json, created->password);
    Response response = api::json(201, json.finish());
    response.headers.add("Location", "/api/v1/admin/users/" + created->user_id.to_string());
    const commands::Receipt outcome{created->password.position, created->password.repeated};
    co_return with_outcome(std::move(response), outcome);
}

Reply create_user(Call& call) {
    JsonFields body(call.request);
    commands::NewUser user = read_new_user(body);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    auto created = co_await create(call, call.request, std::move(user), call.caller());
    co_return created;
}

// ---- many at once ----------------------------------------------------------------------------------------------
constexpr std::size_t kMostLines = 100;

std::vector<std::string_view> lines_of(std::string_view body) {
    std::vector<std::string_view> lines;
    while (!body.empty()) {
        const std::size_t end = std::min(body.find('\n'), body.size());
        std::string_view line = body.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!line.empty()) lines.push_back(line);
        body.remove_prefix(std::min(end + 1, body.size()));
    }
    return lines;
}

// One user, as if their line had been a request of its own: under a key of its own, too.
Reply create_by_line(Call& call, std::string_view line, std::size_t number) {
    auto admitted = commands::admit_write(call.services(), call.bearer());
    if (!admitted) co_return refuse(call, admitted.error());
    Request request = call.request;
    request.headers = Headers();
    request.headers.add("Content-Type", "application/json");
    request.body = line;
    commands::Caller caller = call.caller();
    if (const auto key = call.request.header("Idempotency-Key"))
        caller.idempotency = call.context.idempotency_keys.derive(
            call.row().operation, caller.actor_id, std::string(*key) + '#' + std::to_string(number), {line});
    JsonFields body(request);
    commands::NewUser user = read_new_user(body);
    auto read = body.finish();
    if (!read) co_return read.error();
    auto created = co_await create(call, request, std::move(user), caller);
    co_return created;
}

// A line of the answer: the object that the request alone would have been answered with, and which line it is.
std::string line_of(std::size_t number, const Response& response) {
    const bool says_status = response.status >= 400;  // a problem has it
    std::string line = "{\"line\":" + std::to_string(number);
    if (!says_status) line += ",\"status\":" + std::to_string(response.status);
    return line + ',' + response.body.substr(1) + '\n';
}

Reply create_users(Call& call) {
    if (!has_media_type(call.request, "application/x-ndjson"))
        co_return problem(call.request, problems::kUnsupportedMediaType,
                          "Send a JSON object a line, with Content-Type: application/x-ndjson.");
    const auto lines = lines_of(call.request.body);
    if (lines.empty() || lines.size() > kMostLines)
        co_return problem(call.request, problems::kBadRequest, "Send 1 to 100 lines.");
    auto key = call.take_key();
    if (!key) co_return key.error();
    auto may = co_await commands::access_with_permission(call.services(), commands::kWriteUsers, call.bearer(),
                                                         call.request.deadline);
    if (!may) co_return refuse(call, may.error());
    Response response{.status = 200, .content_type = "application/x-ndjson", .headers = {}, .body = {}, .stream = {}};
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const Response of_line = co_await create_by_line(call, lines[i], i + 1);
        response.body += line_of(i + 1, of_line);
    }
    co_return response;
}

Reply set_one_time_password(Call& call) {
    commands::OneTimePassword password{call.bearer(), std::nullopt};
    if (!call.request.body.empty()) {
        JsonFields body(call.request);
        password.given = body.optional_secret(kOneTimePassword, kMaxPasswordBytes);
        auto read = body.finish();
        if (!read) co_return read.error();
    }
    auto key = call.take_key();
    if (!key) co_return key.error();
    auto set =
        co_await commands::set_one_time_password(call.services(), call.id<User>(), std::move(password), call.caller());
    if (!set)
        co_return refuse_new_password(call.request, set.error(), kOneTimePassword, call.context.least_password_length);
    JsonText json;
    json.text("id", call.id<User>().to_string());
    write_password(json, *set);
    Response response = api::json(200, json.finish());
    const commands::Receipt outcome{set->position, set->repeated};
    co_return with_outcome(std::move(response), outcome);
}

Reply replace_password(Call& call) {
    JsonFields body(call.request);
    commands::PasswordReplacement replacement;
    replacement.email = body.optional_string("email", kMaxTypedUsernameBytes).value_or("");
    replacement.username = body.optional_string("username", kMaxTypedUsernameBytes).value_or("");
    replacement.password = body.required_secret("password", kMaxPasswordBytes);
    replacement.new_password = body.required_secret("new_password", kMaxPasswordBytes);
    if (replacement.email.empty() == replacement.username.empty())
        body.refuse("email", "Give either 'email' or 'username', and not both.");
    auto read = body.finish();
    if (!read) co_return read.error();
    auto outcome =
        co_await commands::replace_one_time_password(call.services(), std::move(replacement), caller_of(call.request));
    if (!outcome)
        co_return refuse_new_password(call.request, outcome.error(), "new_password",
                                      call.context.least_password_length);
    co_return no_content();
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"createUser", kPost, "/api/v1/admin/users", create_user, kPasswords, kUser,
     {.input = Input::kBody, .idempotency_key = KeyScope::kUser}},
    {"createUsers", kPost, "/api/v1/admin/users/bulk", create_users, kPasswords, kUser,
     {.input = Input::kBody, .idempotency_key = KeyScope::kUser}},
    {"setOneTimePassword", kPost, "/api/v1/admin/users/{id}/one-time-password", set_one_time_password, kPasswords,
     kUser, {.bad_id = refusals::kUserUnknown, .input = Input::kBody, .idempotency_key = KeyScope::kUser}},
    {"replacePassword", kPost, "/api/v1/auth/replace-password", replace_password, kPasswords, kAnybody,
     {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable new_user_routes() { return kRows; }

}  // namespace keyledger::api::routes
