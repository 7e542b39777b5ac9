#include "commands/clients/client_credentials.hpp"

#include "commands/credentials/named_credential.hpp"
#include "domain/applications/application.hpp"
#include "domain/clients/service_account.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "eventstore/subscription.hpp"
#include "security/primitives/bytes.hpp"

namespace keyledger::commands {
namespace {

constexpr std::int32_t kOnlyRevision = 1;  // a secret is never renewed

// What is kept is the secret's digest.
Answer<std::string> put_secret(Services& services, Attempt& attempt, Uuid client_id, CredentialId secret_id,
                               const Secret& text) {
    const auto digest = security::sha256(text.reveal());
    const Secret kept(security::view_of(digest));
    const SubjectId owner{client_id};
    std::string kind = client_secret_kind(secret_id);
    auto sealed_sha256 = co_await put_credential(services, attempt, kept, secret_id, owner, std::move(kind), 0);
    co_return sealed_sha256;
}

std::optional<CredentialId> secret_added_by(const eventstore::RecordedEvent& recorded) {
    eventstore::NullFieldOpener opener;
    std::optional<CredentialId> secret_id;
    const auto note = [&]<class Event>(const Event& event) {
        if constexpr (std::is_base_of_v<ClientSecretAdded, Event>) secret_id = event.secret_id;
    };
    const auto decoded = eventstore::decode_any(recorded, opener);
    if (const auto* event = eventstore::event_in<ServiceAccount>(*decoded)) std::visit(note, *event);
    if (const auto* event = eventstore::event_in<Application>(*decoded)) std::visit(note, *event);
    return secret_id;
}

Answer<ClientCredentials::PublicKey> key_of(Services& services, std::string jwk, std::string* fault) {
    auto key = co_await services.assertions.read_key(std::move(jwk));
    if (key) co_return std::move(*key);
    if (fault != nullptr) *fault = key.error();
    co_return Unexpected(refusals::kInvalidKey);
}

}  // namespace

Answer<eventstore::RecordedEvent> first_event(Services& services, const ExecutionReceipt& executed, Deadline deadline) {
    KEYLEDGER_CO_TRY(events, co_await services.store.read_log(executed.first_position, 1, deadline));
    if (events->empty()) co_return Unexpected(refusals::kBroken);
    co_return std::move(events->front());
}

void take_client_secret(Attempt& attempt, const Uuid& client_id, const CredentialId& secret_id) {
    attempt.change_credential({secret_id, client_id, client_secret_kind(secret_id), kOnlyRevision, std::nullopt});
}

Answer<SecretReceipt> add_client_secret(Services& services, Uuid client_id, ClientRun run, Deadline deadline) {
    SecretReceipt made;
    made.secret_id = CredentialId{services.identifiers.next()};
    const Secret random = services.identifiers.next_secret();
    Secret text = client_secret_text(made.secret_id, random);
    const ClientStep step = [&](ClientAdministration& on) -> StepResult {
        KEYLEDGER_CO_TRY(sealed_sha256, co_await put_secret(services, on.attempt, client_id, made.secret_id, text));
        const AddClientSecret command{made.secret_id, *sealed_sha256};
        co_return on.carry_out(command);
    };
    KEYLEDGER_CO_TRY(executed, co_await run(step));
    made.position = executed->position;
    made.repeated = executed->repeated;
    if (!executed->repeated) {
        made.secret = std::move(text);
        co_return made;
    }
    KEYLEDGER_CO_TRY(first, co_await first_event(services, *executed, deadline));
    const auto secret_id = secret_added_by(*first);
    if (!secret_id) co_return Unexpected(refusals::kBroken);
    made.secret_id = *secret_id;
    co_return made;
}

Answer<Receipt> remove_client_secret(Uuid client_id, CredentialId secret_id, ClientRun run) {
    const ClientStep step = [&](ClientAdministration& on) -> StepResult {
        const RemoveClientSecret command{secret_id};
        auto removed = on.carry_out(command);
        if (removed) take_client_secret(on.attempt, client_id, secret_id);
        co_return removed;
    };
    auto executed = co_await run(step);
    co_return done(executed);
}

Answer<KeyReceipt> add_client_key(Services& services, std::string jwk, ClientRun run, std::string* fault) {
    std::optional<Result<ClientCredentials::PublicKey, CommandError>> key;
    // Looked at only for who may register it: it takes milliseconds.
    const ClientStep step = [&](ClientAdministration& on) -> StepResult {
        if (!key) key = co_await key_of(services, jwk, fault);
        if (!*key) co_return Unexpected(key->error());
        const ClientCredentials::PublicKey& read = **key;
        const AddClientKey command{read.id, read.algorithm, read.jwk, read.kid};
        co_return on.carry_out(command);
    };
    KEYLEDGER_CO_TRY(executed, co_await run(step));
    if (!key) key = co_await key_of(services, jwk, fault);  // a repeat: the first outcome, told again
    if (!*key) co_return Unexpected(key->error());
    co_return KeyReceipt{std::move(**key), executed->position, executed->repeated};
}

Answer<Receipt> remove_client_key(std::string key_id, ClientRun run) {
    const ClientStep step = [&](ClientAdministration& on) -> StepResult {
        const RemoveClientKey command{key_id};
        co_return on.carry_out(command);
    };
    auto executed = co_await run(step);
    co_return done(executed);
}

}  // namespace keyledger::commands
