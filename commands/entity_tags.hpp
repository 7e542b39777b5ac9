#pragma once
// The states of users, roles, groups and service accounts by short names, for `ETag` and `If-Match` (RFC 9110 sections
// 8.8.3 and 13.1.1): two states have one tag when a command upon the thing itself would change nothing of either. What
// is given to it or taken from it by others (roles, memberships) is no part of that. Pure.
#include <optional>
#include <string>

#include "commands/runtime/caller.hpp"
#include "commands/runtime/errors.hpp"
#include "domain/access/permission.hpp"
#include "domain/clients/service_account.hpp"
#include "domain/users/user.hpp"

namespace keyledger {
struct AccessRules;
struct ServiceAccount;
struct User;
}  // namespace keyledger

namespace keyledger::refusals {

// What it is about is not (any more) as the caller saw it (RFC 9110 section 13).
inline constexpr Refusal kPreconditionFailed{
    RefusalKind::kChanged, "precondition-failed", "Changed since it was read",
    "It was changed since it was read: its ETag is not that of If-Match. Read it again, then decide."};

}  // namespace keyledger::refusals

namespace keyledger::commands {

struct UserMembers {
    std::optional<std::string> email;
    std::optional<std::string> username;
    std::optional<std::string> name;
    bool active = false;
    std::optional<std::string> locale{};
};
std::string user_tag(const UserMembers& user);
std::string user_tag(const User& user);
std::string role_tag(const std::string& name, const AccessRules& rules);
std::string group_tag(const std::string& name);
std::string account_tag(const ServiceAccount& account);
// Of an answer as it is sent.
std::string answer_tag(std::string_view answer);

// kPreconditionFailed unless the caller did not ask, or asked for this state. In a step, after the streams were folded:
// where they move before the append, it is asked again.
Result<void, CommandError> check_precondition(const Precondition& precondition, const std::string& tag);

}  // namespace keyledger::commands
