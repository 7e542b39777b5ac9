#pragma once
// JSON as operators write it, as the same nodes as YAML, with their lines. For files that are JSON by their
// documents: YAML reads most of it, but not all (the escape "\/"). Strings are quoted scalars, numbers and truths plain
// ones, null is nothing. Members that are given twice stand there twice. Pure; any thread.
#include "app/config/yaml.hpp"

namespace keyledger::app {

// The same limits of depth and nodes as parse_yaml(). The error is a sentence that begins with the number of the line.
Result<YamlNode, std::string> parse_json(std::string_view text);

}  // namespace keyledger::app
