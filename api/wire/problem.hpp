#pragma once
// Errors as RFC 9457 problem details: a stable `type`, and a `detail` that says what to do. One function
// makes them.
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/requests/request.hpp"
#include "api/requests/response.hpp"
#include "domain/base/time.hpp"

namespace keyledger::api {

// A kind of problem; its slug never changes once released. `type` is "urn:keyledger:problem:" and the slug.
struct ProblemType {
    std::string_view slug;
    std::string_view title;
    int status;
};

inline constexpr std::string_view kProblemPrefix = "urn:keyledger:problem:";
inline constexpr std::string_view kProblemContentType = "application/problem+json";

struct FieldError {
    std::string field;
    std::string detail;
};

struct Problem {
    ProblemType type;
    std::string detail;  // whole sentences for the caller; never an exception's text, never a value of a secret
    std::optional<Duration> retry_after;  // also sent as Retry-After
    std::vector<FieldError> errors;
    std::vector<Parameter> members;  // further members with string values, such as OAuth's `error`
    std::vector<std::pair<std::string, std::vector<std::string>>> lists{};  // likewise, with lists of strings
};

Response problem(std::string_view request_id, const Problem& problem);
// With the request's id as its caller knows it, where that is text.
Response problem(const Request& request, const Problem& what);
Response problem(const Request& request, const ProblemType& type, std::string detail);

// What the listeners, the router and the readers of bodies answer by themselves, on any route.
namespace problems {
inline constexpr ProblemType kBadRequest{"bad-request", "Malformed request", 400};
inline constexpr ProblemType kMalformedJson{"malformed-json", "Malformed JSON body", 400};
inline constexpr ProblemType kInvalidFields{"invalid-fields", "Invalid fields", 400};
inline constexpr ProblemType kUnknownField{"unknown-field", "Unknown field", 400};
inline constexpr ProblemType kNotFound{"not-found", "Not found", 404};
inline constexpr ProblemType kMethodNotAllowed{"method-not-allowed", "Method not allowed", 405};
inline constexpr ProblemType kPayloadTooLarge{"payload-too-large", "Body too large", 413};
inline constexpr ProblemType kUriTooLong{"uri-too-long", "Request target too long", 414};
inline constexpr ProblemType kUnsupportedMediaType{"unsupported-media-type", "Unsupported media type", 415};
inline constexpr ProblemType kExpectationFailed{"expectation-failed", "Expectation not supported", 417};
inline constexpr ProblemType kHeaderTooLarge{"header-too-large", "Header too large", 431};
inline constexpr ProblemType kInternalError{"internal-error", "Internal error", 500};
inline constexpr ProblemType kOverloaded{"overloaded", "Too many connections", 503};
inline constexpr ProblemType kHttpVersion{"http-version-not-supported", "HTTP version not supported", 505};
}  // namespace problems

inline constexpr std::array kTransportProblems{
    problems::kBadRequest,        problems::kMalformedJson,  problems::kInvalidFields,
    problems::kUnknownField,      problems::kNotFound,       problems::kMethodNotAllowed,
    problems::kPayloadTooLarge,   problems::kUriTooLong,     problems::kUnsupportedMediaType,
    problems::kExpectationFailed, problems::kHeaderTooLarge, problems::kInternalError,
    problems::kOverloaded,        problems::kHttpVersion};

}  // namespace keyledger::api
