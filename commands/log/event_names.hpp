#pragma once
// All types of events, to check the filter of a list. Any thread.
#include <span>
#include <string_view>

namespace keyledger::commands {

// As they are stored: "user.registered" …
std::span<const std::string_view> event_names();

}  // namespace keyledger::commands
