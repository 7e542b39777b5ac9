#pragma once
// What every reader of a body asks of the fields that describe it.
#include <optional>
#include <string_view>

#include "api/requests/request.hpp"
#include "api/wire/problem.hpp"

namespace keyledger::api {

// The media type is `wanted`, whatever its parameters: those of JSON (RFC 8259 section 11) and of forms have
// no meaning, not even "charset", and both are UTF-8.
bool has_media_type(const Request& request, std::string_view wanted);

// RFC 9110 section 8.4: no coding is undone here. A problem: the body has one.
std::optional<Response> refuse_coding(const Request& request);

}  // namespace keyledger::api
