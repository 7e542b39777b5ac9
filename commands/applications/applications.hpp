#pragma once
// Applications, for administrators. All take kWriteClients. What is or becomes a first-party application takes every
// permission: nobody is asked before its tokens can do what its users may.
#include "commands/clients/client_credentials.hpp"
#include "commands/services.hpp"
#include "domain/applications/application.hpp"

namespace keyledger::commands {

struct ApplicationReceipt {
    ApplicationId application_id;
    Position position = 0;
    bool repeated = false;  // as in Done
};
// What checked() refuses. The issuer is no audience: its API is asked for by scope.
Answer<ApplicationReceipt> register_application(Services& services, Bearer bearer, ApplicationDefinition definition,
                                                Caller caller);
Answer<Receipt> change_application(Services& services, Bearer bearer, ApplicationId application_id,
                                   ApplicationDefinition definition, ApplicationStatus status, Caller caller);
// Its secrets go with it, and the key that they were sealed under.
Answer<Receipt> delete_application(Services& services, Bearer bearer, ApplicationId application_id, Caller caller);

// As add_client_key and its like.
Answer<SecretReceipt> add_application_secret(Services& services, Bearer bearer, ApplicationId application_id,
                                             Caller caller);
Answer<Receipt> remove_application_secret(Services& services, Bearer bearer, ApplicationId application_id,
                                          CredentialId secret_id, Caller caller);
Answer<KeyReceipt> add_application_key(Services& services, Bearer bearer, ApplicationId application_id, std::string jwk,
                                       Caller caller, std::string* fault = nullptr);
Answer<Receipt> remove_application_key(Services& services, Bearer bearer, ApplicationId application_id,
                                       std::string key_id, Caller caller);

// As of the head of the log (I8); kApplicationUnknown.
struct ApplicationAtHead {
    std::shared_ptr<const Application> application;
    Position position = 0;
};
Answer<ApplicationAtHead> find_application(Services& services, ApplicationId application_id, Deadline deadline);

// Its short name for `ETag` and `If-Match`, as those of commands/entity_tags.hpp.
std::string application_tag(const Application& application);

}  // namespace keyledger::commands
