#pragma once
// What of a text that somebody chose may be shown to the reader of a mail. Whoever registers a stranger's address under
// the name "You have won, www.evil.example" would else have us write to them in our name: mail programs make links of
// what looks like one, and of telephone numbers. Pure; any thread.
#include <string>
#include <string_view>

namespace keyledger::mail {

inline constexpr std::size_t kMostShownPoints = 64;

// The text, if it is one short line of what people are or call things; else nothing, and the mail does without. Left
// out are controls, hidden and bidirectional characters, heaps of marks, colons, what looks like an address, a URL or a
// host name, and long numbers.
std::string shown_name(std::string_view text);
// A network (192.0.2.0/24, 2001:db8::/32), or as shown_name().
std::string shown_place(std::string_view text);
// An address of somebody, if it is one.
std::string shown_address(std::string_view text);
// Whether it may stand behind a link: https, or http to this machine; visible ASCII without quotes or angle brackets.
bool is_link(std::string_view text);

}  // namespace keyledger::mail
