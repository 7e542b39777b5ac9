#include <spdlog/spdlog.h>
#include <termios.h>
#include <unistd.h>

#include <fstream>
#include <iostream>

#include "app/cli/cli.hpp"
#include "app/cli/refusal_words.hpp"
#include "app/core/core.hpp"
#include "app/core/logging.hpp"
#include "commands/accounts/create_user.hpp"
#include "commands/accounts/register_user.hpp"
#include "commands/credentials/one_time_password.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/credentials/unlock_user.hpp"
#include "domain/access/administrators.hpp"
#include "domain/users/identity.hpp"
#include "security/primitives/secret_file.hpp"

namespace keyledger::app {
namespace {

// Ends of lines are no part of a password, whichever system wrote them.
Secret without_line_end(std::string&& line) {
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    return Secret::take(std::move(line));
}

// While it lives, a terminal at standard input shows nothing of what is typed.
class HiddenInput {
public:
    HiddenInput() : is_terminal_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
        if (!is_terminal_) return;
        termios hidden = before_;
        hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
        std::cerr << "Password of the administrator, then Enter: ";
    }
    ~HiddenInput() {
        if (!is_terminal_) return;
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
        std::cerr << '\n';
    }
    HiddenInput(const HiddenInput&) = delete;
    HiddenInput& operator=(const HiddenInput&) = delete;

private:
    termios before_{};
    const bool is_terminal_;
};

// nullopt: it can't be read, and the reason was told.
std::optional<Secret> read_password(const Environment& environment) {
    const char* given = environment("KEYLEDGER_ADMIN_PASSWORD");
    const char* file = environment("KEYLEDGER_ADMIN_PASSWORD_FILE");
    const bool is_given = given != nullptr && *given != '\0';
    std::string line;
    if (file == nullptr || *file == '\0') {
        if (is_given) return Secret(given);
        const HiddenInput hidden;
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

commands::Caller operator_of(std::string_view command) {
    commands::Caller caller;
    caller.actor_type = eventstore::ActorType::kSystem;
    caller.request_id = command;
    caller.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    return caller;
}

// nullopt: nobody is called that.
Result<std::optional<UserId>, eventstore::StoreError> find_user(Core& core, const UnlockUser& options,
                                                                commands::Deadline deadline) {
    if (!options.id.empty()) return UserId::parse(options.id);
    const std::string kind = options.email.empty() ? "username" : "email";
    std::string key;
    if (const auto email = parse_email(options.email)) key = email->key;
    else if (const auto username = parse_username(options.username)) key = username->key;
    if (key.empty()) return std::optional<UserId>();
    KEYLEDGER_TRY(owner, core.run(core.store.find_claim(kind, core.pseudonyms.claim(kind, key), deadline)));
    return std::optional<UserId>(*owner);
}

std::optional<std::string> given(const std::string& text) {
    if (text.empty()) return std::nullopt;
    return text;
}

// Carries out what an operator asks for somebody who is named: the error is the refusal's.
template <class Act>
auto upon_user(Core& core, const UnlockUser& options, const commands::Caller& caller, const Act& act)
    -> decltype(act(UserId())) {
    const auto found = find_user(core, options, caller.deadline);
    if (!found) return Unexpected(commands::CommandError(refusals::kUnavailable));
    if (!*found) return Unexpected(commands::CommandError(refusals::kUserUnknown));
    return act(**found);
}

std::optional<Config> config_for_user(const Environment& environment, const UnlockUser& options) {
    if (!options.id.empty() && !UserId::parse(options.id)) {
        std::cerr << "keyledger: '" << options.id << "' is not a UUID\n";
        return std::nullopt;
    }
    auto config = require_config(environment, {ConfigPart::kDatabase, ConfigPart::kKeyring});
    if (config) start_logging(config->log_level);
    return config;
}

Exit refused(const commands::CommandError& error) {
    std::cerr << "keyledger: " << said_of_user(error.refusal) << '\n';
    return Exit::kFailed;
}

// Once, and nowhere else.
void print_password(const commands::OneTimePasswordReceipt& password) {
    if (password.made)
        std::cout << "One-time password, to be changed within a week: " << password.made->reveal() << '\n';
}

}  // namespace

Exit create_admin(const Environment& environment, const CreateAdmin& options) {
    const auto config = require_config(environment, {ConfigPart::kDatabase, ConfigPart::kKeyring});
    if (!config) return Exit::kUsage;
    start_logging(config->log_level);
    Core core(*config);
    commands::RegistrationRequest registration;
    registration.email = options.email;
    registration.username = given(options.username);
    registration.name = given(options.name);
    auto password = read_password(environment);
    if (!password) return Exit::kUsage;
    registration.password = std::move(*password);
    registration.privilege = UserPrivilege::kAdministrator;
    const auto registered =
        core.run(commands::register_user(core.services, std::move(registration), operator_of("create-admin")));
    if (registered) {
        std::cout << "Registered the administrator " << registered->user_id.to_string() << ".\n";
        return Exit::kGood;
    }
    if (registered.error().refusal == refusals::kAdministratorExists) {
        std::cerr << "keyledger: there is an administrator already; nothing was done\n";
        return Exit::kAlreadyThere;
    }
    std::cerr << "keyledger: " << said_of_user(registered.error().refusal);
    if (registered.error().refusal == refusals::kPasswordTooShort)
        std::cerr << "; it takes " << config->password_min_length << " characters";
    std::cerr << '\n';
    return Exit::kFailed;
}

Exit unlock_user(const Environment& environment, const UnlockUser& options) {
    const auto config = config_for_user(environment, options);
    if (!config) return Exit::kUsage;
    Core core(*config);
    const auto caller = operator_of("users-unlock");
    UserId user_id;
    const auto unlocked = upon_user(core, options, caller, [&](const UserId& found) {
        user_id = found;
        return core.run(commands::unlock_user_as_operator(core.services, found, caller));
    });
    if (!unlocked) return refused(unlocked.error());
    std::cout << (unlocked->position > 0 ? "Unlocked" : "Nothing kept out") << " the user " << user_id.to_string()
              << ".\n";
    return Exit::kGood;
}

Exit recover_user(const Environment& environment, const UnlockUser& options) {
    const auto config = config_for_user(environment, options);
    if (!config) return Exit::kUsage;
    Core core(*config);
    const auto caller = operator_of("users-recover");
    UserId user_id;
    const auto recovered = upon_user(core, options, caller, [&](const UserId& found) {
        user_id = found;
        return core.run(commands::recover_user_as_operator(core.services, found, caller));
    });
    if (!recovered) return refused(recovered.error());
    spdlog::warn("a one-time password was set at the machine for user {}", user_id.to_string());
    std::cout << "Recovered the user " << user_id.to_string() << ".\n";
    print_password(*recovered);
    return Exit::kGood;
}

Exit create_user(const Environment& environment, const CreateUser& options) {
    const auto config = require_config(environment, {ConfigPart::kDatabase, ConfigPart::kKeyring});
    if (!config) return Exit::kUsage;
    start_logging(config->log_level);
    Core core(*config);
    commands::NewUser user{options.email, given(options.username), given(options.name), given(options.locale)};
    const auto created =
        core.run(commands::create_user_as_operator(core.services, std::move(user), operator_of("users-create")));
    if (!created) return refused(created.error());
    std::cout << "Made the user " << created->user_id.to_string() << ".\n";
    print_password(created->password);
    return Exit::kGood;
}

}  // namespace keyledger::app
