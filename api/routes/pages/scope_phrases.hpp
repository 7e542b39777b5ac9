#pragma once
// What an application asks for, in words for people.
#include <string>
#include <vector>

#include "api/pages/words.hpp"

namespace keyledger::api::routes {

// One phrase for each word of the scope, and for each resource server.
std::vector<Phrase> phrases_of(const std::vector<std::string>& scope, const std::vector<std::string>& resources);

}  // namespace keyledger::api::routes
