#pragma once
// YAML as operators write it, read strictly: one document, and no anchors, aliases, tags or members given twice. JSON
// is YAML too, but for the escape "\/". Pure; any thread.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/base/result.hpp"

namespace keyledger::app {

inline constexpr std::size_t kMaxYamlBytes = 1024 * 1024;
inline constexpr std::size_t kMaxYamlDepth = 16;
inline constexpr std::size_t kMaxYamlNodes = 100'000;

struct YamlNode {
    enum class Kind { kNothing, kScalar, kList, kMap };
    Kind kind = Kind::kNothing;  // null, ~ or left out
    std::string text;            // of a scalar
    bool is_quoted = false;
    std::vector<YamlNode> items;
    std::vector<std::pair<std::string, YamlNode>> members;  // in the order of the document
    std::size_t line = 1;
};

// What may be quoted as a name. Somebody who gives a file of NAME=value lines may have secrets in what reads as a name.
bool is_like_a_name(std::string_view text);

// The error is a sentence that begins with the number of the line.
Result<YamlNode, std::string> parse_yaml(std::string_view text);

}  // namespace keyledger::app
