#pragma once
// What the commands that apply a file have in common: the file's text, and what they say of each thing in it.
#include <string>
#include <string_view>

#include "commands/access/apply_access.hpp"
#include "domain/base/result.hpp"

namespace keyledger::app {

// All of it, "-": of standard input; a byte more than parse_yaml() takes at most. The error is a sentence.
Result<std::string, std::string> read_file_to_apply(const std::string& path);

std::string_view word_of(commands::Change change);  // "made"
char mark_of(commands::Change change);              // '+'

}  // namespace keyledger::app
