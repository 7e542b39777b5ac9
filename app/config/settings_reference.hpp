#pragma once
// .env.example and the table in docs/operations.md, written from the declarations in settings.hpp. `make docs` writes
// both; a test fails when they are stale. Pure.
#include <string>

namespace keyledger::app {

std::string env_example();

// The page with the table between its two marks written anew. Throws std::runtime_error where a mark is missing.
std::string with_settings_table(const std::string& page);

}  // namespace keyledger::app
