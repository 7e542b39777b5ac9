#include "api/routes/answers.hpp"

#include "api/routes/conditions.hpp"
#include "api/routes/refusals.hpp"
#include "commands/entity_tags.hpp"

namespace keyledger::api::routes {

std::string_view status_name(User::Status status) {
    switch (status) {
        case User::Status::kAbsent: return "absent";
        case User::Status::kActive: return "active";
        case User::Status::kDisabled: return "disabled";
        case User::Status::kErased: return "erased";
    }
    return "absent";
}

std::string user_json(const Uuid& user_id, const commands::Known& known) {
    const User& user = known.user;
    JsonText json;
    json.text("id", user_id.to_string())
        .text_or_null("email", user.email)
        .text_or_null("username", user.username)
        .text_or_null("name", user.name)
        .text("status", status_name(user.status))
        .truth("email_verified", false)
        .truth("administrator", known.administrator())
        .time("created_at", user.registered_at_ms);
    return json.finish();
}

Response user_answer(const Request& request, const Uuid& user_id, const commands::Known& known) {
    return with_entity_tag(request, api::json(200, user_json(user_id, known)), commands::user_tag(known.user));
}

boost::asio::awaitable<Response> updated_user(Context& context, const Request& request, Uuid user_id,
                                              commands::Done outcome) {
    if (outcome.repeated) {
        JsonText json;
        json.text("id", user_id.to_string());
        co_return with_outcome(api::json(200, json.finish()), outcome);
    }
    auto user = co_await commands::user_after_command(context.services, user_id, request.deadline);
    if (!user) co_return refuse(request, user.error());
    Response response = api::json(200, user_json(user_id, *user));
    response.headers.add("ETag", entity_tag(commands::user_tag(user->user), response.body));
    co_return with_outcome(std::move(response), outcome);
}

Response token_answer(const commands::IssuedTokens& tokens, const Uuid& session_id, Position position) {
    JsonText json;
    json.text("access_token", tokens.access_token)
        .text("token_type", "Bearer")
        .number("expires_in", tokens.expires_in_s)
        .text("refresh_token", tokens.refresh_token)
        .text("session_id", session_id.to_string());
    Response response = at_position(api::json(200, json.finish()), position);
    response.headers.add("Pragma", "no-cache");
    return response;
}

}  // namespace keyledger::api::routes
