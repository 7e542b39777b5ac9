#pragma once
// Answers that were known when this was built, as they are or in gzip, by `Accept-Encoding` (RFC 9110 section 12.5.3).
// They alone are compressed, when this is built: what tells a secret beside something that somebody else chose would
// give the secret away by its length (BREACH), and nobody makes this service compress anything. Pure; any thread.
#include "api/requests/request.hpp"
#include "api/wire/static_file.hpp"

namespace keyledger::api {

// 200, or 304 where `If-None-Match` has it; each of the two forms has an ETag of its own.
Response static_answer(const Request& request, const StaticFile& file, std::string_view content_type,
                       std::string_view cache_control);

}  // namespace keyledger::api
