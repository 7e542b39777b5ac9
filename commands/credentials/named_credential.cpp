#include "commands/credentials/named_credential.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <stdexcept>
#include <string_view>

#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::commands {

using eventstore::StoredCredential;

namespace {

std::string sha256_of(const eventstore::Bytes& sealed) {
    const auto digest = security::sha256(std::string_view(sealed));
    return security::hex_encode(security::view_of(digest));
}

}  // namespace

Answer<eventstore::StoredCredential> read_named_credential(Services& services, CredentialName name,
                                                           std::optional<eventstore::StoredCredential> found,
                                                           Deadline deadline) {
    if (!found || sha256_of(found->sealed) != name.sealed_sha256) {
        KEYLEDGER_CO_TRY(stored, co_await services.store.read_credential(name.owner, std::move(name.kind), deadline));
        found = std::move(*stored);
    }
    if (!found || sha256_of(found->sealed) != name.sealed_sha256) co_return Unexpected(refusals::kCredentialTampered);
    co_return std::move(*found);
}

Result<Secret, CommandError> open_credential(Services& services, const eventstore::SubjectKeyPtr& key,
                                             const eventstore::StoredCredential& credential) {
    if (!key) return Unexpected(refusals::kCredentialTampered);
    const eventstore::CredentialContext context{eventstore::kDefaultTenant, credential.owner, credential.kind,
                                                credential.credential_id};
    auto clear = services.cipher.open_credential(*key, context, credential.sealed);
    if (!clear) return Unexpected(refusals::kCredentialTampered);
    return std::move(*clear);
}

Answer<std::string> put_credential(Services& services, Attempt& attempt, const Secret& clear,
                                   CredentialId credential_id, SubjectId owner, std::string kind,
                                   std::int32_t expected_revision) {
    if (std::ranges::find(kCredentialKinds, std::string_view(kind).substr(0, kind.find('.'))) ==
        std::end(kCredentialKinds))
        throw std::logic_error("a kind of credential that kCredentialKinds does not have: " + kind);
    KEYLEDGER_CO_TRY(key, co_await attempt.key_of(owner));
    const eventstore::CredentialContext context{eventstore::kDefaultTenant, owner, kind, credential_id};
    eventstore::Bytes sealed = services.cipher.seal_credential(**key, context, clear);
    std::string sealed_sha256 = sha256_of(sealed);
    attempt.change_credential({credential_id, owner, std::move(kind), expected_revision, std::move(sealed)});
    co_return sealed_sha256;
}

StepResult take_all_credentials(Services& services, Attempt& attempt, SubjectId owner, CredentialId named,
                                Deadline deadline) {
    KEYLEDGER_CO_TRY(all, co_await services.store.read_credentials(owner, deadline));
    std::ranges::reverse(*all);
    std::ranges::stable_partition(
        *all, [&](const CredentialId& id) { return id == named; }, &StoredCredential::credential_id);
    for (const StoredCredential& one : *all | std::views::take(kMaxCredentialsTaken))
        attempt.change_credential({one.credential_id, one.owner, one.kind, one.revision, std::nullopt});
    co_return Result<void, CommandError>{};
}

}  // namespace keyledger::commands
