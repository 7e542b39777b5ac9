#include "commands/authorization/sealed.hpp"

#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::commands {
namespace {

using security::length_prefixed;
using security::view_of;

constexpr std::string_view kFlow = "authorization request";
constexpr std::string_view kPushed = "pushed authorization request";
constexpr std::string_view kCode = "authorization code";
constexpr std::string_view kDeviceCode = "device code";
constexpr std::string_view kAskedDevice = "device that asks";
constexpr std::string_view kBrowser = "browser session";

constexpr std::int64_t kNoMaxAge = -1;

std::string counted(const std::vector<std::string>& texts) {
    std::string clear = length_prefixed({std::to_string(texts.size())});
    for (const std::string& text : texts) clear += length_prefixed({text});
    return clear;
}

std::vector<std::string> read_counted(security::PartsReader& parts) {
    std::vector<std::string> texts;
    for (std::int64_t left = parts.number(); left > 0 && parts.is_good(); --left) texts.emplace_back(parts.part());
    return texts;
}

std::vector<std::string> names_of(const std::vector<Prompt>& prompts) {
    std::vector<std::string> names;
    for (const Prompt prompt : prompts) names.emplace_back(stored_name(prompt));
    return names;
}

std::string clear_of(const SealedBy& by, const AuthorizationRequest& request) {
    const std::int64_t max_age = request.max_age ? request.max_age->whole_seconds() : kNoMaxAge;
    std::string clear = length_prefixed({view_of(by.log_id), view_of(request.application_id), request.redirect_uri,
                                         request.state, request.nonce, request.code_challenge, std::to_string(max_age),
                                         request.key_thumbprint, request.login_hint, request.ui_locales,
                                         stored_name(request.response_mode), std::to_string(request.made_at.ms())});
    clear += counted(request.scope) + counted(request.resources) + counted(names_of(request.prompts));
    clear += length_prefixed({stored_name(request.second_factor), request.user ? request.user->to_string() : ""});
    if (const auto& pushed = request.pushed)
        return clear + length_prefixed({"pushed", view_of(pushed->id), std::to_string(pushed->at.ms())});
    return clear + length_prefixed({"sent"});
}

// Of another log its parts are good, and it is none of ours.
std::optional<AuthorizationRequest> read_request(const SealedBy& by, security::PartsReader& parts) {
    AuthorizationRequest request;
    const Uuid log_id = parts.uuid();
    request.application_id = ApplicationId{parts.uuid()};
    request.redirect_uri = parts.part();
    request.state = parts.part();
    request.nonce = parts.part();
    request.code_challenge = parts.part();
    const std::int64_t max_age = parts.number();
    if (max_age != kNoMaxAge) request.max_age = seconds(max_age);
    request.key_thumbprint = parts.part();
    request.login_hint = parts.part();
    request.ui_locales = parts.part();
    request.response_mode = stored_value<ResponseMode>(parts.part()).value_or(ResponseMode::kQuery);
    request.made_at = Instant::at_ms(parts.number());
    request.scope = read_counted(parts);
    request.resources = read_counted(parts);
    for (const std::string& name : read_counted(parts))
        if (const auto prompt = stored_value<Prompt>(name)) request.prompts.push_back(*prompt);
    request.second_factor = stored_value<SecondFactor>(parts.part()).value_or(SecondFactor::kNotAsked);
    if (const auto user = parts.part(); !user.empty()) request.user = UserId::parse(user).value_or(UserId{});
    if (parts.part() == "pushed") {
        const Uuid id = parts.uuid();
        request.pushed = PushedRequest{id, Instant::at_ms(parts.number())};
    }
    if (!parts.is_good() || log_id != by.log_id) return std::nullopt;
    return request;
}

std::string clear_of(const SealedBy& by, const DeviceCode& device) {
    return length_prefixed({view_of(by.log_id), view_of(device.id), view_of(device.application_id),
                            view_of(device.session_id), std::to_string(device.expires_at.ms())}) +
           counted(device.scope) + counted(device.audiences);
}

std::optional<DeviceCode> read_device(const SealedBy& by, const std::optional<std::string>& clear) {
    if (!clear) return std::nullopt;
    security::PartsReader parts(*clear);
    const Uuid log_id = parts.uuid();
    DeviceCode device;
    device.id = DeviceAuthorizationId{parts.uuid()};
    device.application_id = ApplicationId{parts.uuid()};
    device.session_id = SessionId{parts.uuid()};
    device.expires_at = Instant::at_ms(parts.number());
    device.scope = read_counted(parts);
    device.audiences = read_counted(parts);
    if (!parts.is_at_end() || log_id != by.log_id) return std::nullopt;
    return device;
}

}  // namespace

std::optional<std::string> seal_flow(const SealedBy& by, const AuthorizationFlow& flow) {
    std::string clear =
        clear_of(by, flow.request) + length_prefixed({flow.browser, flow.application_name, flow.accent_color,
                                                      flow.accent_color_dark, flow.logo_uri, flow.leads_to});
    if (flow.chosen) clear += length_prefixed({view_of(*flow.chosen)});
    if (clear.size() > kMaxFlowClearBytes) return std::nullopt;
    return by.cursors.seal(kFlow, clear);
}

