#include "api/refusals.hpp"

namespace keyledger::api {
namespace {

using commands::Refusal;

Problem field_problem(std::string field, std::string detail) {
    return {problems::kInvalidFields, "Correct the field named in 'errors' and send the request again.", {},
            {{std::move(field), std::move(detail)}}, {}};
}

Problem password_problem(std::string detail) {
    return {problems::kInvalidPassword, std::move(detail), {}, {}, {}};
}

Problem problem_of(Refusal refusal) {
    namespace p = problems;
    switch (refusal) {
        case Refusal::kInvalidEmail:
            return field_problem("email", "Give an address such as ann@example.com, in ASCII.");
        case Refusal::kInvalidUsername:
            return field_problem("username", "Use 3 to 32 letters, digits, '.', '_' or '-', a letter or digit first.");
        case Refusal::kInvalidName:
            return field_problem("name", "Use 1 to 256 bytes of text without control characters.");
        case Refusal::kPasswordTooShort:
            return password_problem("The password is too short. Use a longer one, such as a phrase of several words.");
        case Refusal::kPasswordTooLong:
            return password_problem("The password is too long. Use at most 256 characters.");
        case Refusal::kPasswordTooWeak:
            return password_problem("The password is easy to guess. Use a phrase of several uncommon words.");
        case Refusal::kPasswordContainsIdentity:
            return password_problem("The password is made of the e-mail address or name. Choose another one.");
        case Refusal::kPasswordNotText: return password_problem("The password is not valid UTF-8 text.");
        case Refusal::kInvalidTarget:
            return {p::kInvalidTarget, "Ask for a 'resource' that this client was configured with.", {}, {},
                    {{"error", "invalid_target"}}};
        case Refusal::kIdempotencyMismatch:
            return {p::kIdempotencyMismatch,
                    "This Idempotency-Key came with another request before. Use a new key for a new request.", {}, {},
                    {}};
        case Refusal::kInvalidCredentials:
            return {p::kInvalidCredentials, "User or password is wrong. Check both and try again.", {}, {}, {}};
        case Refusal::kUserDisabled:
            return {p::kUserDisabled, "This user is disabled. Ask an administrator.", {}, {}, {}};
        case Refusal::kInvalidToken:
            return {p::kInvalidToken, "The token ended or was never good. Log in, or refresh the session.", {}, {},
                    {}};
        case Refusal::kInvalidGrant:
            return {p::kInvalidGrant, "The refresh token is not good (any more). Log in again.", {}, {},
                    {{"error", "invalid_grant"}}};
        case Refusal::kWrongPassword:
            return {p::kWrongPassword, "The current password is wrong. Nothing was changed.", {}, {}, {}};
        case Refusal::kTooManyAttempts:
            return {p::kTooManyAttempts, "Wait for the time in Retry-After, then try again.", {}, {}, {}};
        case Refusal::kForbidden: return {p::kForbidden, "This takes an administrator.", {}, {}, {}};
        case Refusal::kUserUnknown: return {p::kUserUnknown, "There is no user with this id.", {}, {}, {}};
        case Refusal::kSessionUnknown:
            return {p::kSessionUnknown, "You have no session with this id.", {}, {}, {}};
        case Refusal::kEmailTaken:
            return {p::kEmailTaken, "Somebody registered with this e-mail address. Log in instead.", {}, {}, {}};
        case Refusal::kUsernameTaken:
            return {p::kUsernameTaken, "This user name is in use. Choose another one.", {}, {}, {}};
        case Refusal::kAdministratorExists:
        case Refusal::kIsAdministrator:
            return {p::kIsAdministrator, "The administrator can't be disabled or erased: nobody could replace him.",
                    {}, {}, {}};
        case Refusal::kBusy:
            return {p::kBusy, "Other commands on the same account came first, several times. Send it again.", {}, {},
                    {}};
        case Refusal::kOverloaded:
            return {p::kShedding, "The service has more to do than it can. Nothing was done; try again later.", {},
                    {}, {}};
        case Refusal::kUnavailable:
            return {p::kUnavailable, "The event store does not answer. Nothing was done; try again later.", {}, {},
                    {}};
        case Refusal::kOutcomeUnknown:
            return {p::kOutcomeUnknown,
                    "It is not known whether this was done. Repeat it with the same Idempotency-Key.", {}, {}, {}};
        case Refusal::kCredentialTampered:
        case Refusal::kBroken:
            return {p::kInternalError, "Something is broken in the service. Quote the request id to its operator.",
                    {}, {}, {}};
    }
    return {p::kInternalError, "Something is broken in the service.", {}, {}, {}};
}

Response challenge(Response response, std::string_view header) {
    response.headers.add("WWW-Authenticate", header);
    return response;
}

}  // namespace

Response refuse(const Request& request, const commands::CommandError& error) {
    Problem what = problem_of(error.refusal);
    if (error.retry_after_s > 0) what.retry_after_s = static_cast<int>(error.retry_after_s);
    if (what.type.status == 503 && !what.retry_after_s) what.retry_after_s = 1;
    Response response = problem(request, what);
    if (error.refusal == Refusal::kInvalidToken)
        return challenge(std::move(response), R"(Bearer realm="keyledger", error="invalid_token")");
    if (error.refusal == Refusal::kInvalidCredentials)
        return challenge(std::move(response), R"(Bearer realm="keyledger")");
    return response;
}

Response refuse_token(const Request& request) {
    return refuse(request, commands::CommandError(Refusal::kInvalidToken));
}

Response refuse_client(const Request& request) {
    Problem what{problems::kInvalidClient,
                 "Authenticate as a client with HTTP Basic: its id and secret, form-encoded (RFC 6749 section 2.3.1).",
                 {}, {}, {{"error", "invalid_client"}}};
    return challenge(problem(request, what), R"(Basic realm="keyledger", charset="UTF-8")");
}

}  // namespace keyledger::api
