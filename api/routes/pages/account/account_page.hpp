#pragma once
// The first page of one's own account: what one logs in with, and where one is logged in.
#include <string_view>

#include "api/routes/pages/account/own_pages.hpp"

namespace keyledger::api::routes {

// Its forms, by the ids that they have on the page.
inline constexpr std::string_view kPasswordForm = "password";
inline constexpr std::string_view kAddFactorForm = "add-factor";
inline constexpr std::string_view kAddPasskeyForm = "add-passkey";
inline constexpr std::string_view kRemoveFactorsForm = "remove-factors";
inline constexpr std::string_view kRecoveryCodesForm = "recovery-codes";
inline constexpr std::string_view kSessionsForm = "sessions";
inline constexpr std::string_view kEraseForm = "erase";

struct AccountNews {
    std::optional<Phrase> done{};
    std::string_view form{};  // that something was wrong with
    std::optional<commands::CommandError> fault{};
};
// Who has no session, or one that is over, is sent to log in. `before`: where the list of sessions goes on.
Reply show_account(Call& call, int status, const AccountNews& news, std::optional<Position> before = std::nullopt);

}  // namespace keyledger::api::routes
