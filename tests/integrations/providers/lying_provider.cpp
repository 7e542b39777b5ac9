#include "tests/integrations/providers/lying_provider.hpp"

#include "security/primitives/base64url.hpp"

namespace keyledger::test {
namespace {

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

std::string object_of(LyingProvider::Json members, const LyingProvider::Json& lies) {
    for (const auto& [name, value] : lies) members[name] = value;
    std::string text;
    for (const auto& [name, value] : members)
        if (!value.empty()) text += (text.empty() ? "" : ",") + quoted(name) + ":" + value;
    return "{" + text + "}";
}

}  // namespace

LyingProvider::LyingProvider(Instant now)
    : now_(now), server_([this](RawConnection& connection) { serve(connection); }) {}

void LyingProvider::serve(RawConnection& connection) {
    HttpRequest request;
    while (next_request(connection, request)) {
        if (lies.lets_wait) return connection.wait_for_end();
        connection.send(answer_to(request));
    }
}

std::string LyingProvider::answer_to(const HttpRequest& request) {
    const std::lock_guard lock(mutex_);
    ++asked_[request.target];
    const bool is_token = request.target == "/token";
    const bool is_user_info = request.target == "/userinfo";
    if (is_token || is_user_info) last_token_request_ = request;
    std::string body = lies.body;
    if (!body.empty()) return http_answer(lies.status, "application/json", body);
    if (is_token) {
        body = object_of(
            {{"access_token", quoted("opaque")}, {"token_type", quoted("Bearer")}, {"id_token", quoted(id_token())}},
            lies.tokens);
    } else if (is_user_info) {
        body = object_of({{"sub", quoted("subject-1")},
                          {"email", quoted("ann@example.test")},
                          {"email_verified", "true"},
                          {"name", quoted("Ann of userinfo")},
                          {"locale", quoted("de")}},
                         lies.user_info);
        if (!lies.user_info_body.empty()) body = lies.user_info_body;
    } else if (request.target == "/keys") {
        const std::string id = lies.key_id.empty() ? std::to_string(generation_) : lies.key_id;
        body = "{\"keys\":[{\"kid\":" + quoted(id);
        for (const auto& [name, value] : key_.public_members()) body += "," + quoted(name) + ":" + quoted(value);
        body += "}]}";
    } else {
        body = metadata();
    }
    const std::string& status = is_token ? lies.token_status : is_user_info ? lies.user_info_status : lies.status;
    return http_answer(status, "application/json", body);
}

std::string LyingProvider::metadata() const {
    return object_of({{"issuer", quoted(issuer())},
                      {"authorization_endpoint", quoted(issuer() + "/authorize?already=there")},
                      {"token_endpoint", quoted(issuer() + "/token")},
                      {"jwks_uri", quoted(issuer() + "/keys")},
                      {"userinfo_endpoint", quoted(issuer() + "/userinfo")},
                      {"authorization_response_iss_parameter_supported", "true"}},
                     lies.metadata);
}

std::string LyingProvider::id_token() const {
    const std::string header = lies.token_header.empty()
                                   ? R"({"alg":"ES256","kid":)" + quoted(std::to_string(generation_)) + "}"
                                   : lies.token_header;
    const std::string claims = object_of({{"iss", quoted(issuer())},
                                          {"sub", quoted("subject-1")},
                                          {"aud", quoted("keyledger")},
                                          {"nonce", quoted(nonce_)},
                                          {"iat", std::to_string(now_.ms() / 1000)},
                                          {"exp", std::to_string(now_.ms() / 1000 + 300)},
                                          {"email", quoted("ann@example.test")},
                                          {"email_verified", "true"},
                                          {"name", quoted("Ann")}},
                                         lies.claims);
    const std::string to_sign = security::base64url_encode(header) + "." + security::base64url_encode(claims);
    return to_sign + "." + security::base64url_encode(key_.sign(to_sign));
}

int LyingProvider::asked(const std::string& path) {
    const std::lock_guard lock(mutex_);
    return asked_[path];
}

std::map<std::string, std::string> LyingProvider::last_form() {
    const std::lock_guard lock(mutex_);
    return form_fields(last_token_request_.body);
}

std::string LyingProvider::last_authorization() {
    const std::lock_guard lock(mutex_);
    return last_token_request_.fields["authorization"];
}

void LyingProvider::rotate_key() {
    const std::lock_guard lock(mutex_);
    ++generation_;
    key_ = security::SigningKey::generate(security::SigningAlgorithm::kEs256);
}

void LyingProvider::set_nonce(std::string nonce) {
    const std::lock_guard lock(mutex_);
    nonce_ = std::move(nonce);
}

}  // namespace keyledger::test
