#pragma once
// What people call a client: its family and the system that it runs on, without versions, which change every few
// weeks. Nothing is asked of the client for it. Pure.
#include <string>
#include <string_view>

namespace keyledger {

// Of a User-Agent (RFC 9110 section 10.1.5): "Firefox on Linux"; of an unknown one its first product's name, or
// nothing where even that is none. At most 64 characters, letters, digits, space and -._ alone.
std::string agent_name(std::string_view user_agent);

}  // namespace keyledger
