#include "commands/providers/kept_identity.hpp"

#include "commands/runtime/spending.hpp"
#include "security/primitives/bytes.hpp"

namespace keyledger::commands {
namespace {

using security::view_of;

constexpr std::string_view kKept = "identity at another provider";

}  // namespace

std::string seal_kept(const SealedBy& by, const KeptIdentity& kept) {
    return by.cursors.seal(kKept, security::length_prefixed({view_of(by.log_id), view_of(kept.id), kept.provider,
                                                             kept.issuer, kept.subject, kept.name, kept.locale,
                                                             std::to_string(kept.authenticated_at.ms()),
                                                             std::to_string(kept.made_at.ms()), kept.flow}));
}

std::optional<KeptIdentity> open_kept(const SealedBy& by, std::string_view sealed, Instant now) {
    const auto clear = by.cursors.open(kKept, sealed);
    if (!clear) return std::nullopt;
    security::PartsReader parts(*clear);
    KeptIdentity kept;
    const Uuid log_id = parts.uuid();
    kept.id = parts.uuid();
    kept.provider = parts.part();
    kept.issuer = parts.part();
    kept.subject = parts.part();
    kept.name = parts.part();
    kept.locale = parts.part();
    kept.authenticated_at = Instant::at_ms(parts.number());
    kept.made_at = Instant::at_ms(parts.number());
    kept.flow = parts.part();
    const bool is_old = now - kept.made_at >= kKeptIdentityLasts;
    if (!parts.is_at_end() || log_id != by.log_id || is_old) return std::nullopt;
    return kept;
}

eventstore::SpentValue use_of(const KeptIdentity& kept) {
    const ValueLife life{kept.made_at, kept.made_at + kKeptIdentityLasts};
    return spent_value("identity at another provider", {view_of(kept.id)}, life);
}

}  // namespace keyledger::commands
