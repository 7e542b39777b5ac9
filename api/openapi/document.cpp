#include "api/openapi/document.hpp"

#include "api/openapi/files.hpp"

namespace keyledger::api {

const StaticFile& openapi_file() { return openapi_files().front(); }

std::string_view openapi_document() { return openapi_file().text; }

}  // namespace keyledger::api
