#include "api/routes/oauth/possession.hpp"

#include "api/routes/oauth/client_authentication.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/problem.hpp"

namespace keyledger::api {
namespace {

using commands::DpopFault;

constexpr std::string_view kHeader = "DPoP";

std::string_view name_of(DpopFault::Kind kind) {
    return kind == DpopFault::Kind::kNonceWanted ? "use_dpop_nonce" : "invalid_dpop_proof";
}

Response challenge(Context& context, const Request& request, std::string_view error, std::string_view why) {
    std::string algorithms;
    for (const std::string& name : context.dpop.algorithms()) algorithms += (algorithms.empty() ? "" : " ") + name;
    Response response = problem(request, type_of(refusals::kInvalidToken), std::string(why));
    response.headers.add("WWW-Authenticate", std::string(R"(DPoP realm="keyledger", error=")")
                                                 .append(error)
                                                 .append(R"(", algs=")")
                                                 .append(algorithms)
                                                 .append("\""));
    return response;
}

}  // namespace

boost::asio::awaitable<KeyOrFault> shown_key(Context& context, const Request& request, ProofNeeds needs) {
    const std::size_t sent = request.headers.count(kHeader);
    if (sent == 0 && !needs.access_token) co_return ShownKey{};
    if (sent != 1)
        co_return Unexpected(DpopFault{DpopFault::Kind::kInvalid, "Send one DPoP proof, in the header DPoP."});
    commands::DpopRequest wanted;
    wanted.method = to_string(request.method);
    wanted.uri = context.services.settings.issuer + std::string(needs.path);
    wanted.access_token = needs.access_token;
    wanted.expected_thumbprint = std::move(needs.thumbprint);
    std::string proof(request.header(kHeader).value_or(""));
    auto possession = co_await context.dpop.check(std::move(proof), std::move(wanted));
    if (!possession) co_return Unexpected(possession.error());
    ShownKey key{std::move(possession->thumbprint)};
    if (possession->nonce_is_old) key.next_nonce = context.dpop.nonce();
    co_return key;
}

Response with_nonce(Response response, const std::string& nonce) {
    if (!nonce.empty()) response.headers.add("DPoP-Nonce", nonce);
    return response;
}

Response refuse_proof(Context& context, const DpopFault& fault) {
    return with_nonce(oauth_error(name_of(fault.kind), fault.why), context.dpop.nonce());
}

Response challenge_for_proof(Context& context, const Request& request, const DpopFault& fault) {
    return with_nonce(challenge(context, request, name_of(fault.kind), fault.why), context.dpop.nonce());
}

Response refuse_bound_token(Context& context, const Request& request, std::string_view why) {
    return challenge(context, request, "invalid_token", why);
}

}  // namespace keyledger::api
