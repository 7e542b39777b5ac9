#pragma once
// Service accounts, for administrators. All take kWriteClients, and every permission that the account holds: whoever
// can add a secret to an account can act as the account.
#include "commands/clients/client_credentials.hpp"
#include "commands/services.hpp"
#include "domain/clients/service_account.hpp"

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

Answer<SecretReceipt> add_account_secret(Services& services, Bearer bearer, ServiceAccountId account_id, Caller caller);
Answer<Receipt> remove_account_secret(Services& services, Bearer bearer, ServiceAccountId account_id,
                                      CredentialId secret_id, Caller caller);

// As add_client_key and remove_client_key.
Answer<KeyReceipt> add_account_key(Services& services, Bearer bearer, ServiceAccountId account_id, std::string jwk,
                                   Caller caller, std::string* fault = nullptr);
Answer<Receipt> remove_account_key(Services& services, Bearer bearer, ServiceAccountId account_id, std::string key_id,
                                   Caller caller);

}  // namespace keyledger::commands
