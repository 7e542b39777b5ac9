#include "api/routes/refusals.hpp"

#include "api/wire/form.hpp"
#include "commands/access/step_up.hpp"
#include "commands/clients/clients.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/passkeys/passkey_challenges.hpp"
#include "commands/sessions/half_log_in.hpp"
#include "commands/sessions/log_in.hpp"
#include "commands/sessions/refresh_session.hpp"

namespace keyledger::api {
namespace {

constexpr std::string_view kCorrectTheField = "Correct the field named in 'errors' and send the request again.";
constexpr const char* kServiceTokenDetail =
    "This is a service account's token, and only users' tokens open this. A service account's opens introspection and "
    "evaluation.";
constexpr const char* kNoTokenDetail = "This takes a bearer token: log in, and send it as 'Authorization: Bearer'.";

// What an OAuth client reads (RFC 6749 section 5.2, RFC 8707 section 2); empty: nothing.
std::string_view oauth_code_of(RefusalRef refusal) {
    if (refusal == refusals::kInvalidTarget) return "invalid_target";
    if (refusal == refusals::kInvalidGrant) return "invalid_grant";
    if (refusal == refusals::kInvalidClient) return "invalid_client";
    return {};
}

Problem problem_of(const commands::CommandError& error) {
    const Refusal& refusal = *error.refusal;
    Problem what{type_of(refusal), std::string(refusal.advice), {}, {}, {}};
    if (error.text) what.detail = explanation_of(*error.text);
    if (!refusal.field.empty()) {
        what.errors.push_back({std::string(refusal.field), std::move(what.detail)});
        what.detail = kCorrectTheField;
    }
    const std::string_view code = oauth_code_of(error.refusal);
    if (!code.empty()) what.members.push_back({"error", std::string(code)});
    if (error.go_on) {
        what.members.push_back({"mfa_token", error.go_on->token});
        what.lists.emplace_back("kinds", error.go_on->kinds);
    }
    if (error.retry_after > Duration()) what.retry_after = error.retry_after;
    else if (may_be_repeated(refusal.kind)) what.retry_after = seconds(1);
    return what;
}

// As a resource server challenges (RFC 9470 section 3), but with 403: the token is good, and nobody has to log in anew.
// Empty: to authenticate again would not help.
std::string_view step_up_challenge(RefusalRef refusal) {
    if (refusal == refusals::kSecondFactorNotRecent)
        return R"(Bearer realm="keyledger", error="insufficient_user_authentication", acr_values="2")";
    if (refusal == refusals::kPasswordNotRecent)
        return R"(Bearer realm="keyledger", error="insufficient_user_authentication", acr_values="1")";
    return {};
}

Response challenge(Response response, std::string_view header) {
    response.headers.add("WWW-Authenticate", header);
    return response;
}

}  // namespace

int status_of(RefusalKind kind) {
    switch (kind) {
        case RefusalKind::kInvalid:
        case RefusalKind::kUnsuitable: return 400;
        case RefusalKind::kUnauthenticated: return 401;
        case RefusalKind::kForbidden: return 403;
        case RefusalKind::kUnknown: return 404;
        case RefusalKind::kConflict: return 409;
        case RefusalKind::kChanged: return 412;
        case RefusalKind::kRejected:
        case RefusalKind::kMisusedKey: return 422;
        case RefusalKind::kTooMany: return 429;
        case RefusalKind::kUnavailable: return 503;
        case RefusalKind::kBroken:
        case RefusalKind::kTampered: return 500;
    }
    return 500;
}

ProblemType type_of(const Refusal& refusal) { return {refusal.slug, refusal.title, status_of(refusal.kind)}; }

Response refuse(const Request& request, const commands::CommandError& error) {
    Response response = problem(request, problem_of(error));
    if (error.refusal == refusals::kInvalidToken)
        return challenge(std::move(response), R"(Bearer realm="keyledger", error="invalid_token")");
    const bool lacks_permission = error.refusal == refusals::kForbidden || error.refusal == refusals::kExceedsAuthority;
    if (lacks_permission && bearer_token(request))
        return challenge(std::move(response), R"(Bearer realm="keyledger", error="insufficient_scope")");
    if (const auto wanted = step_up_challenge(error.refusal); !wanted.empty() && bearer_token(request))
        return challenge(std::move(response), wanted);
    if (error.refusal == refusals::kInvalidClient)
        return challenge(std::move(response), R"(Basic realm="keyledger", charset="UTF-8")");
    if (error.refusal == refusals::kInvalidCredentials || error.refusal == refusals::kHalfLoginOver ||
        error.refusal == refusals::kPasskeyNotProven)
        return challenge(std::move(response), R"(Bearer realm="keyledger")");
    return response;
}

Response refuse_new_password(const Request& request, const commands::CommandError& error, std::string_view field,
                             std::size_t least_length) {
    if (error.refusal->kind != RefusalKind::kRejected) return refuse(request, error);
    Problem what = problem_of(error);
    if (error.refusal == refusals::kPasswordTooShort)
        what.detail = "The password is too short: it takes " + std::to_string(least_length) +
                      " characters at least. Use a phrase of several words.";
    what.errors.push_back({std::string(field), what.detail});
    return problem(request, what);
}

Response refuse_token(const Request& request) { return refuse(request, refusals::kInvalidToken); }

Response refuse_without_token(const Request& request) {
    return challenge(problem(request, type_of(refusals::kInvalidToken), kNoTokenDetail), R"(Bearer realm="keyledger")");
}

Response refuse_client(const Request& request) { return refuse(request, refusals::kInvalidClient); }

Response refuse_service(const Request& request) {
    return challenge(problem(request, type_of(refusals::kInvalidToken), kServiceTokenDetail),
                     R"(Bearer realm="keyledger", error="invalid_token")");
}

}  // namespace keyledger::api
