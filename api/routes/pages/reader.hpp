#pragma once
// Who looks at an answer, and from where.
#include "api/pages/pages.hpp"
#include "api/requests/request.hpp"

namespace keyledger::api {

// In the language that the browser asks for (`Accept-Language`), else the service's. Pure; any thread.
Reader reader_of(const Pages& pages, const Request& request);

}  // namespace keyledger::api
