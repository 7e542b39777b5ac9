#include "api/routes/oauth/request_object.hpp"

#include <rapidjson/document.h>

#include <algorithm>

#include "api/routes/oauth/authorization_request.hpp"
#include "api/wire/text.hpp"
#include "domain/base/plain_text.hpp"

namespace keyledger::api::routes {
namespace {

// The middle one of three parts (RFC 7515 section 7.1).
std::string_view payload_of(std::string_view jwt) {
    if (std::ranges::count(jwt, '.') != 2) return {};
    const auto first = jwt.find('.');
    return jwt.substr(first + 1, jwt.rfind('.') - first - 1);
}

std::optional<std::string> base64url_decoded(std::string_view text) {
    std::string base64(text);
    std::ranges::replace(base64, '-', '+');
    std::ranges::replace(base64, '_', '/');
    base64.append((4 - base64.size() % 4) % 4, '=');
    return base64_decoded(base64);
}

std::string_view text_in(const rapidjson::Document& json, const char* name) {
    const auto member = json.FindMember(name);
    if (member == json.MemberEnd() || !member->value.IsString()) return {};
    return {member->value.GetString(), member->value.GetStringLength()};
}

}  // namespace

WayBack way_back_of(std::string_view request_object) {
    WayBack back;
    if (request_object.size() > kMaxRequestObjectBytes) return back;
    const auto payload = base64url_decoded(payload_of(request_object));
    if (!payload) return back;
    rapidjson::Document json;
    json.Parse<rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag>(payload->data(),
                                                                                       payload->size());
    if (json.HasParseError() || !json.IsObject()) return back;
    back.response_mode = stored_value<ResponseMode>(text_in(json, "response_mode"));
    const std::string_view state = text_in(json, "state");
    if (!state.empty() && state.size() <= kMaxStateBytes && is_plain_text(state)) back.state = state;
    return back;
}

}  // namespace keyledger::api::routes
