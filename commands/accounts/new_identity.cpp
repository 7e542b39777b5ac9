#include "commands/accounts/new_identity.hpp"

#include "domain/base/scripts.hpp"

namespace keyledger::commands {

Result<Identifier, CommandError> new_username(const std::string& username) {
    auto parsed = parse_username(username);
    if (!parsed) return Unexpected(refused_text(refusals::kInvalidUsername, parsed.error()));
    if (mixes_scripts(parsed->text))
        return Unexpected(refused_text(refusals::kInvalidUsername, TextFault::kMixedScripts));
    return std::move(*parsed);
}

Result<NewIdentity, CommandError> new_identity(const std::string& email, const std::optional<std::string>& username,
                                               const std::optional<std::string>& name) {
    NewIdentity identity;
    auto parsed = parse_email(email);
    if (!parsed) return Unexpected(refusals::kInvalidEmail);
    identity.email = std::move(*parsed);
    if (username) {
        KEYLEDGER_TRY(chosen, new_username(*username));
        identity.username = std::move(*chosen);
    }
    if (name) {
        auto kept = parse_name(*name);
        if (!kept) return Unexpected(refused_text(refusals::kInvalidName, kept.error()));
        identity.name = std::move(*kept);
    }
    return identity;
}

PasswordIdentity password_identity(const NewIdentity& identity) {
    return {identity.email.text, identity.username ? identity.username->text : "", identity.name.value_or("")};
}

}  // namespace keyledger::commands
