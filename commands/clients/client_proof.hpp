#pragma once
// How clients prove who they are, the same for service accounts and applications: a secret, an assertion that they
// signed (RFC 7523), or nothing but their name where an application keeps no secret. Their ids share one namespace.
#include "commands/clients/clients.hpp"
#include "commands/services.hpp"
#include "domain/applications/application_definition.hpp"
#include "domain/base/time.hpp"
#include "eventstore/any.hpp"

namespace keyledger {
struct Application;
struct ServiceAccess;
struct ServiceAccount;
}  // namespace keyledger

namespace keyledger::refusals {

// An assertion was presented before, on whatever node: whoever spends it says so.
inline constexpr Refusal kAssertionUsed = told_as(kInvalidClient);

}  // namespace keyledger::refusals

namespace keyledger::commands {

// Assertions (RFC 7523): how far ahead they may expire, and how much clocks may differ.
inline constexpr Duration kMaxAssertionLife = hours(1);  // what libraries give by default is 1 to 60 minutes
inline constexpr Duration kAssertionSkew = seconds(10);

// What a client presented, read but not yet believed.
struct ClientProof {
    Uuid client_id;  // of a service account or an application
    ClientAuthentication way = ClientAuthentication::kNone;
    std::optional<PresentedSecret> secret;
    std::optional<ClientAssertions::Claims> assertion;
    std::string assertion_text;
};
ClientProof proof_of_secret(const Uuid& client_id, const Secret& secret,
                            ClientAuthentication way = ClientAuthentication::kSecretBasic);
// Of an application that proves nothing.
ClientProof proof_of_name(const Uuid& client_id);
// An assertion that is refused whoever it is of: by its form, its audience or its times.
struct RejectedAssertion {
    std::string why;      // a sentence for whoever made it: it is about what they wrote, and the same for everybody
    Uuid client_id = {};  // whom it says it is of; the nil UUID: of nobody
};
// Of the client that the assertion says it is of.
Result<ClientProof, RejectedAssertion> proof_of_assertion(Services& services, std::string_view assertion);
// Logs it, not more often than failures are counted. It is no guess, so it does not count as a failure.
void log_rejected_assertion(Services& services, const RejectedAssertion& unfit, const Caller& caller);

// What a proof is held against. It refers to the state that it is of.
struct KnownClient {
    enum class Status { kUnknown, kDisabled, kEnabled };
    Status status = Status::kUnknown;
    const ClientCredentials* credentials = nullptr;
    std::optional<ClientAuthentication> way{};  // the only one (RFC 6749 section 2.3); none: a service account's any
};
KnownClient known_client(const ServiceAccount& account);
KnownClient known_client(const Application& application);
KnownClient known_client(const ServiceAccess& access);

// ---- in this order ---------------------------------------------------------------------------------------------
// Before anything is read for it: where failures are many, of a network or as a client, what memory does not find right
// has to wait. An id that no client has costs no read where all are remembered.
Answer<void> admit_client(Services& services, const ClientProof& proof, const Caller& caller);
// The first half of it, for who reads the client as of the head in any case.
Answer<void> admit_failing_client(Services& services, const ClientProof& proof, const Caller& caller);
// The same for what is asked often, and read in any case.
Answer<void> admit_network(Services& services, const ClientProof& proof, const Caller& caller);
// The id of the credential that proves it, empty where nothing has to; kInvalidClient.
Answer<std::string> prove_client(Services& services, KnownClient client, const ClientProof& proof, Deadline deadline);
// Of an assertion: it is good once, whatever it is used for (RFC 7523 section 3, of `jti`).
eventstore::SpentValue use_of(const ClientProof& proof);
// One that goes with no event: an append of nothing else, which guards the client and the credential. kInvalidClient;
// kAssertionUsed. Of a service account or an application.
template <class Aggregate>
Answer<Receipt> spend_assertion(Services& services, const ClientProof& proof, std::string credential, Caller caller);
// Failures are counted, and slowed down; an operator hears of them, and of a credential that was swapped. Ids that no
// client has are not counted: there are as many as anybody likes. The answer is what the caller is told.
asio::awaitable<CommandError> judge_client(Services& services, const ClientProof& proof, const Caller& caller,
                                           CommandError error);

// All of it at once: the client, as of the head (I8). That spends an assertion: one append, of no event.
Answer<Client> authenticate_client(Services& services, ClientProof proof, Caller caller);

// A command of the client itself.
Caller acting_as_client(Caller caller, const std::string& client_id);

}  // namespace keyledger::commands
