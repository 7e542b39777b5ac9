#pragma once
// The OpenAPI document: what callers are told of this API, compiled in. This folder has a file for each subject of
// api/routes/, and join.py makes one document of them when the service is built.
#include <string_view>

namespace keyledger::api {

std::string_view openapi_document();

}  // namespace keyledger::api
