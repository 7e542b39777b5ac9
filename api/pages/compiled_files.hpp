#pragma once
// The files of api/pages/assets/ and api/pages/templates/ as they were when this was built.
#include "api/wire/static_file.hpp"

namespace keyledger::api {

std::span<const StaticFile> compiled_files();

}  // namespace keyledger::api
