#pragma once
// What a page shows of an authenticator app that is being enrolled, and of the recovery codes that come with it.
#include <vector>

#include "api/pages/page.hpp"
#include "commands/factors/enrol_factor.hpp"

namespace keyledger::api::routes {

// The secret, as a picture and in letters: once, and in no other answer.
void show_secret(Page& page, const commands::BegunEnrolment& begun);
// The field for a code that the app shows.
FormField app_code_field();

Page recovery_codes_page(const std::vector<Secret>& codes, Link on);

}  // namespace keyledger::api::routes
