#include "commands/claim_owner.hpp"

#include <algorithm>

namespace keyledger::commands {
namespace {

bool are_under_the_same_keys(const std::vector<eventstore::ClaimDigest>& some,
                             const std::vector<eventstore::ClaimDigest>& others) {
    return std::ranges::equal(some, others, {}, &eventstore::ClaimDigest::key_id, &eventstore::ClaimDigest::key_id);
}

// `look` takes the digests under which it looks. Where all their keys had ended, the keyring was read again meanwhile,
// and it looks once more.
template <class T, class Look>
Answer<T> look_up(Services& services, std::string_view kind, const std::string& key, Look look) {
    auto digests = services.pseudonyms.claim(kind, key);
    const auto asked = digests;
    auto found = co_await look(std::move(digests));
    if (found) co_return std::move(*found);
    auto anew = services.pseudonyms.claim(kind, key);
    if (are_under_the_same_keys(asked, anew)) co_return Unexpected(found.error());
    KEYLEDGER_CO_TRY(again, co_await look(std::move(anew)));
    co_return std::move(*again);
}

}  // namespace

Answer<std::optional<Uuid>> owner_of_claim(Services& services, std::string_view kind, const std::string& key,
                                           Deadline deadline) {
    const auto look = [&](std::vector<eventstore::ClaimDigest> digests) {
        return services.store.find_claim(std::string(kind), std::move(digests), deadline);
    };
    auto owner = co_await look_up<std::optional<Uuid>>(services, kind, key, look);
    co_return owner;
}

Answer<std::optional<eventstore::ClaimedCredential>> credential_of_claim(Services& services, std::string_view kind,
                                                                         const std::string& key,
                                                                         std::string_view credential_kind,
                                                                         Deadline deadline) {
    const auto look = [&](std::vector<eventstore::ClaimDigest> digests) {
        return services.store.find_credential(std::string(kind), std::move(digests), std::string(credential_kind),
                                              deadline);
    };
    auto claimed = co_await look_up<std::optional<eventstore::ClaimedCredential>>(services, kind, key, look);
    co_return claimed;
}

}  // namespace keyledger::commands
