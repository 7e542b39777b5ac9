#pragma once
// The OpenAPI document: what callers are told of this API, compiled in. This folder has a file for each subject of
// api/routes/, and join.py makes one document of them when the service is built.
#include <string_view>

#include "api/wire/static_file.hpp"

namespace keyledger::api {

// openapi.json.
const StaticFile& openapi_file();
std::string_view openapi_document();

}  // namespace keyledger::api
