#include "domain/clients/client_credentials.hpp"

#include <algorithm>

namespace keyledger {

const ClientCredentials::NamedSecret* ClientCredentials::secret(const CredentialId& id) const {
    const auto at = std::find_if(secrets.begin(), secrets.end(), [&](const auto& one) { return one.id == id; });
    return at == secrets.end() ? nullptr : &*at;
}

const ClientCredentials::PublicKey* ClientCredentials::key(std::string_view id) const {
    const auto at = std::find_if(keys.begin(), keys.end(), [&](const auto& one) { return one.id == id; });
    return at == keys.end() ? nullptr : &*at;
}

bool ClientCredentials::has_credential(std::string_view id) const {
    if (key(id) != nullptr) return true;
    const auto secret_id = CredentialId::parse(id);
    return secret_id && secret(*secret_id) != nullptr;
}

void ClientCredentials::take(const ClientSecretAdded& event) {
    secrets.push_back({event.secret_id, event.sealed_sha256});
}
void ClientCredentials::take(const ClientSecretRemoved& event) {
    std::erase_if(secrets, [&](const auto& secret) { return secret.id == event.secret_id; });
}
void ClientCredentials::take(const ClientKeyAdded& event) {
    keys.push_back({event.key_id, event.algorithm, event.public_key, event.kid});
}
void ClientCredentials::take(const ClientKeyRemoved& event) {
    std::erase_if(keys, [&](const auto& key) { return key.id == event.key_id; });
}

Result<ClientSecretAdded, RefusalRef> decide_on(const ClientCredentials& credentials, const AddClientSecret& command) {
    if (credentials.secrets.size() >= kMaxSecretsPerClient) return Unexpected(refusals::kTooManySecrets);
    return ClientSecretAdded{command.secret_id, command.sealed_sha256};
}

Result<ClientSecretRemoved, RefusalRef> decide_on(const ClientCredentials& credentials,
                                                  const RemoveClientSecret& command) {
    if (credentials.secret(command.secret_id) == nullptr) return Unexpected(refusals::kCredentialUnknown);
    return ClientSecretRemoved{command.secret_id};
}

Result<ClientKeyAdded, RefusalRef> decide_on(const ClientCredentials& credentials, const AddClientKey& command) {
    if (credentials.key(command.key_id) != nullptr) return Unexpected(refusals::kKeyAlreadyRegistered);
    for (const auto& key : credentials.keys)
        if (key.is_named(command.key_id) || (command.kid && key.is_named(*command.kid)))
            return Unexpected(refusals::kKeyIdTaken);
    if (credentials.keys.size() >= kMaxKeysPerClient) return Unexpected(refusals::kTooManyKeys);
    return ClientKeyAdded{command.key_id, command.algorithm, command.public_key, command.kid};
}

Result<ClientKeyRemoved, RefusalRef> decide_on(const ClientCredentials& credentials, const RemoveClientKey& command) {
    const auto is_meant = [&](const auto& key) { return key.is_named(command.key_id); };
    const auto at = std::find_if(credentials.keys.begin(), credentials.keys.end(), is_meant);
    if (at == credentials.keys.end()) return Unexpected(refusals::kCredentialUnknown);
    return ClientKeyRemoved{at->id};
}

}  // namespace keyledger
