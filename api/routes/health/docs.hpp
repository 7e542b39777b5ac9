#pragma once
// Whether this service shows its API at /docs.
#include "api/routes/context.hpp"

namespace keyledger::api::routes {

// By what was there when it was built, and by KEYLEDGER_DOCS.
bool offers_docs(const Context& context);

}  // namespace keyledger::api::routes
