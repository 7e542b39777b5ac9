#include "commands/runtime/names.hpp"

#include "domain/users/identity.hpp"

namespace keyledger::commands {
namespace {

using Names = std::vector<HeldName>;

Names of_one(std::string_view kind, const std::string& text) {
    const auto parsed = parse_role_name(text);
    if (!parsed) return {};
    return {HeldName{kind, parsed->key}};
}

Names of(const User& user) {
    Names names;
    if (!user.exists()) return names;
    const auto email = user.email ? parse_email(*user.email) : std::nullopt;
    if (email) names.push_back({"email", email->key});
    if (!user.username) return names;
    const auto username = parse_username(*user.username);
    if (username) names.push_back({"username", username->key});
    return names;
}
Names of(const Role& role) { return role.status == Role::Status::kDefined ? of_one("role_name", role.name) : Names{}; }
Names of(const Group& group) {
    return group.status == Group::Status::kDefined ? of_one("group_name", group.name) : Names{};
}
Names of(const ServiceAccount& account) {
    return account.exists() ? of_one("service_account_name", account.name) : Names{};
}
Names of(const Session&) { return {}; }
Names of(const LoginAttempts&) { return {}; }
Names of(const AnonymousCallers&) { return {}; }
Names of(const Assignments&) { return {}; }
Names of(const Administrators&) { return {}; }
Names of(const ServiceToken&) { return {}; }
Names of(const Nestings&) { return {}; }
Names of(const LogKeeping&) { return {}; }

}  // namespace

bool can_have_names(const AnyState& state) {
    return std::holds_alternative<User>(state) || std::holds_alternative<Role>(state) ||
           std::holds_alternative<Group>(state) || std::holds_alternative<ServiceAccount>(state);
}

std::vector<HeldName> names_of(const AnyState& state) {
    return std::visit([](const auto& one) { return of(one); }, state);
}

}  // namespace keyledger::commands
