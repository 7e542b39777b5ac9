#include "api/routes/accounts/profiles.hpp"

#include "api/routes/conditions.hpp"
#include "api/wire/write_json.hpp"
#include "commands/entity_tags.hpp"
#include "domain/base/language_tag.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::api::routes {
namespace {

std::string_view name_of(User::Status status) {
    switch (status) {
        case User::Status::kAbsent: return "absent";
        case User::Status::kActive: return "active";
        case User::Status::kDisabled: return "disabled";
        case User::Status::kErased: return "erased";
    }
    return "absent";
}

}  // namespace

commands::ProfileUpdate read_profile(JsonFields& body, const commands::Bearer& bearer) {
    commands::ProfileUpdate update;
    update.bearer = bearer;
    update.username = body.optional_string("username", kMaxTypedUsernameBytes);
    update.name = body.optional_string("name", kMaxTypedNameBytes);
    update.locale = body.optional_string("locale", kMaxLanguageTagBytes);
    return update;
}

std::string user_json(const UserId& user_id, const commands::UserAtHead& known) {
    const User& user = known.user;
    JsonText json;
    json.text("id", user_id.to_string())
        .text_or_null("email", user.email)
        .text_or_null("username", user.username)
        .text_or_null("name", user.name)
        .text_or_null("locale", user.locale)
        .text("status", name_of(user.status))
        .boolean("email_verified", user.email_proof == User::EmailProof::kVerified)
        .boolean("administrator", known.administrator)
        .time("created_at", user.registered_at)
        .time_or_null("erase_at", user.erasure_due_at);
    return json.finish();
}

Response user_answer(const Request& request, const UserId& user_id, const commands::UserAtHead& known) {
    return with_entity_tag(request, api::json(200, user_json(user_id, known)), commands::user_tag(known.user));
}

Reply updated_user(Call& call, UserId user_id, commands::Receipt outcome) {
    if (outcome.repeated) {
        JsonText json;
        json.text("id", user_id.to_string());
        co_return with_outcome(api::json(200, json.finish()), outcome);
    }
    auto user = co_await commands::user_after_command(call.services(), user_id, call.request.deadline);
    if (!user) co_return refuse(call, user.error());
    Response response = api::json(200, user_json(user_id, *user));
    response.headers.add("ETag", entity_tag(commands::user_tag(user->user), response.body));
    co_return with_outcome(std::move(response), outcome);
}

}  // namespace keyledger::api::routes
