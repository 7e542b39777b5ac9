#include "api/routes/refusals.hpp"

#include <map>

#include "api/wire/form.hpp"

namespace keyledger::api {
namespace {

using commands::Refusal;

Problem field_problem(std::string field, std::string detail) {
    return {problems::kInvalidFields,
            "Correct the field named in 'errors' and send the request again.",
            {},
            {{std::move(field), std::move(detail)}},
            {}};
}

Problem say(const ProblemType& type, std::string detail) { return {type, std::move(detail), {}, {}, {}}; }

Problem password_problem(std::string detail) { return {problems::kInvalidPassword, std::move(detail), {}, {}, {}}; }

// What does not fit on a line below.
constexpr const char* kInvalidEmailDetail = "Give an address such as ann@example.com, in ASCII.";
constexpr const char* kInvalidUsernameDetail = "Use 3 to 64 letters, digits, '.', '_' or '-', a letter or digit first.";
constexpr const char* kInvalidNameDetail = "Use 1 to 256 bytes of text, without control or hidden characters.";
constexpr const char* kInvalidRoleNameDetail = "Use 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first.";
constexpr const char* kInvalidPermissionDetail =
    "Write each as resource:action or resource/instance:action, such as invoices:read or invoices/42:read, "
    "and @own behind it for what is one's own. Resource and action: 1 to 64 letters, digits, '.', '_' or '-', a "
    "letter or digit first, or '*'. Instance: 1 to 128 letters, digits, '.', '_', '~' or '-', of a resource that has "
    "a name. Any other byte of a name is written as '%' and two capital hexadecimal digits.";
constexpr const char* kReservedPermissionDetail =
    "What Keyledger itself asks for (keyledger....) can't be denied. Withdraw the role that grants it.";
constexpr const char* kTooManyPermissionsDetail =
    "A role has at most 128 permissions, denials among them. Split it in two.";
constexpr const char* kInvalidAccountNameDetail =
    "Use 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first.";
constexpr const char* kInvalidAudienceDetail =
    "Give each as an absolute URI without a fragment, such as https://orders.example, of at most 512 bytes.";
constexpr const char* kInvalidKeyDetail =
    "Give the public half of a key as a JWK: RSA of 2048 to 4096 bits with the exponent AQAB, EC on P-256, or OKP "
    "Ed25519. A private half that was sent must be replaced.";
constexpr const char* kAccountNameTakenDetail = "There is a service account of this name. Choose another one.";
constexpr const char* kTooManySecretsDetail =
    "A service account has at most two secrets: one in use and one to come. Remove one first.";
constexpr const char* kServiceTokenDetail =
    "This is a service account's token, and only users' tokens open this. A service account's opens introspection and "
    "evaluation.";
constexpr const char* kIdempotencyMismatchDetail =
    "This Idempotency-Key came with another request before. Use a new key for a new request.";
constexpr const char* kPreconditionFailedDetail =
    "It was changed since it was read: its ETag is not that of If-Match. Read it again, then decide.";
constexpr const char* kInvalidCredentialsDetail = "User or password is wrong. Check both and try again.";
constexpr const char* kInvalidClientDetail =
    "Authenticate as a client with HTTP Basic: its id and secret, form-encoded (RFC 6749 section 2.3.1).";
constexpr const char* kInvalidTokenDetail = "The token ended or was never good. Log in, or refresh the session.";
constexpr const char* kNoTokenDetail = "This takes a bearer token: log in, and send it as 'Authorization: Bearer'.";
constexpr const char* kWrongPasswordDetail = "The current password is wrong. Nothing was changed.";
constexpr const char* kTooManyAttemptsDetail = "Wait for the time in Retry-After, then try again.";
constexpr const char* kForbiddenDetail =
    "This takes a permission that none of your roles grants. Ask an administrator.";
constexpr const char* kExceedsAuthorityDetail =
    "A permission is concerned that you do not hold yourself: nobody grants it, nor changes somebody who "
    "holds it, but those who hold it.";
constexpr const char* kRoleNameTakenDetail = "There is a role of this name. Choose another one.";
constexpr const char* kRoleBuiltInDetail = "This role is built in: it is neither changed nor deleted.";
constexpr const char* kTooManyRolesDetail = "A user has at most 24 roles of his own, a group 8. Withdraw one first.";
constexpr const char* kTooManyAdministratorsDetail =
    "There are at most 256 administrators. Withdraw the role from one first.";
constexpr const char* kAdministratorsAreUsersDetail =
    "The administrator's role is given to users, one by one. Define a role of your own for others.";
constexpr const char* kGroupNameKeptDetail =
    "This name is kept for the built-in group of all users. Choose another one.";
constexpr const char* kGroupBuiltInDetail =
    "'everyone' is the built-in group of all users. It is given roles and loses them; nobody joins or leaves it, "
    "and it is neither renamed, deleted nor nested.";
constexpr const char* kEveryoneNameTakenDetail =
    "Another group has the name 'everyone' from before, which is now that of the group of all users. Rename that "
    "one, then send this again.";
constexpr const char* kNotForEveryoneDetail =
    "The role would let every user do what administers Keyledger (keyledger.... or a resource '*'). Give that to "
    "groups or users of their own.";
constexpr const char* kTooManyHoldingsDetail =
    "More than 96 roles and groups come together in somebody whom this concerns. Put fewer and wider roles "
    "into groups, or "
    "let an administrator do it.";
constexpr const char* kEmailTakenDetail = "Somebody registered with this e-mail address. Log in instead.";
constexpr const char* kLastAdministratorDetail = "This is the last active administrator. Make another one first.";
constexpr const char* kBusyDetail = "Other commands on the same account came first, several times. Send it again.";
constexpr const char* kOverloadedDetail = "The service has more to do than it can. Nothing was done; try again later.";
constexpr const char* kUnavailableDetail =
    "This node can't reach what this takes at the moment: the event store, what is read from it, or a key. Its "
    "operator is told which. Nothing was done; try again later.";
constexpr const char* kOutcomeUnknownDetail =
    "It is not known whether this was done. Repeat it with the same Idempotency-Key.";
constexpr const char* kBrokenDetail = "Something is broken in the service. Quote the request id to its operator.";

// What is said of groups, of service accounts, and of what was changed since it was read.
Problem said_of(Refusal refusal) {
    namespace p = problems;
    static const std::map<Refusal, Problem> kSaid{
        {Refusal::kPreconditionFailed, say(p::kPreconditionFailed, kPreconditionFailedDetail)},
        {Refusal::kGroupUnknown, say(p::kGroupUnknown, "There is no group with this id.")},
        {Refusal::kGroupNameTaken, say(p::kGroupNameTaken, "There is a group of this name. Choose another one.")},
        {Refusal::kGroupBuiltIn, say(p::kGroupBuiltIn, kGroupBuiltInDetail)},
        {Refusal::kEveryoneNameTaken, say(p::kGroupBuiltIn, kEveryoneNameTakenDetail)},
        {Refusal::kNotForEveryone, say(p::kGroupBuiltIn, kNotForEveryoneDetail)},
        {Refusal::kGroupCycle,
         say(p::kGroupCycle, "The upper group stands under the lower one already, or is the same.")},
        {Refusal::kGroupsTooDeep,
         say(p::kLimitReached, "At most 5 groups stand one above the other. Nest it further up.")},
        {Refusal::kTooManyGroupsAbove,
         say(p::kLimitReached, "At most 8 groups stand above one, near and far. Nest it elsewhere.")},
        {Refusal::kTooManyNestings,
         say(p::kLimitReached, "There are 2000 nestings of groups in all. Take one away first.")},
        {Refusal::kTooManyGroups,
         say(p::kLimitReached, "A member is in at most 8 groups by itself. Remove it from one, or nest groups.")},
        {Refusal::kTooManyHoldings, say(p::kExceedsAuthority, kTooManyHoldingsDetail)},
        {Refusal::kAccountUnknown, say(p::kAccountUnknown, "There is no service account with this id.")},
        {Refusal::kAccountNameTaken, say(p::kAccountNameTaken, kAccountNameTakenDetail)},
        {Refusal::kCredentialUnknown,
         say(p::kCredentialUnknown, "The service account has no secret or key with this id.")},
        {Refusal::kKeyKnown, say(p::kKeyKnown, "The service account has this very key already.")},
        {Refusal::kKeyIdTaken,
         say(p::kKeyKnown, "Another key of the service account has this 'kid'. Give this one its own, or none.")},
        {Refusal::kTooManySecrets, say(p::kLimitReached, kTooManySecretsDetail)},
        {Refusal::kTooManyKeys, say(p::kLimitReached, "A service account has at most four keys. Remove one first.")},
    };
    return kSaid.at(refusal);
}

// clang-format off
Problem problem_of(Refusal refusal) {
    namespace p = problems;
    switch (refusal) {
        case Refusal::kInvalidEmail: return field_problem("email", kInvalidEmailDetail);
        case Refusal::kInvalidUsername: return field_problem("username", kInvalidUsernameDetail);
        case Refusal::kInvalidName: return field_problem("name", kInvalidNameDetail);
        case Refusal::kInvalidRoleName: case Refusal::kInvalidGroupName:
            return field_problem("name", kInvalidRoleNameDetail);
        case Refusal::kGroupNameKept: return field_problem("name", kGroupNameKeptDetail);
        case Refusal::kGroupBuiltIn: case Refusal::kEveryoneNameTaken: case Refusal::kNotForEveryone:
        case Refusal::kGroupUnknown: case Refusal::kGroupNameTaken: case Refusal::kGroupCycle:
        case Refusal::kGroupsTooDeep: case Refusal::kTooManyGroupsAbove: case Refusal::kTooManyNestings:
        case Refusal::kTooManyGroups: case Refusal::kTooManyHoldings: return said_of(refusal);
        case Refusal::kInvalidPermission: return field_problem("permissions", kInvalidPermissionDetail);
        case Refusal::kReservedPermission: return field_problem("deny", kReservedPermissionDetail);
        case Refusal::kTooManyPermissions: return field_problem("permissions", kTooManyPermissionsDetail);
        case Refusal::kInvalidAccountName: return field_problem("name", kInvalidAccountNameDetail);
        case Refusal::kInvalidAudience: return field_problem("audiences", kInvalidAudienceDetail);
        case Refusal::kTooManyAudiences: return field_problem("audiences", "Give at most 16 audiences.");
        case Refusal::kInvalidKey: return field_problem("kty", kInvalidKeyDetail);
        case Refusal::kInvalidScope: return field_problem("scope", "Ask for permissions that you hold.");
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
        case Refusal::kIdempotencyMismatch: return say(p::kIdempotencyMismatch, kIdempotencyMismatchDetail);
        case Refusal::kInvalidCredentials: return say(p::kInvalidCredentials, kInvalidCredentialsDetail);
        case Refusal::kUserDisabled: return say(p::kUserDisabled, "This user is disabled. Ask an administrator.");
        case Refusal::kInvalidToken: return say(p::kInvalidToken, kInvalidTokenDetail);
        case Refusal::kInvalidGrant:
            return {p::kInvalidGrant, "The refresh token is not good (any more). Log in again.", {}, {},
                    {{"error", "invalid_grant"}}};
        case Refusal::kInvalidClient:
            return {p::kInvalidClient, kInvalidClientDetail, {}, {}, {{"error", "invalid_client"}}};
        case Refusal::kWrongPassword: return say(p::kWrongPassword, kWrongPasswordDetail);
        case Refusal::kTooManyAttempts: return say(p::kTooManyAttempts, kTooManyAttemptsDetail);
        case Refusal::kForbidden: return say(p::kForbidden, kForbiddenDetail);
        case Refusal::kExceedsAuthority: return say(p::kExceedsAuthority, kExceedsAuthorityDetail);
        case Refusal::kRoleUnknown: return say(p::kRoleUnknown, "There is no role with this id.");
        case Refusal::kRoleNameTaken: return say(p::kRoleNameTaken, kRoleNameTakenDetail);
        case Refusal::kRoleBuiltIn: return say(p::kRoleBuiltIn, kRoleBuiltInDetail);
        case Refusal::kTooManyRoles: return say(p::kLimitReached, kTooManyRolesDetail);
        case Refusal::kAdministratorsAreUsers: return say(p::kRoleBuiltIn, kAdministratorsAreUsersDetail);
        case Refusal::kTooManyAdministrators: return say(p::kLimitReached, kTooManyAdministratorsDetail);
        case Refusal::kPreconditionFailed: case Refusal::kAccountUnknown: case Refusal::kAccountNameTaken:
        case Refusal::kCredentialUnknown: case Refusal::kKeyKnown: case Refusal::kKeyIdTaken:
        case Refusal::kTooManySecrets: case Refusal::kTooManyKeys: return said_of(refusal);
        case Refusal::kUserUnknown: return say(p::kUserUnknown, "There is no user with this id.");
        case Refusal::kSessionUnknown: return say(p::kSessionUnknown, "You have no session with this id.");
        case Refusal::kEmailTaken: return say(p::kEmailTaken, kEmailTakenDetail);
        case Refusal::kUsernameTaken: return say(p::kUsernameTaken, "This user name is in use. Choose another one.");
        case Refusal::kAdministratorExists:
        case Refusal::kLastAdministrator: return say(p::kLastAdministrator, kLastAdministratorDetail);
        case Refusal::kBusy: return say(p::kBusy, kBusyDetail);
        case Refusal::kOverloaded: return say(p::kShedding, kOverloadedDetail);
        case Refusal::kUnavailable: return say(p::kUnavailable, kUnavailableDetail);
        case Refusal::kOutcomeUnknown: return say(p::kOutcomeUnknown, kOutcomeUnknownDetail);
        case Refusal::kCredentialTampered:
        case Refusal::kBroken: return say(p::kInternalError, kBrokenDetail);
    }
    return say(p::kInternalError, "Something is broken in the service.");
}
// clang-format on

Response challenge(Response response, std::string_view header) {
    response.headers.add("WWW-Authenticate", header);
    return response;
}

}  // namespace

Response refuse(const Request& request, const commands::CommandError& error) {
    Problem what = problem_of(error.refusal);
    if (error.text) (what.errors.empty() ? what.detail : what.errors.front().detail) = said_of(*error.text);
    if (error.retry_after_s > 0) what.retry_after_s = static_cast<int>(error.retry_after_s);
    if (what.type.status == 503 && !what.retry_after_s) what.retry_after_s = 1;
    Response response = problem(request, what);
    if (error.refusal == Refusal::kInvalidToken)
        return challenge(std::move(response), R"(Bearer realm="keyledger", error="invalid_token")");
    const bool lacks_permission = error.refusal == Refusal::kForbidden || error.refusal == Refusal::kExceedsAuthority;
    if (lacks_permission && bearer_token(request))
        return challenge(std::move(response), R"(Bearer realm="keyledger", error="insufficient_scope")");
    if (error.refusal == Refusal::kInvalidClient)
        return challenge(std::move(response), R"(Basic realm="keyledger", charset="UTF-8")");
    if (error.refusal == Refusal::kInvalidCredentials)
        return challenge(std::move(response), R"(Bearer realm="keyledger")");
    return response;
}

Response refuse_new_password(const Request& request, const commands::CommandError& error, std::string_view field,
                             std::size_t least_length) {
    Problem what = problem_of(error.refusal);
    if (what.type.slug != problems::kInvalidPassword.slug) return refuse(request, error);
    if (error.text) what.detail = said_of(*error.text);
    if (error.refusal == Refusal::kPasswordTooShort)
        what.detail = "The password is too short: it takes " + std::to_string(least_length) +
                      " characters at least. Use a phrase of several words.";
    what.errors.push_back({std::string(field), what.detail});
    return problem(request, what);
}

Response refuse_token(const Request& request) {
    return refuse(request, commands::CommandError(Refusal::kInvalidToken));
}

Response refuse_without_token(const Request& request) {
    return challenge(problem(request, problems::kInvalidToken, kNoTokenDetail), R"(Bearer realm="keyledger")");
}

Response refuse_client(const Request& request) {
    return refuse(request, commands::CommandError(Refusal::kInvalidClient));
}

Response refuse_service(const Request& request) {
    return challenge(problem(request, problems::kInvalidToken, kServiceTokenDetail),
                     R"(Bearer realm="keyledger", error="invalid_token")");
}

}  // namespace keyledger::api
