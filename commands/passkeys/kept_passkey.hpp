#pragma once
// What is kept of a passkey: in `credentials`, sealed under its owner's key, in the row of the factor's id; good only
// as the log names it.
#include "commands/services.hpp"
#include "domain/factors/factors.hpp"
#include "domain/users/user.hpp"

namespace keyledger::commands {

struct KeptPasskey {
    std::string credential_id;  // base64url
    std::string public_key;     // a JWK
    std::string name;           // what the user calls it
    std::int32_t revision = 0;
};

// Of a row of `credentials`.
std::string passkey_kind_of(const FactorId& factor_id);

// In a step. kCredentialTampered: what is stored is not what the log names.
Answer<KeptPasskey> read_passkey(Services& services, Attempt& attempt, UserId user_id, FactorId factor_id,
                                 std::string sealed_sha256, Deadline deadline);
// The same outside of a step. `key`: the user's; nullptr: they have none that can be opened.
Answer<KeptPasskey> open_passkey(Services& services, eventstore::SubjectKeyPtr key, UserId user_id, FactorId factor_id,
                                 std::string sealed_sha256, Deadline deadline);
// Sealed into the append; what the log has to name it by.
Answer<std::string> put_passkey(Services& services, Attempt& attempt, UserId user_id, FactorId factor_id,
                                const KeptPasskey& passkey);

// By what the log knows a passkey: SHA-256 (hex) of its id. nullopt: it is not base64url.
std::optional<std::string> digest_of_passkey(std::string_view credential_id);

// In a step: the ids of all passkeys that the user has, for a browser to choose from or to leave out.
Answer<std::vector<std::string>> passkeys_of(Services& services, Attempt& attempt, StreamOf<Factors> factors,
                                             UserId user_id, Deadline deadline);

}  // namespace keyledger::commands
