#pragma once
// The words that nearly every browser has in its `User-Agent`. Each is stored as one character that is not used
// otherwise; an agent that holds such a character is stored as it is.
#include <optional>
#include <string>
#include <string_view>

namespace keyledger::eventstore {

// nullopt: it would not be shorter, or ambiguous.
std::optional<std::string> abbreviated_agent(std::string_view agent);
// The inverse of abbreviated_agent(). Characters that stand for no word stand for themselves.
std::string full_agent(std::string_view words);

}  // namespace keyledger::eventstore