std::optional<AuthorizationFlow> open_flow(const SealedBy& by, std::string_view sealed, Instant now) {
    const auto clear = by.cursors.open(kFlow, sealed);
    if (!clear) return std::nullopt;
    security::PartsReader parts(*clear);
    auto request = read_request(by, parts);
    AuthorizationFlow flow;
    flow.browser = parts.part();
    flow.application_name = parts.part();
    flow.accent_color = parts.part();
    flow.accent_color_dark = parts.part();
    flow.logo_uri = parts.part();
    flow.leads_to = parts.part();
    if (parts.is_good() && !parts.is_at_end()) flow.chosen = SessionId{parts.uuid()};
    if (!request || !parts.is_at_end() || now - request->made_at > kFlowLasts) return std::nullopt;
    flow.request = std::move(*request);
    return flow;
}

std::optional<std::string> seal_pushed(const SealedBy& by, const AuthorizationRequest& request) {
    const std::string clear = clear_of(by, request);
    if (clear.size() > kMaxRequestUriBytes) return std::nullopt;
    std::string request_uri = std::string(kRequestUriPrefix) + by.cursors.seal(kPushed, clear);
    if (request_uri.size() > kMaxRequestUriBytes) return std::nullopt;
    return request_uri;
}

std::optional<AuthorizationRequest> open_pushed(const SealedBy& by, std::string_view request_uri) {
    if (!request_uri.starts_with(kRequestUriPrefix)) return std::nullopt;
    const auto clear = by.cursors.open(kPushed, request_uri.substr(kRequestUriPrefix.size()));
    if (!clear) return std::nullopt;
    security::PartsReader parts(*clear);
    auto request = read_request(by, parts);
    if (!request || !request->pushed || !parts.is_at_end()) return std::nullopt;
    return request;
}

std::string digest_of_flow_cookie(std::string_view cookie) {
    const auto digest = security::sha256({"authorization flow", cookie});
    return std::string(view_of(digest));
}

std::string seal_code(const SealedBy& by, const AuthorizationCode& code) {
    std::string clear =
        length_prefixed({view_of(by.log_id), view_of(code.application_id), code.redirect_uri, code.code_challenge,
                         code.nonce, view_of(code.user_id), std::to_string(code.security_stamp),
                         view_of(code.session_id), view_of(code.browser_session_id),
                         std::to_string(code.expires_at.ms()), std::to_string(code.given_at), code.key_thumbprint});
    clear += counted(code.scope) + counted(code.audiences);
    return by.cursors.seal(kCode, clear);
}

std::optional<AuthorizationCode> open_code(const SealedBy& by, std::string_view sealed) {
    const auto clear = by.cursors.open(kCode, sealed);
    if (!clear) return std::nullopt;
    security::PartsReader parts(*clear);
    AuthorizationCode code;
    const Uuid log_id = parts.uuid();
    code.application_id = ApplicationId{parts.uuid()};
    code.redirect_uri = parts.part();
    code.code_challenge = parts.part();
    code.nonce = parts.part();
    code.user_id = UserId{parts.uuid()};
    code.security_stamp = parts.number();
    code.session_id = SessionId{parts.uuid()};
    code.browser_session_id = SessionId{parts.uuid()};
    code.expires_at = Instant::at_ms(parts.number());
    code.given_at = parts.number();
    code.key_thumbprint = parts.part();
    code.scope = read_counted(parts);
    code.audiences = read_counted(parts);
    if (!parts.is_at_end() || log_id != by.log_id) return std::nullopt;
    return code;
}

std::string seal_device_code(const SealedBy& by, const DeviceCode& device) {
    return by.cursors.seal(kDeviceCode, clear_of(by, device));
}
std::optional<DeviceCode> open_device_code(const SealedBy& by, std::string_view sealed) {
    return read_device(by, by.cursors.open(kDeviceCode, sealed));
}
std::string seal_asked_device(const SealedBy& by, const DeviceCode& device) {
    return by.cursors.seal(kAskedDevice, clear_of(by, device));
}
std::optional<DeviceCode> open_asked_device(const SealedBy& by, std::string_view sealed) {
    return read_device(by, by.cursors.open(kAskedDevice, sealed));
}

std::string seal_browser(const SealedBy& by, const Bearer& bearer) {
    return by.cursors.seal(
        kBrowser, length_prefixed({view_of(by.log_id), view_of(bearer.user_id), view_of(bearer.session_id),
                                   std::to_string(bearer.security_stamp), std::to_string(bearer.issued_at.ms())}));
}

std::optional<Bearer> open_browser(const SealedBy& by, std::string_view sealed) {
    const auto clear = by.cursors.open(kBrowser, sealed);
    if (!clear) return std::nullopt;
    security::PartsReader parts(*clear);
    const Uuid log_id = parts.uuid();
    Bearer bearer;
    bearer.user_id = UserId{parts.uuid()};
    bearer.session_id = SessionId{parts.uuid()};
    bearer.security_stamp = parts.number();
    bearer.issued_at = Instant::at_ms(parts.number());
    if (!parts.is_at_end() || log_id != by.log_id) return std::nullopt;
    return bearer;
}

}  // namespace keyledger::commands
