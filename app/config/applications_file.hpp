#pragma once
// A file of applications, in YAML or JSON: each by its client id, a UUID that the operator makes up (`uuidgen`) or that
// the service gave, with the members that POST /api/v1/admin/applications has.
//
//     applications:
//       0190f3a2-6d1c-7c1e-9a57-3f0c5b1d2e4f:
//         name: Orders
//         grant_types: [authorization_code, refresh_token]
//         scopes: [openid, email]
//         redirect_uris: ["https://orders.example/callback"]
//         status: disabled          # enabled where nothing is said
//       0190f3a2-6d1c-7c1e-9a57-3f0c5b1d2e50: null    # there must be none; {state: absent} says the same
//
// What is named becomes as it is written, and what is not named stays as it is. A member that is left out is as it is
// by default. Pure; any thread.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands/applications/apply_application.hpp"
#include "domain/base/result.hpp"

namespace keyledger::app {

struct ApplicationEntry {
    ApplicationId id;
    std::optional<commands::WantedApplication> wanted;  // nullopt: there must be none
    std::size_t line = 0;
};
inline constexpr std::size_t kMaxApplicationsOfAFile = 2'000;

// In the order of the file. Of values only the kind is looked at: what they may be, the command says. The error is a
// sentence that begins with the number of the line.
Result<std::vector<ApplicationEntry>, std::string> read_applications_file(std::string_view text);

// The application as such a file has it: two lines at least, indented for it.
std::string text_of_application(const ApplicationId& id, const commands::WantedApplication& application);

// As the file and the API call a member that is declared under `name`: lifetimes are seconds there.
std::string_view name_of_member(std::string_view name);

}  // namespace keyledger::app
