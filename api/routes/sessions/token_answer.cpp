#include "api/routes/sessions/token_answer.hpp"

#include "api/wire/write_json.hpp"

namespace keyledger::api::routes {

namespace {

Response answer(const commands::IssuedTokens& tokens, const SessionId& session_id, Position position,
                const std::string* refresh_token, const std::vector<std::string>& recovery_codes) {
    JsonText json;
    json.text("access_token", tokens.access_token)
        .text("token_type", "Bearer")
        .number("expires_in", tokens.expires_in.whole_seconds());
    if (refresh_token != nullptr) json.text("refresh_token", *refresh_token);
    json.text("session_id", session_id.to_string());
    if (!recovery_codes.empty()) json.texts("recovery_codes", recovery_codes);
    Response response = at_position(api::json(200, json.finish()), position);
    response.headers.add("Pragma", "no-cache");
    return response;
}

}  // namespace

Response token_answer(const commands::IssuedTokens& tokens, const SessionId& session_id, Position position,
                      const std::vector<std::string>& recovery_codes) {
    return answer(tokens, session_id, position, &tokens.refresh_token, recovery_codes);
}

Response access_token_answer(const commands::IssuedTokens& tokens, const SessionId& session_id, Position position) {
    return answer(tokens, session_id, position, nullptr, {});
}

commands::Client first_party(Context& context) {
    const auto client = context.clients.find(commands::kFirstPartyClientId);
    return client ? *client : commands::Client{std::string(commands::kFirstPartyClientId), {}, {}};
}

}  // namespace keyledger::api::routes
