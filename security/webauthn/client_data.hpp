#pragma once
// What the browser says of a ceremony (CollectedClientData, Web Authentication section 5.8.1): a JSON object whose
// SHA-256 the authenticator signs. Members that are not known are ignored, as the standard asks.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/result.hpp"
#include "security/webauthn/ceremony_error.hpp"

namespace keyledger::security {

inline constexpr std::size_t kMaxClientDataBytes = 8 * 1024;

enum class Ceremony { kRegistration, kAssertion };

struct ClientData {
    std::string type;
    std::string challenge;  // the bytes
    std::string origin;
    bool is_cross_origin = false;  // also where it names another origin at the top
};
Result<ClientData, CeremonyError> read_client_data(std::string_view json);

// Which pages may ask, and for whom.
struct RelyingParty {
    std::string id;                    // a domain
    std::vector<std::string> origins;  // as browsers write them, "https://login.example.org"
};

// Of this ceremony, to this challenge, on a page of ours that is in no page of others.
Result<void, CeremonyError> check_client_data(const ClientData& data, Ceremony ceremony, std::string_view challenge,
                                              const RelyingParty& relying_party);

}  // namespace keyledger::security
