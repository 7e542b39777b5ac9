#pragma once
// The types of events that there are, for whoever asks for those of one. Any thread.
#include <span>
#include <string_view>

namespace keyledger::commands {

// As they are stored: "user.registered" …
std::span<const std::string_view> event_names();

}  // namespace keyledger::commands
