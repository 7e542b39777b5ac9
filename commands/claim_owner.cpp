#include "commands/claim_owner.hpp"

namespace keyledger::commands {

Answer<std::optional<Uuid>> owner_of_claim(Services& services, std::string_view kind, const std::string& key,
                                           Deadline deadline) {
    auto digests = services.pseudonyms.claim(kind, key);
    std::string its_kind(kind);
    auto owner = co_await services.store.find_claim(std::move(its_kind), std::move(digests), deadline);
    if (!owner) co_return Unexpected(CommandError(refusal_of(owner.error())));
    co_return *owner;
}

}  // namespace keyledger::commands
