// What every refusal gives, to the byte: over HTTP, to an OAuth client, on the command line, and whether it is
// confirmed against the log. tests/golden/refusals.txt is of the time when all this was written down in several places;
// a new refusal needs no line there.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "api/routes/oauth/client_authentication.hpp"
#include "api/routes/refusals.hpp"
#include "app/cli/refusal_words.hpp"
#include "commands/access/authority.hpp"
#include "commands/clients/clients.hpp"
#include "commands/clients/service_accounts.hpp"
#include "commands/clients/service_tokens.hpp"
#include "commands/credentials/password_history.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/entity_tags.hpp"
#include "commands/sessions/log_in.hpp"
#include "commands/sessions/refresh_session.hpp"
#include "domain/access/administrators.hpp"
#include "domain/access/assignments.hpp"
#include "domain/access/nestings.hpp"
#include "domain/sessions/session.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::app {
namespace {

struct Named {
    std::string_view name;
    RefusalRef refusal;
};
constexpr Named kAll[] = {
    {"kInvalidEmail", refusals::kInvalidEmail},
    {"kInvalidUsername", refusals::kInvalidUsername},
    {"kInvalidName", refusals::kInvalidName},
    {"kInvalidRoleName", refusals::kInvalidRoleName},
    {"kInvalidGroupName", refusals::kInvalidGroupName},
    {"kGroupNameKept", refusals::kGroupNameReserved},
    {"kInvalidPermission", refusals::kInvalidPermission},
    {"kReservedPermission", refusals::kReservedPermission},
    {"kTooManyPermissions", refusals::kTooManyPermissions},
    {"kInvalidAccountName", refusals::kInvalidAccountName},
    {"kInvalidAudience", refusals::kInvalidAudience},
    {"kTooManyAudiences", refusals::kTooManyAudiences},
    {"kInvalidKey", refusals::kInvalidKey},
    {"kPasswordTooShort", refusals::kPasswordTooShort},
    {"kPasswordTooLong", refusals::kPasswordTooLong},
    {"kPasswordTooWeak", refusals::kPasswordTooWeak},
    {"kPasswordKnown", refusals::kPasswordKnown},
    {"kPasswordUsedBefore", refusals::kPasswordUsedBefore},
    {"kPasswordContainsIdentity", refusals::kPasswordContainsIdentity},
    {"kPasswordNotText", refusals::kPasswordNotText},
    {"kInvalidTarget", refusals::kInvalidTarget},
    {"kInvalidScope", refusals::kInvalidScope},
    {"kIdempotencyMismatch", refusals::kIdempotencyMismatch},
    {"kPreconditionFailed", refusals::kPreconditionFailed},
    {"kInvalidCredentials", refusals::kInvalidCredentials},
    {"kUserDisabled", refusals::kUserDisabled},
    {"kInvalidToken", refusals::kInvalidToken},
    {"kInvalidGrant", refusals::kInvalidGrant},
    {"kInvalidClient", refusals::kInvalidClient},
    {"kWrongPassword", refusals::kWrongPassword},
    {"kTooManyAttempts", refusals::kTooManyAttempts},
    {"kForbidden", refusals::kForbidden},
    {"kExceedsAuthority", refusals::kExceedsAuthority},
    {"kUserUnknown", refusals::kUserUnknown},
    {"kSessionUnknown", refusals::kSessionUnknown},
    {"kEmailTaken", refusals::kEmailTaken},
    {"kUsernameTaken", refusals::kUsernameTaken},
    {"kAdministratorExists", refusals::kAdministratorExists},
    {"kLastAdministrator", refusals::kLastAdministrator},
    {"kTooManyAdministrators", refusals::kTooManyAdministrators},
    {"kRoleUnknown", refusals::kRoleUnknown},
    {"kRoleNameTaken", refusals::kRoleNameTaken},
    {"kRoleBuiltIn", refusals::kRoleBuiltIn},
    {"kTooManyRoles", refusals::kTooManyRoles},
    {"kGroupUnknown", refusals::kGroupUnknown},
    {"kGroupNameTaken", refusals::kGroupNameTaken},
    {"kEveryoneNameTaken", refusals::kEveryoneNameTaken},
    {"kGroupBuiltIn", refusals::kGroupBuiltIn},
    {"kNotForEveryone", refusals::kNotForEveryone},
    {"kGroupCycle", refusals::kGroupCycle},
    {"kGroupsTooDeep", refusals::kGroupsTooDeep},
    {"kTooManyGroupsAbove", refusals::kTooManyGroupsAbove},
    {"kTooManyNestings", refusals::kTooManyNestings},
    {"kTooManyGroups", refusals::kTooManyGroups},
    {"kTooManyHoldings", refusals::kTooManyHoldings},
    {"kAdministratorsAreUsers", refusals::kAdministratorsAreUsers},
    {"kAccountUnknown", refusals::kAccountUnknown},
    {"kAccountNameTaken", refusals::kAccountNameTaken},
    {"kCredentialUnknown", refusals::kCredentialUnknown},
    {"kKeyKnown", refusals::kKeyAlreadyRegistered},
    {"kKeyIdTaken", refusals::kKeyIdTaken},
    {"kTooManySecrets", refusals::kTooManySecrets},
    {"kTooManyKeys", refusals::kTooManyKeys},
    {"kBusy", refusals::kBusy},
    {"kOverloaded", refusals::kOverloaded},
    {"kUnavailable", refusals::kUnavailable},
    {"kOutcomeUnknown", refusals::kOutcomeUnknown},
    {"kCredentialTampered", refusals::kCredentialTampered},
    {"kBroken", refusals::kBroken},
};

std::string shown(const api::Response& response) {
    std::string text = std::to_string(response.status);
    for (const std::string_view name : {"WWW-Authenticate", "Retry-After"})
        if (const auto value = response.headers.find(name))
            text.append(" [").append(name).append(": ").append(*value).append("]");
    return text.append(" ").append(response.body);
}

// Everything that is said of one refusal, a line each; what was said before is not said again.
class Told {
public:
    explicit Told(std::string_view name) : text_(name) { text_.append("\n"); }
    void tell(const std::string& what, const std::string& said) {
        const auto [at, is_new] = lines_.emplace(said, what);
        text_.append("  ").append(what).append(": ").append(is_new ? said : "as " + at->second).append("\n");
    }
    const std::string& text() const { return text_; }

private:
    std::string text_;
    std::map<std::string, std::string> lines_;
};

std::string told_of(std::string_view name, RefusalRef refusal) {
    const api::Request request;
    api::Request of_bearer;
    of_bearer.headers.add("Authorization", "Bearer something");
    const commands::CommandError plain(refusal);
    const commands::CommandError later(*refusal, seconds(7));
    const commands::CommandError text = commands::refused_text(refusal, TextFault::kHidden);
    Told told(name);
    told.tell("about the log", is_about_the_log(refusal->kind) ? "yes" : "no");
    told.tell("answer", shown(api::refuse(request, plain)));
    told.tell("to a bearer", shown(api::refuse(of_bearer, plain)));
    told.tell("later", shown(api::refuse(request, later)));
    told.tell("of a text", shown(api::refuse(request, text)));
    told.tell("of a password", shown(api::refuse_new_password(request, plain, "new_password", 15)));
    told.tell("of its text", shown(api::refuse_new_password(request, text, "new_password", 15)));
    told.tell("to an OAuth client", shown(api::oauth_refuse(request, later)));
    told.tell("create-admin", std::string(said_of_user(refusal)));
    told.tell("access apply", said_of_access("role 'r'", refusal));
    return told.text();
}

TEST(Refusals, AreAnsweredAsTheyEverWere) {
    std::ifstream file("tests/golden/refusals.txt", std::ios::binary);
    std::ostringstream kept;
    kept << file.rdbuf();
    std::string told;
    for (const auto& [name, refusal] : kAll) told += told_of(name, refusal);
    EXPECT_EQ(told, kept.str());
}

TEST(Refusals, AreToldApartByWhichTheyAreAndNotByWhatTheySay) {
    const RefusalRef ended = refusals::kSessionEnded;
    EXPECT_EQ(ended, refusals::kSessionEnded);
    EXPECT_FALSE(ended == refusals::kInvalidToken);
    EXPECT_EQ(ended->slug, refusals::kInvalidToken.slug);
    EXPECT_EQ(ended->advice, refusals::kInvalidToken.advice);
    for (const Named& one : kAll)
        for (const Named& other : kAll) EXPECT_EQ(one.refusal == other.refusal, one.name == other.name) << one.name;
}

}  // namespace
}  // namespace keyledger::app
