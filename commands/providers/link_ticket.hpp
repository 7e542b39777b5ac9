#pragma once
// With what a browser sets out to link its user's account with one at another provider. It is worth nothing to another
// browser: whoever opens it has to be logged in there as that user. Any thread.
#include <optional>
#include <string>
#include <string_view>

#include "commands/authorization/sealed.hpp"

namespace keyledger::commands {

inline constexpr Duration kLinkTicketLasts = minutes(5);

struct LinkTicket {
    Bearer bearer;
    std::string provider;
    Instant made_at;
};
std::string seal_ticket(const SealedBy& by, const LinkTicket& ticket);
// nullopt: not ours, or too old.
std::optional<LinkTicket> open_ticket(const SealedBy& by, std::string_view sealed, Instant now);

}  // namespace keyledger::commands
