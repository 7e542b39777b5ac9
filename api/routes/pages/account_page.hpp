#pragma once
// The page of one's own account, as it stands at the head of the log.
#include <string>
#include <string_view>

#include "api/routes/pages/browser.hpp"
#include "api/routes/pages/showing.hpp"

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
// Who has no session, or one that is over, is sent to log in.
Reply show_account(Call& call, int status, const AccountNews& news);

// To the log-in page, and from there back to /account, or to another path of this service.
Response to_own_log_in(Call& call, std::string leads_to = {});

// Day and time in UTC, to the minute.
std::string told_time(Instant at);

}  // namespace keyledger::api::routes
