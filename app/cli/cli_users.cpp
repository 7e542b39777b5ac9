#include <spdlog/spdlog.h>

#include <fstream>
#include <iostream>

#include "app/cli/cli.hpp"
#include "app/core/core.hpp"
#include "app/core/logging.hpp"
#include "commands/accounts/register_user.hpp"
#include "commands/credentials/unlock_user.hpp"
#include "domain/users/identity.hpp"
#include "security/primitives/secret_file.hpp"

namespace keyledger::app {
namespace {

// Ends of lines are no part of a password, whichever system wrote them.
Secret without_line_end(std::string&& line) {
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    return Secret::take(std::move(line));
}

// nullopt: it can't be read, and the reason was told.
std::optional<Secret> read_password(const Environment& environment) {
    const char* given = environment("KEYLEDGER_ADMIN_PASSWORD");
    const char* file = environment("KEYLEDGER_ADMIN_PASSWORD_FILE");
    const bool is_given = given != nullptr && *given != '\0';
    std::string line;
    if (file == nullptr || *file == '\0') {
        if (is_given) return Secret(given);
        std::cerr << "Password of the administrator, then Enter: ";
        std::getline(std::cin, line);
        return without_line_end(std::move(line));
    }
    auto problem = security::what_is_wrong_with_secret_file(file);
    if (is_given) problem = "KEYLEDGER_ADMIN_PASSWORD and KEYLEDGER_ADMIN_PASSWORD_FILE are both set; set one";
    std::ifstream in(file, std::ios::binary);
    if (!problem && !std::getline(in, line)) problem = "can't read '" + std::string(file) + "'";
    if (!problem) return without_line_end(std::move(line));
    std::cerr << "keyledger: " << *problem << '\n';
    return std::nullopt;
}

// clang-format off
std::string_view sentence_of(commands::Refusal refusal) {
    using commands::Refusal;
    switch (refusal) {
        case Refusal::kInvalidEmail: return "--email is not an e-mail address such as ann@example.com";
        case Refusal::kInvalidUsername: return "--username has 3 to 64 letters, digits, '.', '_' or '-'";
        case Refusal::kInvalidName: return "--name has 1 to 256 bytes without control characters";
        case Refusal::kPasswordTooShort: return "the password is too short";
        case Refusal::kPasswordTooLong: return "the password is too long";
        case Refusal::kPasswordTooWeak: return "the password is easy to guess; take several uncommon words";
        case Refusal::kPasswordContainsIdentity: return "the password is made of the address or name";
        case Refusal::kPasswordNotText: return "the password is not UTF-8 text";
        case Refusal::kEmailTaken: return "somebody is registered with this e-mail address";
        case Refusal::kUsernameTaken: return "this user name is in use";
        case Refusal::kUserUnknown: return "there is no such user";
        case Refusal::kBusy: return "somebody tries this account right now; run this again";
        case Refusal::kOverloaded:
        case Refusal::kUnavailable: return "the database does not answer; nothing was done";
        case Refusal::kOutcomeUnknown: return "the database did not answer; run this again to see what came of it";
        case Refusal::kAdministratorExists:
        case Refusal::kInvalidTarget:
        case Refusal::kInvalidScope:
        case Refusal::kInvalidClient:
        case Refusal::kInvalidAccountName:
        case Refusal::kInvalidAudience:
        case Refusal::kTooManyAudiences:
        case Refusal::kInvalidKey:
        case Refusal::kAccountUnknown:
        case Refusal::kAccountNameTaken:
        case Refusal::kCredentialUnknown:
        case Refusal::kKeyKnown:
        case Refusal::kKeyIdTaken:
        case Refusal::kTooManySecrets:
        case Refusal::kTooManyKeys:
        case Refusal::kPreconditionFailed: case Refusal::kIdempotencyMismatch:
        case Refusal::kInvalidCredentials:
        case Refusal::kUserDisabled:
        case Refusal::kInvalidToken:
        case Refusal::kInvalidGrant:
        case Refusal::kWrongPassword:
        case Refusal::kTooManyAttempts:
        case Refusal::kForbidden:
        case Refusal::kSessionUnknown:
        case Refusal::kInvalidRoleName:
        case Refusal::kInvalidPermission:
        case Refusal::kInvalidGroupName:
        case Refusal::kReservedPermission:
        case Refusal::kTooManyPermissions:
        case Refusal::kExceedsAuthority:
        case Refusal::kRoleUnknown:
        case Refusal::kRoleNameTaken:
        case Refusal::kRoleBuiltIn:
        case Refusal::kGroupUnknown:
        case Refusal::kGroupNameTaken:
        case Refusal::kGroupNameKept: case Refusal::kEveryoneNameTaken:
        case Refusal::kGroupBuiltIn: case Refusal::kNotForEveryone:
        case Refusal::kGroupCycle:
        case Refusal::kGroupsTooDeep:
        case Refusal::kTooManyGroupsAbove:
        case Refusal::kTooManyNestings:
        case Refusal::kTooManyGroups:
        case Refusal::kTooManyHoldings:
        case Refusal::kAdministratorsAreUsers:
        case Refusal::kTooManyRoles:
        case Refusal::kTooManyAdministrators:
        case Refusal::kLastAdministrator:
        case Refusal::kCredentialTampered:
        case Refusal::kBroken: return "something is broken; see the log";
    }
    return "something is broken; see the log";
}
// clang-format on

commands::Caller operator_of(std::string_view command) {
    commands::Caller caller;
    caller.actor_type = eventstore::ActorType::kSystem;
    caller.request_id = command;
    caller.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    return caller;
}

// nullopt: nobody is called that.
Result<std::optional<Uuid>, eventstore::StoreError> find_user(Core& core, const UnlockUser& options,
                                                              commands::Deadline deadline) {
    if (!options.id.empty()) return Uuid::parse(options.id);
    const std::string kind = options.email.empty() ? "username" : "email";
    std::string key;
    if (const auto email = parse_email(options.email)) key = email->key;
    else if (const auto username = parse_username(options.username)) key = username->key;
    if (key.empty()) return std::optional<Uuid>();
    return core.run(core.store.find_claim(kind, core.pseudonyms.claim(kind, key), deadline));
}

std::optional<std::string> given(const std::string& text) {
    if (text.empty()) return std::nullopt;
    return text;
}

}  // namespace

Exit create_admin(const Environment& environment, const CreateAdmin& options) {
    const auto config = need_config(environment, {Needs::kDatabase, Needs::kKeyring});
    if (!config) return Exit::kUsage;
    start_logging(config->log_level);
    Core core(*config);
    commands::Registration registration;
    registration.email = options.email;
    registration.username = given(options.username);
    registration.name = given(options.name);
    auto password = read_password(environment);
    if (!password) return Exit::kUsage;
    registration.password = std::move(*password);
    registration.standing = Standing::kAdministrator;
    const auto registered =
        core.run(commands::register_user(core.services, std::move(registration), operator_of("create-admin")));
    if (registered) {
        std::cout << "Registered the administrator " << registered->user_id.to_string() << ".\n";
        return Exit::kGood;
    }
    if (registered.error().refusal == commands::Refusal::kAdministratorExists) {
        std::cerr << "keyledger: there is an administrator already; nothing was done\n";
        return Exit::kAlreadyThere;
    }
    std::cerr << "keyledger: " << sentence_of(registered.error().refusal);
    if (registered.error().refusal == commands::Refusal::kPasswordTooShort)
        std::cerr << "; it takes " << config->password_min_length << " characters";
    std::cerr << '\n';
    return Exit::kFailed;
}

Exit unlock_user(const Environment& environment, const UnlockUser& options) {
    if (!options.id.empty() && !Uuid::parse(options.id)) {
        std::cerr << "keyledger: '" << options.id << "' is not a UUID\n";
        return Exit::kUsage;
    }
    const auto config = need_config(environment, {Needs::kDatabase, Needs::kKeyring});
    if (!config) return Exit::kUsage;
    start_logging(config->log_level);
    Core core(*config);
    const auto caller = operator_of("users-unlock");
    const auto found = find_user(core, options, caller.deadline);
    const bool is_away = !found;
    const auto unlocked = is_away || !*found
                              ? Result<commands::Done, commands::CommandError>(Unexpected(commands::CommandError(
                                    is_away ? commands::Refusal::kUnavailable : commands::Refusal::kUserUnknown)))
                              : core.run(commands::unlock_user_as_operator(core.services, **found, caller));
    if (unlocked) {
        std::cout << (unlocked->position > 0 ? "Unlocked" : "Nothing kept out") << " the user " << (*found)->to_string()
                  << ".\n";
        return Exit::kGood;
    }
    std::cerr << "keyledger: " << sentence_of(unlocked.error().refusal) << '\n';
    return Exit::kFailed;
}

}  // namespace keyledger::app
