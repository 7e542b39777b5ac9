#pragma once
// Clients (RFC 6749 section 2): who may hold sessions and tokens. From configuration, until they are an aggregate.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "commands/errors.hpp"
#include "domain/result.hpp"

namespace keyledger::commands {

enum class Introspects { kOwnTokens, kAllTokens };
enum class Evaluates { kNobody, kAnybody };  // whom it may ask about: what he may do

struct Client {
    std::string client_id;
    std::vector<std::string> audiences;  // resource servers it may ask tokens for
    Introspects introspects = Introspects::kOwnTokens;
    Evaluates evaluates = Evaluates::kNobody;
};

// The client that posts passwords on the first-party routes.
inline constexpr std::string_view kFirstPartyClientId = "keyledger";

// RFC 8707: what a token is for. Without a `resource` it is for the issuer's own API alone; no token is for both, so
// that an application which is handed a user's token can't replay it here.
inline Result<std::vector<std::string>, CommandError> audiences_for(const Client& client, const std::string& issuer,
                                                                    const std::optional<std::string>& resource) {
    if (!resource || *resource == issuer) return std::vector<std::string>(1, issuer);
    const auto& allowed = client.audiences;
    if (std::find(allowed.begin(), allowed.end(), *resource) == allowed.end())
        return Unexpected(CommandError(Refusal::kInvalidTarget));
    return std::vector<std::string>(1, *resource);
}

}  // namespace keyledger::commands
