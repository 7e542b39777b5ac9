#pragma once
// docs/events.md and docs/asyncapi.yaml, written from the declarations in domain/.
// `make docs` writes both files; a test fails when they are stale.
#include <rapidjson/document.h>

#include <string>

namespace keyledger::eventstore::reference {

std::string events_page();                // Markdown
rapidjson::Document asyncapi_document();  // AsyncAPI 3.0.0
std::string asyncapi_yaml();              // the same, as YAML
std::string asyncapi_json();

// Block style; every text is quoted as JSON quotes it, so nothing can be taken for something else.
std::string as_yaml(const rapidjson::Value& value);

}  // namespace keyledger::eventstore::reference
