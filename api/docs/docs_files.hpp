#pragma once
// What /docs loads: swagger-ui, and our own script that starts it. Empty where there was no swagger-ui when this was
// built (`scripts/install docs` fetches it).
#include "api/wire/static_file.hpp"

namespace keyledger::api {

std::span<const StaticFile> docs_files();

}  // namespace keyledger::api
