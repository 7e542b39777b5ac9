#pragma once
// A row for every route: where it is, and what must be so before its handler runs. Rows stand under their handlers, in
// api/routes/<subject>/; api/openapi/<subject>.json tells callers the same, and openapi_tests holds the two against
// each other. Call::open() (api/routes/call.cpp) does what a row says.
#include <boost/asio/awaitable.hpp>
#include <optional>
#include <span>
#include <string_view>

#include "api/requests/request.hpp"
#include "api/requests/response.hpp"
#include "commands/runtime/errors.hpp"
#include "domain/access/permission.hpp"
#include "projections/engine/queries.hpp"

namespace keyledger::api {

class Call;
using Reply = boost::asio::awaitable<Response>;

// What is taken of the caller's network before anything of the request is looked at (api/routes/limiting.hpp).
enum class RateLimit : std::uint8_t {
    kUndeclared,
    kPasswords,  // it hashes, or says whether a password is right: on all nodes together
    kClients,    // as kOrdinary; and by what clients of the network failed to prove (commands/limits/rates.hpp)
    kOrdinary,   // on each node
    kUnlimited,  // the same few bytes for everybody, from memory
};

enum class Authentication : std::uint8_t {
    kUser,          // by a user's access token for this very API (RFC 6750); a service account's opens nothing
    kUserIfSealed,  // the same; and anybody may ask where positions are told in the clear (PositionDisclosure::kClear)
    kAnybody,       // nobody is asked who they are
    kClient,        // by what stands in the form: its handler asks, for faults of the form come between
    kClientOrUser,  // AuthZEN's: its handler asks which of the two
    kService,       // by a service account's access token for this very API: its handler asks
    kUserinfo,      // by an application's access token for userinfo alone: its handler asks
};

// What a handler reads of the request beside its path.
enum class Input : std::uint8_t { kNothing, kQuery, kBody };

// Whether Idempotency-Key is taken, and who repeats a command with it: another session of the user, too, unless the
// command depends on the session.
enum class KeyScope : std::uint8_t { kNone, kUser, kSession };

// RFC 9110 section 13.1.1: of what has no ETag no tag is the one that If-Match names; only "*" lets a change through.
enum class IfMatch : std::uint8_t { kOnlyAny, kCompared };

struct Needs {
    // Held by the user at the head of the log. Lists ask for theirs here; commands decide about theirs themselves,
    // together with what they append.
    const Permission* permission = nullptr;
    // This read model has the position that Keyledger-Min-Position names.
    std::optional<projections::Model> model = std::nullopt;
    // What is said at once of an {id} that is no UUID. Without it such an id is nobody's, and the command says whether
    // the caller may learn of that.
    std::optional<RefusalRef> bad_id = std::nullopt;
    Input input = Input::kNothing;
    KeyScope idempotency_key = KeyScope::kNone;
    IfMatch if_match = IfMatch::kOnlyAny;
};

struct RouteRow {
    std::string_view operation;  // the operationId in the OpenAPI document, and the label in metrics and logs
    Method method;
    std::string_view path;  // "/api/v1/admin/users/{id}"
    Reply (*handler)(Call& call);
    RateLimit rate_limit = RateLimit::kUndeclared;
    Authentication authentication = Authentication::kUser;
    Needs needs = {};
};
using RouteTable = std::span<const RouteRow>;  // of constants

}  // namespace keyledger::api
