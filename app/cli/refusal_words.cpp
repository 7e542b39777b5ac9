#include "app/cli/refusal_words.hpp"

#include <algorithm>
#include <span>

#include "commands/credentials/passwords.hpp"
#include "commands/runtime/errors.hpp"
#include "domain/access/assignments.hpp"
#include "domain/access/nestings.hpp"
#include "domain/clients/service_account.hpp"
#include "domain/users/identity.hpp"
#include "domain/users/user.hpp"

namespace keyledger::app {
namespace {

struct Words {
    RefusalRef refusal;
    std::string_view said;
};

std::string_view explanation_of(RefusalRef refusal, std::span<const Words> table, std::string_view otherwise) {
    const auto row = std::ranges::find(table, refusal, &Words::refusal);
    return row == table.end() ? otherwise : row->said;
}

}  // namespace

std::string_view said_of_user(RefusalRef refusal) {
    static constexpr Words kTable[] = {
        {refusals::kInvalidEmail, "--email is not an e-mail address such as ann@example.com"},
        {refusals::kInvalidUsername, "--username has 3 to 64 letters, digits, '.', '_' or '-'"},
        {refusals::kInvalidName, "--name has 1 to 256 bytes without control characters"},
        {refusals::kInvalidLocale, "--locale is not a language tag such as en or de-AT"},
        {refusals::kPasswordTooShort, "the password is too short"},
        {refusals::kPasswordTooLong, "the password is too long"},
        {refusals::kPasswordTooWeak, "the password is easy to guess; take several uncommon words"},
        {refusals::kPasswordKnown, "the password is known from breaches; take another one"},
        {refusals::kPasswordContainsIdentity, "the password is made of the address or name"},
        {refusals::kPasswordNotText, "the password is not UTF-8 text"},
        {refusals::kEmailTaken, "somebody is registered with this e-mail address"},
        {refusals::kUsernameTaken, "this user name is in use"},
        {refusals::kUserUnknown, "there is no such user"},
        {refusals::kBusy, "somebody tries this account right now; run this again"},
        {refusals::kOverloaded, "the database does not answer; nothing was done"},
        {refusals::kUnavailable, "the database does not answer; nothing was done"},
        {refusals::kOutcomeUnknown, "the database did not answer; run this again to see what came of it"},
    };
    return explanation_of(refusal, kTable, "something is broken; see the log");
}

std::string said_of_access(const std::string& what, RefusalRef refusal) {
    static constexpr Words kTable[] = {
        {refusals::kRoleBuiltIn, " is built in; it is neither changed nor deleted"},
        {refusals::kRoleNameTaken, " was made by somebody else in this moment; run this again"},
        {refusals::kAdministratorsAreUsers, " can't have the administrator's role, which is for users"},
        {refusals::kRoleUnknown, " names a role that there is not"},
        {refusals::kGroupUnknown, " names a group that there is not"},
        {refusals::kGroupNameTaken, " was made by somebody else in this moment; run this again"},
        {refusals::kGroupNameReserved, " is the built-in group of all users; its roles are default_roles"},
        {refusals::kEveryoneNameTaken,
         " are those of the built-in group 'everyone', and another group has that name from before; rename "
         "that one"},
        {refusals::kNotForEveryone, " would let all users administer Keyledger (keyledger.... or a resource '*')"},
        {refusals::kGroupCycle, " would stand in itself"},
        {refusals::kGroupsTooDeep, " would make groups stand too deep in each other"},
        {refusals::kTooManyGroupsAbove, " would put too many groups above another"},
        {refusals::kTooManyNestings, " would nest too many groups"},
        {refusals::kTooManyRoles, " would have too many roles"},
        {refusals::kAccountUnknown, " is not there; a file makes none: register it first"},
        {refusals::kTooManyGroups, " would be in too many groups"},
        {refusals::kBusy, " is being changed by others; run this again"},
        {refusals::kUnavailable, ": the database does not answer; what is above was done, the rest was not"},
        {refusals::kOverloaded, ": the database does not answer; what is above was done, the rest was not"},
        {refusals::kOutcomeUnknown, ": the database did not answer; run this again to see what came of it"},
    };
    return what + std::string(explanation_of(refusal, kTable, " can't be made so"));
}

}  // namespace keyledger::app
