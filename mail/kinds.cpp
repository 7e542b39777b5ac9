#include "mail/kinds.hpp"

#include <algorithm>
#include <iterator>

namespace keyledger::mail {
namespace {

template <Fact... facts>
inline constexpr Fact kFacts[] = {facts...};

using enum Fact;
constexpr KindRow kRows[] = {
    {Kind::kWelcome, "welcome", {}, kFacts<kAt, kLink>, true},
    {Kind::kPasswordChanged, "password-changed", kFacts<kAt>, kFacts<kDevice, kPlace, kLink>},
    {Kind::kLocked, "locked", kFacts<kAt>, kFacts<kDue, kPlace, kLink>},
    {Kind::kUnlocked, "unlocked", kFacts<kAt>, {}},
    {Kind::kSessionRevoked, "session-revoked", kFacts<kAt>, kFacts<kDevice, kPlace>},
    {Kind::kSessionsRevoked, "sessions-revoked", kFacts<kAt>, {}},
    {Kind::kAccountDisabled, "account-disabled", kFacts<kAt>, {}},
    {Kind::kAccountEnabled, "account-enabled", kFacts<kAt>, {}},
    {Kind::kErasureRequested, "erasure-requested", kFacts<kAt, kDue>, kFacts<kLink>},
    {Kind::kErasureWithdrawn, "erasure-withdrawn", kFacts<kAt>, {}},
    {Kind::kVerificationCode, "verification-code", kFacts<kCode, kMinutes>, kFacts<kLink>, true},
    {Kind::kAddressInUse, "address-in-use", kFacts<kAt>, kFacts<kLink>, true},
    {Kind::kPasswordReset, "password-reset", kFacts<kLink, kMinutes>, kFacts<kCode, kPlace>, true},
    {Kind::kMagicLink, "magic-link", kFacts<kLink, kMinutes>, kFacts<kDevice, kPlace>, true},
    {Kind::kLogInCode, "log-in-code", kFacts<kCode, kMinutes>, kFacts<kDevice, kPlace>, true},
    {Kind::kAddressChangedOld, "address-changed-old", kFacts<kAt, kAddress>, kFacts<kLink>},
    {Kind::kAddressChangedNew, "address-changed-new", kFacts<kAt>, {}},
    {Kind::kNewDevice, "new-device", kFacts<kAt>, kFacts<kDevice, kPlace, kLink>},
    {Kind::kFactorAdded, "factor-added", kFacts<kAt>, kFacts<kFactor, kDevice, kPlace, kLink>},
    {Kind::kFactorRemoved, "factor-removed", kFacts<kAt>, kFacts<kFactor, kDevice, kPlace, kLink>},
    {Kind::kRecoveryCodesLow, "recovery-codes-low", kFacts<kLeft>, {}},
    {Kind::kUnlock, "unlock", kFacts<kLink, kMinutes>, kFacts<kPlace>, true},
    {Kind::kInvitation, "invitation", kFacts<kLink, kDue>, {}},
    {Kind::kConfirmAddress, "confirm-address", kFacts<kLink, kDue>, {}},
    {Kind::kAccountMade, "account-made", kFacts<kAt>, {}},
    {Kind::kChangesUndone, "changes-undone", kFacts<kAt>, {}},
    {Kind::kRecoveryCodesMade, "recovery-codes-made", kFacts<kAt>, {}},
    {Kind::kIdentityLinked, "identity-linked", kFacts<kAt>, kFacts<kProvider>},
    {Kind::kIdentityUnlinked, "identity-unlinked", kFacts<kAt>, {}},
    {Kind::kAlertAdministrator, "alert-administrator", kFacts<kAt, kAddress>, {}},
    {Kind::kAlertRecovery, "alert-recovery", kFacts<kAt, kAddress>, {}},
    {Kind::kAlertGuesses, "alert-guesses", kFacts<kAt, kCount>, {}},
    {Kind::kAlertForms, "alert-forms", kFacts<kAt, kCount>, {}},
};

constexpr bool is_in_order() {
    for (std::size_t i = 0; i < std::size(kRows); ++i)
        if (static_cast<std::size_t>(kRows[i].kind) != i) return false;
    return true;
}
static_assert(is_in_order() && std::size(kRows) == static_cast<std::size_t>(Kind::kAlertForms) + 1);

}  // namespace

std::span<const KindRow> all_kinds() { return kRows; }

const KindRow& row_of(Kind kind) { return kRows[static_cast<std::size_t>(kind)]; }

std::optional<Kind> kind_named(std::string_view name) {
    const auto* at = std::ranges::find(kRows, name, &KindRow::name);
    if (at == std::end(kRows)) return std::nullopt;
    return at->kind;
}

}  // namespace keyledger::mail
