#pragma once
// Secrets and keys of clients, for administrators: the same for service accounts and applications, whose own commands
// say who may (service_accounts.hpp, commands/applications/applications.hpp).
#include <functional>
#include <variant>

#include "commands/services.hpp"

namespace keyledger::refusals {

// No JWK of a public key of a kind that is taken.
inline constexpr Refusal kInvalidKey = invalid_field(
    "kty",
    "Give the public half of a key as a JWK: RSA of 2048 to 4096 bits with the exponent AQAB, EC on P-256, or OKP "
    "Ed25519. A private half that was sent must be replaced.");

}  // namespace keyledger::refusals

namespace keyledger::commands {

struct SecretReceipt {
    CredentialId secret_id;
    std::optional<Secret> secret;  // empty: it is repeated, and the secret was shown then
    Position position = 0;
    bool repeated = false;  // as in Done
};
struct KeyReceipt {
    ClientCredentials::PublicKey key;
    Position position = 0;
    bool repeated = false;  // as in Done
};

// One attempt at a command on a client that there is, after the actor was authorised.
using CredentialCommand = std::variant<AddClientSecret, RemoveClientSecret, AddClientKey, RemoveClientKey>;
struct ClientAdministration {
    Attempt& attempt;
    std::function<Result<void, CommandError>(const CredentialCommand&)> carry_out;
};
using ClientStep = std::function<StepResult(ClientAdministration&)>;
// Runs such a step: once, as the executor does.
using ClientRun = std::function<asio::awaitable<Outcome>(ClientStep)>;

Answer<SecretReceipt> add_client_secret(Services& services, Uuid client_id, ClientRun run, Deadline deadline);
Answer<Receipt> remove_client_secret(Uuid client_id, CredentialId secret_id, ClientRun run);
// `jwk` is the public half as it came (RFC 7517); its `kid` is kept. kInvalidKey: `fault`, which outlives the command,
// says what is wrong with it.
Answer<KeyReceipt> add_client_key(Services& services, std::string jwk, ClientRun run, std::string* fault);
// By its id, the thumbprint, or by its `kid`.
Answer<Receipt> remove_client_key(std::string key_id, ClientRun run);

// Of a client that is deleted.
void take_client_secret(Attempt& attempt, const Uuid& client_id, const CredentialId& secret_id);
// What a repeated command appended first.
Answer<eventstore::RecordedEvent> first_event(Services& services, const ExecutionReceipt& executed, Deadline deadline);

}  // namespace keyledger::commands
