#pragma once
// What a provider tells of itself (OpenID Connect Discovery 1.0), and what it answers at its token and userinfo
// endpoints. Pure.
#include <string>
#include <string_view>

#include "domain/base/result.hpp"
#include "integrations/providers/provider_options.hpp"

namespace keyledger::integrations {

struct ProviderMetadata {
    std::string authorization_endpoint{};
    std::string token_endpoint{};
    std::string jwks_uri{};
    std::string userinfo_endpoint{};  // empty: it has none
    bool says_issuer = false;         // authorization_response_iss_parameter_supported (RFC 9207)
};
// The error is a word for logs. It has to name the very issuer that is configured (section 4.3).
Result<ProviderMetadata, std::string_view> read_metadata(std::string_view json, std::string_view issuer);

struct TokenAnswer {
    std::string id_token{};
    std::string access_token{};  // for at_hash and userinfo alone
    bool is_bearer = false;      // it may be sent as RFC 6750 says
};
Result<TokenAnswer, std::string_view> read_token_answer(std::string_view json);

struct UserInfo {
    std::string email{};
    bool email_verified = false;
    std::string name{};
    std::string locale{};
};
inline constexpr std::string_view kUserinfoOfAnother = "userinfo-subject";
// kUserinfoOfAnother: nothing is taken from one whose `sub` is not the ID token's (OpenID Connect Core 1.0 section
// 5.3.2).
Result<UserInfo, std::string_view> read_user_info(std::string_view json, std::string_view subject);

// "a=b&c=d", as forms and queries are written.
class FormText {
public:
    FormText& add(std::string_view name, std::string_view value);
    const std::string& text() const { return text_; }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
};
std::string percent_encoded(std::string_view text);
// The parameters behind a URL that may have some.
std::string with_query(const std::string& url, const FormText& parameters);

// RFC 6749 section 2.3.1: both halves as in a form, then as in RFC 7617.
std::string basic_credentials(std::string_view client_id, std::string_view secret);

}  // namespace keyledger::integrations
