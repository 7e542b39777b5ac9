#pragma once
// Whether a template of pages can be used: sound, with known variables, nothing unescaped, and with all in it without
// which a page would not work. Pure; any thread.
#include <string>
#include <string_view>
#include <vector>

namespace keyledger::api {

// Sentences, each beginning with `path:line: `.
std::vector<std::string> faults_of_template(const std::string& path, std::string_view text);

}  // namespace keyledger::api
