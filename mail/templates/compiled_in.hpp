#pragma once
// The files of mail/templates/ as they were when this was built (embed.py).
#include <span>
#include <string_view>

namespace keyledger::mail {

struct CompiledTemplate {
    std::string_view language;
    std::string_view name;  // of the file, without its ending
    std::string_view text;
};

std::span<const CompiledTemplate> compiled_templates();

}  // namespace keyledger::mail
