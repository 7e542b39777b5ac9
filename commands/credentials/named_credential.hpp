#pragma once
// Credentials, which live outside the log (docs/adr/0002-credentials-outside-the-log.md): each is sealed under its
// owner's key, and good only as the log names it, by the SHA-256 of what is sealed. One that was swapped in the
// database, or whose key can't be opened, is kCredentialTampered.
#include <optional>
#include <string>
#include <string_view>

#include "commands/services.hpp"

namespace keyledger::commands {

// Every kind there is, by what stands before its first dot; put_credential takes no other. An erasure takes all that
// are their owner's, so the owner of a user's has to be the user (commands/accounts/owned_by_user.hpp).
inline constexpr std::string_view kCredentialKinds[] = {"password", "former_passwords", "totp", "passkey",
                                                        "client_secret"};

struct CredentialName {
    SubjectId owner;
    std::string kind;
    std::string sealed_sha256;  // hex
};

// The stored one that the log names. `found` is the credential as it was read before, if it was: it will do where it is
// the one that is named.
Answer<eventstore::StoredCredential> read_named_credential(Services& services, CredentialName name,
                                                           std::optional<eventstore::StoredCredential> found,
                                                           Deadline deadline);

// What is in it. `key` is its owner's; nullptr: they have none that can be opened.
Result<Secret, CommandError> open_credential(Services& services, const eventstore::SubjectKeyPtr& key,
                                             const eventstore::StoredCredential& credential);

// Throws std::logic_error for a kind that is not in kCredentialKinds.
// Seals `clear` and puts it into the append, in the place of the revision that is expected (0: of none); the answer is
// what the log has to name it by.
Answer<std::string> put_credential(Services& services, Attempt& attempt, const Secret& clear,
                                   CredentialId credential_id, SubjectId owner, std::string kind,
                                   std::int32_t expected_revision);

// All that are the owner's, of whatever kind, go with the append: first the one that the log names, then the
// newest, up to kMaxCredentialsTaken, for an append has its limits. Commands give nobody as many; whoever can write to
// the database could, and must not be able to keep an erasure from happening.
inline constexpr std::size_t kMaxCredentialsTaken = 128;
StepResult take_all_credentials(Services& services, Attempt& attempt, SubjectId owner, CredentialId named,
                                Deadline deadline);

}  // namespace keyledger::commands
