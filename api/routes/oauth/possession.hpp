#pragma once
// That a client holds a key, shown by the header DPoP (RFC 9449), for the routes that it may be sent to.
#include <optional>
#include <string>
#include <string_view>

#include "api/routes/context.hpp"
#include "commands/clients/dpop.hpp"

namespace keyledger::api {

struct ShownKey {
    std::string thumbprint;    // empty: no proof was sent
    std::string next_nonce{};  // for the answer, where it is time for another
};
// What the proof is held against beside the request itself.
struct ProofNeeds {
    std::string_view path;  // of the route
    std::optional<std::string_view> access_token{};
    std::optional<std::string> thumbprint{};  // of the key that something is bound to
};
using KeyOrFault = Result<ShownKey, commands::DpopFault>;
boost::asio::awaitable<KeyOrFault> shown_key(Context& context, const Request& request, ProofNeeds needs);

// RFC 9449 sections 5 and 8: what a client is told of its proof, with a nonce for the next one.
Response refuse_proof(Context& context, const commands::DpopFault& fault);
// The same of a resource (section 7.1 and 9), as a problem.
Response challenge_for_proof(Context& context, const Request& request, const commands::DpopFault& fault);
// Of a bound token that is not good, whatever its proof; `why` where that is not that it ended.
Response refuse_bound_token(Context& context, const Request& request,
                            std::string_view why = refusals::kInvalidToken.advice);

Response with_nonce(Response response, const std::string& nonce);

}  // namespace keyledger::api
