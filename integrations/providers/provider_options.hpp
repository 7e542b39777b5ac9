#pragma once
// A provider as configuration describes it, and what is known of some beforehand. Values.
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keyledger::integrations {

struct ProviderOptions {
    enum class Authentication {
        kSecretBasic,  // client_secret_basic
        kSecretPost,   // client_secret_post
        kPrivateKey,   // private_key_jwt
        kNone,         // PKCE alone
    };
    std::string name{};
    std::string title{};
    std::string issuer{};         // as ID tokens have it; "{tenantid}" in it stands for the tenant that they name
    std::string discovered_at{};  // what "/.well-known/openid-configuration" is put behind; empty: the issuer
    std::string client_id{};
    Authentication authentication = Authentication::kSecretBasic;
    std::string secret_file{};  // or of the private key; read at every exchange: it may be renewed
    std::string key_id{};       // of the private key; empty: it is not named
    std::string scope = "openid email profile";
    bool signs_up = false;
    bool links_by_address = false;
    bool believes_addresses = true;       // that it says are verified
    std::string prompt_of_now = "login";  // `prompt` by which it is asked for an authentication of then
    std::vector<std::string> tenants{};   // that are let in; empty: all that its issuer has
};

struct ProviderPreset {
    std::string_view name;
    std::string_view title;
    std::string_view issuer;
    std::string_view discovered_at;
    ProviderOptions::Authentication authentication;
    bool believes_addresses;
    std::string_view prompt_of_now;
};
// Google has no `prompt=login`: at best it has people say which account it is. Microsoft's `email` is whatever an
// administrator of any tenant writes there ("nOAuth"): it never counts.
inline constexpr std::array kProviderPresets{
    ProviderPreset{"google", "Google", "https://accounts.google.com", "", ProviderOptions::Authentication::kSecretBasic,
                   true, "select_account"},
    ProviderPreset{"microsoft", "Microsoft", "https://login.microsoftonline.com/{tenantid}/v2.0",
                   "https://login.microsoftonline.com/common/v2.0", ProviderOptions::Authentication::kSecretPost, false,
                   "login"},
    ProviderPreset{"gitlab", "GitLab", "https://gitlab.com", "", ProviderOptions::Authentication::kSecretBasic, true,
                   "login"},
};

}  // namespace keyledger::integrations
