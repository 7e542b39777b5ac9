#pragma once
// Service accounts, for administrators. All take kWriteClients, and every permission that the account holds: whoever
// can add a secret to an account can act as the account.
#include "commands/services.hpp"

namespace keyledger::refusals {

// No JWK of a public key of a kind that is taken.
inline constexpr Refusal kInvalidKey = invalid_field(
    "kty",
    "Give the public half of a key as a JWK: RSA of 2048 to 4096 bits with the exponent AQAB, EC on P-256, or OKP "
    "Ed25519. A private half that was sent must be replaced.");

}  // namespace keyledger::refusals

namespace keyledger::commands {

// kInvalidAccountName, kInvalidAudience, kTooManyAudiences. Without the issuer, which is always allowed.
struct AccountDefinition {
    std::string name;
    std::vector<std::string> audiences;
};
struct AccountReceipt {
    ServiceAccountId account_id;
    Position position = 0;
    bool repeated = false;  // as in Done
};
Answer<AccountReceipt> register_service_account(Services& services, Bearer bearer, AccountDefinition definition,
                                                Caller caller);
Answer<Receipt> change_service_account(Services& services, Bearer bearer, ServiceAccountId account_id,
                                       AccountDefinition definition, AccountStatus account_status, Caller caller);
// Its secrets go with it, and the key that they were sealed under. It leaves its groups.
Answer<Receipt> delete_service_account(Services& services, Bearer bearer, ServiceAccountId account_id, Caller caller);

struct SecretReceipt {
    CredentialId secret_id;
    std::optional<Secret> secret;  // empty: it is repeated, and the secret was shown then
    Position position = 0;
    bool repeated = false;  // as in Done
};
Answer<SecretReceipt> add_account_secret(Services& services, Bearer bearer, ServiceAccountId account_id, Caller caller);
Answer<Receipt> remove_account_secret(Services& services, Bearer bearer, ServiceAccountId account_id,
                                      CredentialId secret_id, Caller caller);

struct KeyReceipt {
    ServiceAccount::PublicKey key;
    Position position = 0;
    bool repeated = false;  // as in Done
};
// `jwk` is the public half as it came (RFC 7517); its `kid` is kept. kInvalidKey: `fault`, which outlives
// the command, says what is wrong with it.
Answer<KeyReceipt> add_account_key(Services& services, Bearer bearer, ServiceAccountId account_id, std::string jwk,
                                   Caller caller, std::string* fault = nullptr);
// By its id, the thumbprint, or by its `kid`.
Answer<Receipt> remove_account_key(Services& services, Bearer bearer, ServiceAccountId account_id, std::string key_id,
                                   Caller caller);

}  // namespace keyledger::commands
