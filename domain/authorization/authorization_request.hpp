#pragma once
// What an application asks of a browser (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1), once it was
// found to be well formed: its client is known, and the redirect URI is one of the client's. Pure.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/application_id.hpp"
#include "domain/base/declare.hpp"
#include "domain/base/time.hpp"

namespace keyledger {

// How the answer comes to the redirect URI: in its query, or by a form that the browser posts (OAuth 2.0 Form Post
// Response Mode).
enum class ResponseMode { kQuery, kFormPost };
constexpr auto enum_names(ResponseMode) {
    return std::array{EnumName{ResponseMode::kQuery, "query"}, EnumName{ResponseMode::kFormPost, "form_post"}};
}

// Of `prompt`; of several, all hold.
enum class Prompt { kNone, kLogin, kConsent, kSelectAccount };
constexpr auto enum_names(Prompt) {
    return std::array{EnumName{Prompt::kNone, "none"}, EnumName{Prompt::kLogin, "login"},
                      EnumName{Prompt::kConsent, "consent"}, EnumName{Prompt::kSelectAccount, "select_account"}};
}

// Whether somebody is to have proven a second factor (`acr` 2): as far as they have one, or in any case.
enum class SecondFactor { kNotAsked, kWanted, kNeeded };
constexpr auto enum_names(SecondFactor) {
    return std::array{EnumName{SecondFactor::kNotAsked, "not_asked"}, EnumName{SecondFactor::kWanted, "wanted"},
                      EnumName{SecondFactor::kNeeded, "needed"}};
}

// That it was pushed (RFC 9126), by which it is told from others: it is good for one code.
struct PushedRequest {
    Uuid id;
    Instant at;
};

struct AuthorizationRequest {
    ApplicationId application_id;
    std::string redirect_uri;
    std::vector<std::string> scope;  // that the application may ask for; in the order in which it was asked, each once
    std::string state;               // goes back as it came; empty: none
    std::string nonce;               // goes into the ID token; empty: none
    std::string code_challenge;      // S256 (RFC 7636)
    std::vector<std::string> resources;
    std::vector<Prompt> prompts;
    SecondFactor second_factor = SecondFactor::kNotAsked;
    std::optional<UserId> user{};  // who alone is meant: by an ID token, or by `sub`
    std::optional<Duration> max_age;
    std::string key_thumbprint;  // that the code is to be bound to (dpop_jkt, RFC 9449 section 10); empty: to none
    std::string login_hint;
    std::string ui_locales;
    ResponseMode response_mode = ResponseMode::kQuery;
    Instant made_at;  // what was proven since then was proven for it
    std::optional<PushedRequest> pushed{};

    bool asks_for(Prompt prompt) const;
    bool has_scope(std::string_view word) const;
};

}  // namespace keyledger
