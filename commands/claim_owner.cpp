#include "commands/claim_owner.hpp"

#include <algorithm>

namespace keyledger::commands {
namespace {

bool are_under_the_same_keys(const std::vector<eventstore::ClaimDigest>& some,
                             const std::vector<eventstore::ClaimDigest>& others) {
    return std::ranges::equal(some, others, {}, &eventstore::ClaimDigest::key_id, &eventstore::ClaimDigest::key_id);
}

}  // namespace

Answer<std::optional<Uuid>> owner_of_claim(Services& services, std::string_view kind, const std::string& key,
                                           Deadline deadline) {
    auto digests = services.pseudonyms.claim(kind, key);
    const auto asked = digests;
    std::string its_kind(kind);
    auto owner = co_await services.store.find_claim(its_kind, std::move(digests), deadline);
    if (owner) co_return *owner;
    // Where the keys had ended, the keyring was read again meanwhile.
    auto anew = services.pseudonyms.claim(kind, key);
    if (are_under_the_same_keys(asked, anew)) co_return Unexpected(CommandError(refusal_of(owner.error())));
    auto found = co_await services.store.find_claim(std::move(its_kind), std::move(anew), deadline);
    if (!found) co_return Unexpected(CommandError(refusal_of(found.error())));
    co_return *found;
}

}  // namespace keyledger::commands
