#include "commands/providers/link_ticket.hpp"

#include "security/primitives/bytes.hpp"

namespace keyledger::commands {
namespace {

using security::view_of;

constexpr std::string_view kTicket = "ticket to link an identity";

}  // namespace

std::string seal_ticket(const SealedBy& by, const LinkTicket& ticket) {
    const Bearer& bearer = ticket.bearer;
    return by.cursors.seal(kTicket, security::length_prefixed(
                                        {view_of(by.log_id), view_of(bearer.user_id), view_of(bearer.session_id),
                                         std::to_string(bearer.security_stamp), std::to_string(bearer.issued_at.ms()),
                                         ticket.provider, std::to_string(ticket.made_at.ms())}));
}

std::optional<LinkTicket> open_ticket(const SealedBy& by, std::string_view sealed, Instant now) {
    const auto clear = by.cursors.open(kTicket, sealed);
    if (!clear) return std::nullopt;
    security::PartsReader parts(*clear);
    LinkTicket ticket;
    const Uuid log_id = parts.uuid();
    ticket.bearer.user_id = UserId{parts.uuid()};
    ticket.bearer.session_id = SessionId{parts.uuid()};
    ticket.bearer.security_stamp = parts.number();
    ticket.bearer.issued_at = Instant::at_ms(parts.number());
    ticket.provider = parts.part();
    ticket.made_at = Instant::at_ms(parts.number());
    if (!parts.is_at_end() || log_id != by.log_id || now - ticket.made_at >= kLinkTicketLasts) return std::nullopt;
    return ticket;
}

}  // namespace keyledger::commands
