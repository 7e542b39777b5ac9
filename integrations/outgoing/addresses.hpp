#pragma once
// Which addresses are on the open Internet: where requests may go whose URL somebody else chose. Pure.
#include <sys/socket.h>

namespace keyledger::integrations {

// By the registries of special addresses (RFC 6890): neither this machine nor its network, nor a link's, a
// carrier's, a group's or one that is nobody's. Of IPv6 it is global unicast without what has an IPv4 address in it
// (mapped, 6to4, Teredo); of NAT64's prefix (RFC 6052) the IPv4 address counts. Of another family: no.
bool is_of_open_internet(const sockaddr& address);
// This machine.
bool is_loopback(const sockaddr& address);

}  // namespace keyledger::integrations
