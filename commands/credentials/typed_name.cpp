#include "commands/credentials/typed_name.hpp"

#include "commands/credentials/passwords.hpp"
#include "commands/sessions/log_in.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::commands {
namespace {

std::string key_of(std::string_view kind, const std::string& text) {
    if (kind == "email") {
        const auto email = parse_email(text);
        return email ? email->key : std::string();
    }
    const auto username = parse_username(text);
    return username ? username->key : std::string();
}

}  // namespace

TypedName typed_name(const std::string& email, const std::string& username) {
    const bool is_email = !email.empty();
    TypedName name{is_email ? "email" : "username", {}, is_email ? email : username};
    name.key = key_of(name.kind, name.looked_for);
    if (!name.key.empty()) name.looked_for = name.key;
    return name;
}

bool goes_by(const User& user, const TypedName& name) {
    const auto& text = name.kind == "email" ? user.email : user.username;
    if (!text) return false;
    return !name.key.empty() && key_of(name.kind, *text) == name.key;
}

Answer<Receipt> refuse_unknown_name(Services& services, Secret password, Caller caller) {
    KEYLEDGER_CO_TRY(check, co_await check_decoy(services, std::move(password), caller));
    const UserId nobody{services.identifiers.next()};
    std::vector<eventstore::StreamVersion> versions(2, {nobody, 0});
    const auto command_id = services.identifiers.next_command_id();
    KEYLEDGER_CO_TRY(confirmed, co_await services.store.confirm(std::move(versions), command_id, caller.deadline));
    co_await record_failed_login(services, std::nullopt, LoginFailure::kUnknownUser, caller);
    co_return Unexpected(refusals::kInvalidCredentials);
}

}  // namespace keyledger::commands
