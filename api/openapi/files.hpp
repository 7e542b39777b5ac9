#pragma once
// The joined document as it was when this was built: one file.
#include "api/wire/static_file.hpp"

namespace keyledger::api {

std::span<const StaticFile> openapi_files();

}  // namespace keyledger::api
