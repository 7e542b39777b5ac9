#pragma once
// Pages that are reached on the way to an application, and otherwise: they carry the flow along if there is one, and
// lead back to it.
#include <optional>
#include <string>

#include "api/routes/pages/browser.hpp"
#include "api/routes/pages/showing.hpp"

namespace keyledger::api::routes {

struct Way {
    std::string sealed;  // empty: from nowhere
    std::optional<commands::AuthorizationFlow> flow{};
};
// What stands in the field `flow`; of another browser, or too old: from nowhere.
Way way_of(Call& call, FormFields& fields);

// `target` with the flow behind it.
std::string along(const Way& way, std::string target);
// Puts the flow into the page's forms, and says where it leads.
Page on_the_way(const Way& way, Page page);
// To the log-in page; from nowhere it leads to the own account.
std::vector<Link> links_to_log_in(const Way& way);

}  // namespace keyledger::api::routes
