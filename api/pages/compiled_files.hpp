#pragma once
// The files of api/pages/assets/ as they were when this was built (embed.py).
#include <span>
#include <string_view>

namespace keyledger::api {

struct CompiledFile {
    std::string_view name;  // with its ending
    std::string_view text;
};

std::span<const CompiledFile> compiled_files();

}  // namespace keyledger::api
