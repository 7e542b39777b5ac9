#pragma once
// Readers of name=value pairs (queries, forms) and of the Authorization header.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/requests/request.hpp"
#include "api/wire/body.hpp"
#include "api/wire/problem.hpp"
#include "domain/base/result.hpp"
#include "domain/base/secret.hpp"

namespace keyledger::api {

inline constexpr std::size_t kMaxFormParameters = 64;

// Declarative like JsonFields: ask for each parameter, then finish(). Until it says yes the values are not to
// be used.
class FormFields {
public:
    // The body under application/x-www-form-urlencoded, in UTF-8 whatever its parameters say. Names that
    // nobody asked for are ignored, as RFC 6749 section 3.2 wants; a name given twice is refused, as it wants
    // too, but for the one that may be (RFC 8707 section 2).
    static FormFields of_body(const Request& request, std::string_view repeatable = {});
    // The query, read as a form: as others' standards have it (RFC 6749 section 3.1).
    static FormFields of_query_as_form(const Request& request);
    // The query; here a name that nobody asked for is an error.
    static FormFields of_query(const Request& request);

    // Sizes are bytes of UTF-8. An empty optional value counts as absent in a form (RFC 6749 section 3.1); in a query,
    // where it would show everything instead of something, it is an error.
    std::string required_string(std::string_view name, std::size_t max_bytes);
    std::optional<std::string> optional_string(std::string_view name, std::size_t max_bytes);
    Secret required_secret(std::string_view name, std::size_t max_bytes);
    // Of the one name that may be repeated: all that are not empty.
    std::vector<std::string> string_list(std::string_view name, std::size_t max_items, std::size_t max_bytes);
    std::optional<std::int64_t> optional_integer(std::string_view name, std::int64_t min, std::int64_t max);

    // Adds what the caller found wrong with a parameter.
    void refuse(std::string_view name, std::string detail);
    // What is wrong with the parameters, as a sentence; empty: nothing, or it is no form at all.
    std::optional<std::string> fault() const;
    // One problem with all errors. Call it once, after every parameter was asked for.
    Result<void, Response> finish();

private:
    enum class Unasked : std::uint8_t { kIgnored, kRefused };
    FormFields(const Request& request, Unasked unasked) : request_(&request), unasked_(unasked) {}
    const std::string* ask(std::string_view name, std::size_t max_bytes);

    const Request* request_;
    Unasked unasked_;
    Parameters parameters_;
    std::vector<std::string> asked_;
    std::vector<FieldError> errors_;
    std::optional<std::string> malformed_;
    std::optional<Response> broken_;  // nothing could be read at all
};

enum class AuthorizationError : std::uint8_t {
    kMissing,      // no Authorization header
    kOtherScheme,  // one, but for another scheme
    kMalformed,    // the scheme, but not its grammar
};

struct BasicCredentials {
    std::string id;
    Secret secret;
};

// RFC 7617 with the form-encoding of RFC 6749 section 2.3.1 taken off both halves.
Result<BasicCredentials, AuthorizationError> basic_credentials(const Request& request);

// RFC 6750 section 2.1. The view is into the request's headers.
Result<std::string_view, AuthorizationError> bearer_token(const Request& request);
// RFC 9449 section 7.1: one that is shown with a proof. The same otherwise.
Result<std::string_view, AuthorizationError> dpop_token(const Request& request);

}  // namespace keyledger::api
